"""Break-glass: ten printed codes for the night when telephones, the identity provider or the administrator are away.

**Runbook.** Print them with ``crisis users break-glass`` (ten for the director, or for the web editors), put them in a sealed
envelope where those who need them can get at it with the power out, and note the date: they expire after a year, and making
new ones ends the old. A code signs one person in once, for twelve hours, as director or web editor; never to users or
settings. Using one is loud: it is on record with name and reason, and every page of the desk says so until a director or
administrator has acknowledged it. If nobody knows why a code was used, end the session (``crisis users sessions``), make new
codes, and look in the log for what was done with it.
"""

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Invalid, NotFound
from crisis.roles import Act, Actor, Role, require
from crisis.users import attempts, sessions
from crisis.users.attempts import Purse, Under
from crisis.users.models import BreakGlassCode, How
from crisis.users.passwords import Passwords
from crisis.users.service import NAME_MOST, unit_for

CODES: Final = 10
VALID: Final = timedelta(days=365)
ROLES: Final = (Role.DIRECTOR, Role.EDITOR)
_BYTES: Final = 16
_LETTERS = 26  # of 16 bytes in base32
_TYPED = re.compile(rf"([0-9]{{1,9}})([A-Z2-7]{{{_LETTERS}}})")
_SAID_MOST = 300  # characters of a reason


class CodeRefused(Invalid):
    """One text for every reason, so that it does not tell a stranger how near they came."""

    def __init__(self) -> None:
        super().__init__(
            "This code is not valid: it is mistyped, used, expired or replaced. Take the next one on the sheet."
        )


@dataclass(frozen=True, slots=True)
class Alarm:
    """A code that was used, and that nobody has acknowledged."""

    id: int
    name: str
    reason: str
    role: Role


async def make(db: Database, passwords: Passwords, actor: Actor, role: Role) -> list[str]:
    """Ten new codes for a role, as ``12-ABCD-EFGH-...``: shown this once. The role's unused old ones are worthless.

    Raises :class:`Invalid` for a role that has none.
    """
    require(actor, Act.MANAGE_USERS)
    if role not in ROLES:
        raise Invalid(f"Break-glass codes are for {' and '.join(each.value for each in ROLES)}, and nobody else.")
    letters = [_new() for _ in range(CODES)]
    digests = [await passwords.hash(each) for each in letters]
    now = clock.now()
    async with db.transaction() as session:
        old = update(BreakGlassCode).where(BreakGlassCode.role == role, BreakGlassCode.used_at.is_(None))
        await session.execute(old.where(BreakGlassCode.expires_at > now).values(expires_at=now))
        rows = [
            BreakGlassCode(role=role, digest=each, created_by=actor.name, expires_at=now + VALID) for each in digests
        ]
        session.add_all(rows)
        await session.flush()
        await chain.append(
            session, actor, "make_break_glass_codes", f"role:{role.value}", codes=[row.id for row in rows]
        )
    return [_shown(row.id, each) for row, each in zip(rows, letters, strict=True)]


async def use(
    db: Database,
    passwords: Passwords,
    code: str,
    name: str,
    reason: str,
    *,
    agent: str,
    address: str,
    editors_unit: str,
    language: str,
) -> str:
    """Sign in with a printed code; returns the session's secret. ``name`` and ``reason`` go on record as they are given.

    Raises :class:`Invalid` without a name and a reason, :class:`CodeRefused`, and :class:`crisis.users.attempts.TooSoon`.
    """
    name, reason = " ".join(name.split())[:NAME_MOST], " ".join(reason.split())[:_SAID_MOST]
    if not (name and name.isprintable() and reason and reason.isprintable()):
        raise Invalid("Say who you are and why. Both go on record. The code was not used.")
    purse = Purse(Under.BREAK_GLASS, address)
    async with db.transaction() as session:
        await attempts.spend(session, purse)
    typed = _TYPED.fullmatch(re.sub(r"[\s-]+", "", code.upper().strip()))
    async with db.transaction() as session:
        row = await session.get(BreakGlassCode, int(typed.group(1))) if typed else None
    if not await passwords.verify(row.digest if row else None, typed.group(2) if typed else "") or row is None:
        raise CodeRefused
    async with db.transaction() as session:
        spent = update(BreakGlassCode).where(
            BreakGlassCode.id == row.id, BreakGlassCode.used_at.is_(None), BreakGlassCode.expires_at > func.now()
        )
        said = {"used_at": func.now(), "used_by": name, "reason": reason, "address": address}
        if (await session.execute(spent.values(said).returning(BreakGlassCode.id))).scalar_one_or_none() is None:
            raise CodeRefused
        await attempts.give_back(session, purse)
        actor = Actor(name, row.role, unit_for(row.role, None, editors_unit))
        await chain.append(session, actor, "use_break_glass_code", f"break_glass:{row.id}", reason=reason)
        return await sessions.begin_in(session, actor, How.BREAK_GLASS, agent=agent, address=address, language=language)


async def alarms(session: AsyncSession) -> list[Alarm]:
    """What every page says until somebody has acknowledged it, oldest first."""
    open_ones = select(BreakGlassCode).where(
        BreakGlassCode.used_at.is_not(None), BreakGlassCode.acknowledged_at.is_(None)
    )
    found: Sequence[BreakGlassCode] = (await session.scalars(open_ones.order_by(BreakGlassCode.used_at))).all()
    return [Alarm(row.id, row.used_by or "", row.reason or "", row.role) for row in found]


async def acknowledge(db: Database, actor: Actor, code_id: int, *, how: How) -> None:
    """A director or administrator has seen it. Not by break-glass itself: whoever broke the glass does not hush it.

    ``how`` is how the one who acknowledges signed in. Raises :class:`NotFound` when there is nothing to acknowledge.
    """
    require(actor, Act.ACKNOWLEDGE_BREAK_GLASS)
    if how is How.BREAK_GLASS:
        raise Invalid(
            "A break-glass session does not acknowledge break-glass codes. Somebody with a login of their own does."
        )
    async with db.transaction() as session:
        seen = update(BreakGlassCode).where(
            BreakGlassCode.id == code_id, BreakGlassCode.used_at.is_not(None), BreakGlassCode.acknowledged_at.is_(None)
        )
        values = {"acknowledged_at": func.now(), "acknowledged_by": actor.name}
        if (await session.execute(seen.values(values).returning(BreakGlassCode.id))).scalar_one_or_none() is None:
            raise NotFound("break-glass code to acknowledge", code_id, "Somebody else may have done it.")
        await chain.append(session, actor, "acknowledge_break_glass", f"break_glass:{code_id}")


async def left(session: AsyncSession) -> dict[Role, int]:
    """How many unused, unexpired codes there are for each role that has any."""
    usable = select(BreakGlassCode.role, func.count().label("number")).where(
        BreakGlassCode.used_at.is_(None), BreakGlassCode.expires_at > func.now()
    )
    return {row.role: row.number for row in await session.execute(usable.group_by(BreakGlassCode.role))}


def _new() -> str:
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=")


def _shown(number: int, letters: str) -> str:
    groups = [letters[at : at + 4] for at in range(0, len(letters), 4)]
    return "-".join([str(number), *groups])
