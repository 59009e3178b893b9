"""Attempts: failed sign-ins make the next one wait, longer each time, and never shut anybody out.

An attempt is spent before anything is looked at, and given back when it was right: a hundred at the same time are one row's
turn after turn. A wait is short enough that whoever has the right password gets in between an attacker's attempts, and it does
not hold up a browser that the person has signed in with before, a passkey, or the identity provider.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.errors import Conflict


class Under(StrEnum):
    """What failures are counted under."""

    LOGIN = "login"
    ADDRESS = "address"
    DEVICE = "device"
    CODE = "code"
    BREAK_GLASS = "break_glass"
    LINK = "link"
    """Links to answer by, that there are none of: by the address they were asked from."""


@dataclass(frozen=True, slots=True)
class _Patience:
    free: int
    """So many failures cost nothing: people mistype."""
    longest: int
    """Seconds of the longest wait."""


PATIENCE: Final = {
    Under.LOGIN: _Patience(free=3, longest=30),
    Under.ADDRESS: _Patience(free=20, longest=30),  # a whole town hall may come from one address
    Under.DEVICE: _Patience(free=5, longest=30),
    # Whoever gets here has the password: 96 guesses a day at a million codes.
    Under.CODE: _Patience(free=5, longest=900),
    Under.LINK: _Patience(free=20, longest=60),  # as of addresses; a right one costs nothing
    Under.BREAK_GLASS: _Patience(free=5, longest=60),  # 128 bits are not guessed; this spares the processor
}
"""After the free ones: 1, 2, 4, 8 ... seconds."""
FORGOTTEN_HOURS: Final = 24
"""After so long without a failure."""

_COUNTED = """
    CASE WHEN held.changed_at < clock_timestamp() - CAST(:forgotten AS int) * interval '1 hour' THEN 1
         ELSE held.failures + 1 END
"""
_SPEND = text(
    f"""
    INSERT INTO attempts_to_sign_in AS held (digest, failures, next_at, changed_at)
    VALUES (:digest, 1, clock_timestamp(), clock_timestamp())
    ON CONFLICT (digest) DO UPDATE SET
        failures = {_COUNTED},
        next_at = clock_timestamp() + interval '1 second' * CASE
            WHEN {_COUNTED} < :free THEN 0
            ELSE least(:longest, power(2, least({_COUNTED} - :free, 20))) END,
        changed_at = clock_timestamp()
    WHERE held.next_at <= clock_timestamp()
    RETURNING failures
    """  # noqa: S608 - the words stand above
)
_WAIT = text("SELECT extract(epoch FROM next_at - clock_timestamp()) FROM attempts_to_sign_in WHERE digest = :digest")
_FORGET = text("DELETE FROM attempts_to_sign_in WHERE digest = :digest")
_GIVE_BACK = text(
    """
    UPDATE attempts_to_sign_in SET failures = greatest(failures - 1, 0), next_at = clock_timestamp() WHERE digest = :digest
    """
)
_PURGE = text("DELETE FROM attempts_to_sign_in WHERE changed_at < now() - CAST(:forgotten AS int) * interval '1 hour'")


class TooSoon(Conflict):
    """Too many failed; the next attempt may be made in ``seconds``. This one was not looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Several sign-ins failed. Wait {seconds} seconds and try again. Nobody is shut out.")
        self.seconds = seconds
        self.again = ""
        """What the browser comes back with, where a sign-in is under way."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What an attempt is spent from."""

    under: Under
    whose: str

    @property
    def digest(self) -> bytes:
        """What is kept of it."""
        return hashlib.sha256(f"{self.under.value}:{self.whose}".encode()).digest()


async def spend(session: AsyncSession, *purses: Purse) -> None:
    """Count an attempt as failed, under each of them. Commit this before looking at what was shown.

    Raises :class:`TooSoon` when one of them has to wait; then none is counted, and no wait grows longer.
    """
    for purse in _in_order(purses):
        patience = PATIENCE[purse.under]
        values = {"digest": purse.digest, "free": patience.free, "longest": patience.longest}
        counted = (await session.execute(_SPEND, values | {"forgotten": FORGOTTEN_HOURS})).scalar_one_or_none()
        if counted is None:
            left = (await session.execute(_WAIT, {"digest": purse.digest})).scalar_one_or_none()
            raise TooSoon(max(1, ceil(left or 0)))


async def give_back(session: AsyncSession, *purses: Purse) -> None:
    """It was right. An address gets back one attempt, since an attacker may have a login or a link too; the others start anew."""
    for purse in _in_order(purses):
        statement = _GIVE_BACK if purse.under in {Under.ADDRESS, Under.LINK} else _FORGET
        await session.execute(statement, {"digest": purse.digest})


async def purge(session: AsyncSession) -> None:
    """Forget old failures."""
    await session.execute(_PURGE, {"forgotten": FORGOTTEN_HOURS})


def _in_order(purses: tuple[Purse, ...]) -> list[Purse]:
    """Always the same order, so that two attempts do not wait for each other."""
    return sorted(purses, key=lambda purse: purse.digest)
