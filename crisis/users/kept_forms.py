"""Kept forms: what somebody had typed when their session ended, until the same person has signed in again and says what to do.

Every form of the desk carries a mark: whose page it stood on, sealed against forgery, and telling nobody who that is. A form
that comes after the session ended is kept under its mark for an hour, sealed, with a secret in the browser. It is shown to
nobody but the person of the mark, and nothing of it is done before they press the button once more. Passwords, codes and
files are never kept.

By break-glass code and in the demo nobody has proved their name: the same person is whoever gives the same one, with the
same role.
"""

import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.errors import Unready
from crisis.sealing import Sealer
from crisis.users import secret as secrets
from crisis.users.models import KeptForm
from crisis.users.sessions import SignedIn

LASTS: Final = timedelta(hours=1)
"""Time to find the telephone, and whoever can help to sign in."""
KEPT_MOST: Final = 5
"""Forms of one person. Older ones make way: nobody fills the database with what they send."""
SECRETS: Final = frozenset({"csrf", "password", "again", "code", "printed", "begun", "offered"})
"""Fields that are never kept, beside all that begin with ``credential`` or ``confirm_``."""
_HALF: Final = 32  # characters of a mark's person, and of its proof


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was sent: to this path, by the person of this mark."""

    path: str
    fields: Sequence[tuple[str, str]]
    whose: str


def mark(sealer: Sealer, signed_in: SignedIn) -> str:
    """What this person's forms carry; empty where the process has no key to seal with, and so keeps nothing."""
    actor = signed_in.actor
    user = f"user:{signed_in.user_id}" if signed_in.user_id is not None else None
    person = user or ":".join((signed_in.how, actor.role, actor.unit or "", actor.name))
    try:
        theirs = sealer.fingerprint(f"form of {person}").hex()[:_HALF]
        return theirs + _proof(sealer, theirs)
    except Unready:
        return ""


def is_ours(sealer: Sealer, given: str) -> bool:
    """Whether this mark was made here, for whomever."""
    proof = given[_HALF:]
    try:
        return hmac.compare_digest(_proof(sealer, whose(given)).encode(), proof.encode())
    except Unready:
        return False


def whose(given: str) -> str:
    """The person's part of a mark."""
    return given[:_HALF]


def is_secret(name: str) -> bool:
    """Whether a field of this name holds what is never kept."""
    return name in SECRETS or name.startswith(("credential", "admin-", "confirm_"))


async def keep(session: AsyncSession, sealer: Sealer, whose: str, path: str, fields: Iterable[tuple[str, str]]) -> str:
    """Keep a form for the person of the mark; returns the browser's secret."""
    made = secrets.new()
    digest = secrets.digest(made)
    told = json.dumps([path, [(name, value) for name, value in fields if not is_secret(name)]])
    session.add(KeptForm(digest=digest, whose=whose, sealed=sealer.seal(told, digest), expires_at=clock.now() + LASTS))
    await session.flush()
    newest = select(KeptForm.digest).where(KeptForm.whose == whose).order_by(KeptForm.expires_at.desc())
    too_many = KeptForm.digest.not_in(newest.limit(KEPT_MOST))
    await session.execute(delete(KeptForm).where(KeptForm.whose == whose, too_many))
    return made


async def find(session: AsyncSession, sealer: Sealer, secret: str) -> Kept | None:
    """The form of this browser, if it is still kept."""
    row = await session.get(KeptForm, secrets.digest(secret))
    if row is None or row.expires_at <= clock.now():
        return None
    path, fields = json.loads(sealer.open(row.sealed, row.digest))
    return Kept(path, [(name, value) for name, value in fields], row.whose)


async def drop(session: AsyncSession, secret: str) -> None:
    """It is not needed any more. Dropping what is gone does nothing."""
    await session.execute(delete(KeptForm).where(KeptForm.digest == secrets.digest(secret)))


async def purge(session: AsyncSession) -> None:
    """Drop what nobody came back to."""
    await session.execute(delete(KeptForm).where(KeptForm.expires_at < func.now()))


def _proof(sealer: Sealer, whose: str) -> str:
    return sealer.fingerprint(f"mark of a form: {whose}").hex()[:_HALF]
