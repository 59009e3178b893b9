"""Secrets that a browser or a link holds: 256 random bits, of which only the SHA-256 is kept here."""

import hashlib
import secrets

_BYTES = 32


def new() -> str:
    """43 characters that nobody guesses, safe in a cookie and in an address."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of it, and looked up by: the time that takes says nothing about any secret there is."""
    return hashlib.sha256(secret.encode()).digest()
