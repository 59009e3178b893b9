"""Passwords: what one must be, and argon2id. A password alone lets nobody in: a one-time code comes after it."""

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from crisis.errors import Invalid
from crisis.users.guessable import is_common, names_somebody

LEAST: Final = 12  # characters
MOST: Final = 256
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1, type=Type.ID)
"""46 MiB, twice over, one lane: more than twice the work of OWASP's least (19 MiB, two, one), some 60 ms on a server of today."""
_AT_ONCE = 2  # as many hashes are worked on at the same time: 92 MiB, whoever asks


class Fault(StrEnum):
    """Why a password is not taken."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    NAMES = "names"


_SENTENCES: Final = {
    Fault.SHORT: f"A password has at least {LEAST} characters. Three or four words that do not belong together are easy to remember.",
    Fault.LONG: f"A password has at most {MOST} characters.",
    Fault.COMMON: "This password is one of those that are tried first. Take three or four words that do not belong together.",
    Fault.NAMES: "The municipality's name, the login or your own name is in this password, and that is tried first.",
}


class PasswordRefused(Invalid):
    """The password is too easy to guess, or of the wrong length. Nothing was changed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__("The password was not taken.", [_SENTENCES[fault]])
        self.fault = fault


def check_password(password: str, names: Iterable[str]) -> None:
    """Raise :class:`PasswordRefused` for one that is not taken. ``names``: what must not be in it."""
    if len(password) < LEAST:
        raise PasswordRefused(Fault.SHORT)
    if len(password) > MOST:
        raise PasswordRefused(Fault.LONG)
    if is_common(password):
        raise PasswordRefused(Fault.COMMON)
    if names_somebody(password, names):
        raise PasswordRefused(Fault.NAMES)


class Passwords:
    """Hashes and checks, on threads, two at a time: the requests of everybody else go on meanwhile."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._nobodys = hasher.hash("nobody has this password")
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """What is kept: the hash with its salt and its parameters."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether it is the password. Where there is none, it takes the same time to say no."""
        async with self._room:
            right = await asyncio.to_thread(self._is_right, kept or self._nobodys, password[: MOST + 1])
        return right and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was hashed with other parameters than today's: hash it again while the password is at hand."""
        return self._hasher.check_needs_rehash(kept)

    def _is_right(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
