"""Sealing: how phone numbers and credentials lie in the database. AES-256-GCM, the key outside the database.

A sealed value is ``key id (4 bytes) + nonce (12 bytes) + ciphertext``. Its context (which table and which row it belongs to)
is authenticated with it, so that a sealed value moved to another row does not open. Lookups go by a keyed fingerprint
(HMAC-SHA256), since sealing the same value twice gives two different ones.
"""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from crisis.errors import Unready

_KEY_ID = 4
_NONCE = 12


class CannotOpen(Unready):
    """A sealed value does not open with the key this process has."""


class Sealer:
    """Seals and opens with one key of 32 bytes, given in hex."""

    def __init__(self, key: SecretStr | None, *, purpose: str) -> None:
        self._purpose = purpose
        self._cipher: AESGCM | None = None
        if key is not None:
            master = bytes.fromhex(key.get_secret_value())
            derived = HKDF(hashes.SHA256(), 64, salt=None, info=purpose.encode()).derive(master)
            self._cipher = AESGCM(derived[:32])
            self._fingerprint_key = derived[32:]
            self._key_id = hashlib.sha256(derived).digest()[:_KEY_ID]

    def seal(self, value: str, context: bytes) -> bytes:
        """Seal a text for one place."""
        cipher = self._ready()
        nonce = os.urandom(_NONCE)
        return self._key_id + nonce + cipher.encrypt(nonce, value.encode(), context)

    def open(self, sealed: bytes, context: bytes) -> str:
        """Open it again. Raises :class:`CannotOpen` for another key, another context or altered bytes."""
        cipher = self._ready()
        if sealed[:_KEY_ID] != self._key_id:
            raise CannotOpen(f"A value was sealed with another {self._purpose} key. Restore the key it was made with.")
        try:
            return cipher.decrypt(sealed[_KEY_ID : _KEY_ID + _NONCE], sealed[_KEY_ID + _NONCE :], context).decode()
        except InvalidTag:
            raise CannotOpen(f"A sealed value ({self._purpose}) was altered or moved and does not open.") from None

    def fingerprint(self, value: str) -> bytes:
        """The same 32 bytes for the same value, meaningless without the key."""
        self._ready()
        return hmac.digest(self._fingerprint_key, value.encode(), "sha256")

    def _ready(self) -> AESGCM:
        if self._cipher is None:
            name = f"CRISIS_{self._purpose.upper()}_KEY"
            raise Unready(f"This process has no {self._purpose} key. Set {name} or {name.lower()} as a secret file.")
        return self._cipher
