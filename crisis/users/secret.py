"""Secrets that a browser or a link holds: 256 random bits, of which only the SHA-256 is kept here."""

import hashlib
import secrets

_BYTES = 32
_ROOT = 21  # characters, of six random bits each


def new() -> str:
    """43 characters that nobody guesses, safe in a cookie and in an address."""
    return secrets.token_urlsafe(_BYTES)


def root(secret: str) -> str:
    """The half of it that stays when it is renewed: 126 of the random bits, which alone open nothing."""
    return secret[:_ROOT]


def renewed(root: str) -> str:
    """Another secret with the same root, and 132 new random bits."""
    return root + new()[_ROOT:]


def digest(secret: str) -> bytes:
    """What is kept of it, and looked up by: the time that takes says nothing about any secret there is."""
    return hashlib.sha256(secret.encode()).digest()
