"""Sessions: who is signed in with which browser, for how long, and how that ends.

A session ends twelve hours after it began. Before that it ends when nothing was done with it for an hour, or for twelve while
an activation is in force: nobody signs in again in the middle of a crisis because they sat in a meeting. OWASP ASVS 5.0
asks for 30 minutes and a new factor for what is dangerous; the acts that are (:mod:`crisis.users.confirmation`) ask for one.
What was typed survives all of it: drafts are the database's, and other forms are kept (:mod:`crisis.users.kept_forms`).

Who somebody is comes from the user's row at every request, so a changed role counts at once, and so does being disabled.
"""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import NotFound
from crisis.roles import Act, Actor, Role, require
from crisis.users import secret as secrets
from crisis.users.models import How, Session, User

LONGEST: Final = timedelta(hours=12)
"""From signing in, whatever happens."""
IDLE: Final = timedelta(hours=1)
"""Without a request, in ordinary times. While an activation is in force, and by break-glass code, ``LONGEST`` alone counts."""
FRESH: Final = timedelta(minutes=10)
"""So long after a factor was shown, acts that ask for a fresh one ask for nothing."""
_SHOWN_MOST = 200  # characters of what a browser calls itself

_IN_FORCE = """
    FROM sessions s LEFT JOIN users u ON u.id = s.user_id
    WHERE u.disabled_at IS NULL
      AND s.created_at > now() - CAST(:longest AS interval)
      AND (s.last_seen_at > now() - CAST(:idle AS interval) OR s.how = 'break_glass'
           OR EXISTS (SELECT FROM gate WHERE state = 'locked'))
      AND (s.how <> 'demo' OR :demo)
"""
_WHO = """
    coalesce(u.name, s.name) AS name, coalesce(u.role, s.role) AS role,
    CASE WHEN u.id IS NULL THEN s.unit ELSE u.unit END AS unit
"""
_FIND = text(
    f"""
    SELECT s.id, s.user_id, s.how, {_WHO}, coalesce(u.language, s.language, 'nb') AS language,
           CASE WHEN s.how IN ('break_glass', 'demo') THEN interval '0' ELSE now() - s.factor_at END AS factor_age,
           s.last_seen_at < now() - interval '1 minute' AS is_stale
    {_IN_FORCE} AND s.digest = :digest
    """
)
_STILL = text(f"SELECT s.id, {_WHO} {_IN_FORCE} AND s.id = ANY(:ids)")
_SEEN = text(
    """
    UPDATE sessions SET last_seen_at = now() WHERE id = (
        SELECT id FROM sessions WHERE id = :id FOR NO KEY UPDATE SKIP LOCKED)
    """
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody at the desk."""

    session_id: int
    user_id: int | None
    """None by break-glass code, and in the demo."""
    actor: Actor
    language: str
    """``nb``, ``nn`` or ``en``."""
    how: How
    factor_age: timedelta
    """How long ago a factor was shown. None at all where there is none to ask for: by break-glass code and in the demo."""
    csrf: str
    """What a form of this session's carries: a MAC of its secret's root, which no other site knows."""
    root: str = field(repr=False)
    """The part of the secret that stays when the rest is renewed, so that pages in other tabs still work."""

    @property
    def is_fresh(self) -> bool:
        """A factor was shown in the last ten minutes."""
        return self.factor_age < FRESH


async def find(db: Database, secret: str, *, demo: bool = False) -> SignedIn | None:
    """Who holds this secret, if the session is in force. Notes that they were here, once a minute at most.

    Sessions of the demo's entrance count only where ``demo`` says that this is one.
    """
    values = {"digest": secrets.digest(secret), "longest": LONGEST, "idle": IDLE, "demo": demo}
    async with db.transaction() as session:
        row = (await session.execute(_FIND, values)).one_or_none()
        if row is None:
            return None
        if row.is_stale:
            await session.execute(_SEEN, {"id": row.id})
    actor = Actor(row.name, Role(row.role), row.unit)
    root = secrets.root(secret)
    return SignedIn(row.id, row.user_id, actor, row.language, How(row.how), row.factor_age, _csrf(root), root)


async def begin(
    db: Database, who: User | Actor, how: How, *, agent: str, address: str, language: str | None = None
) -> str:
    """Sign somebody in who has shown who they are; returns the secret for their cookie. Always a new one.

    An :class:`Actor` where no user is behind it (break-glass, demo). ``agent`` and ``address`` are what the browser calls
    itself and where it is, for the list of one's own sessions.
    """
    async with db.transaction() as session:
        return await begin_in(session, who, how, agent=agent, address=address, language=language)


async def begin_in(
    session: AsyncSession,
    who: User | Actor,
    how: How,
    *,
    agent: str,
    address: str,
    language: str | None = None,
    factor_at: datetime | None = None,
) -> str:
    """The same, in the transaction that spends what was shown. ``factor_at``: when that was, if it was not now."""
    made = secrets.new()
    row = Session(digest=secrets.digest(made), how=how, agent=_shown(agent), address=_shown(address))
    if factor_at is not None:
        row.factor_at = factor_at
    if isinstance(who, User):
        row.user_id, actor, subject = who.id, who.actor, f"user:{who.id}"
    else:
        row.name, row.role, row.unit, row.language = who.name, who.role, who.unit, language
        actor, subject = who, f"{how.value}:{who.role.value}"
    session.add(row)
    await session.flush()
    await chain.append(session, actor, "sign_in", subject, how=row.how.value, number=row.id)
    return made


async def in_force(session: AsyncSession, ids: Collection[int], *, demo: bool = False) -> dict[int, Actor]:
    """Which of these sessions are still in force, and who each is by now. Looking on is not being there: it keeps none alive."""
    values = {"ids": list(ids), "longest": LONGEST, "idle": IDLE, "demo": demo}
    return {row.id: Actor(row.name, Role(row.role), row.unit) for row in await session.execute(_STILL, values)}


async def renew(db: Database, signed_in: SignedIn) -> str:
    """A factor was shown again: the session is fresh, and has a new secret. The old one is worthless. The forms of pages that
    stand open in other tabs are still the session's own.

    Raises :class:`NotFound` when the session has ended meanwhile.
    """
    made = secrets.renewed(signed_in.root)
    async with db.transaction() as session:
        row = update(Session).where(Session.id == signed_in.session_id)
        done = await session.execute(
            row.values(digest=secrets.digest(made), factor_at=func.now()).returning(Session.id)
        )
        if done.scalar_one_or_none() is None:
            raise NotFound("session", signed_in.session_id, "Sign in again.")
        await chain.append(session, signed_in.actor, "confirm_sign_in", f"session:{signed_in.session_id}")
    return made


async def end(db: Database, signed_in: SignedIn) -> None:
    """Sign out. Ending what has ended does nothing."""
    async with db.transaction() as session:
        gone = await session.execute(delete(Session).where(Session.id == signed_in.session_id).returning(Session.id))
        if gone.scalar_one_or_none() is not None:
            await chain.append(session, signed_in.actor, "sign_out", f"session:{signed_in.session_id}")


async def set_language(db: Database, signed_in: SignedIn, language: str) -> None:
    """The language of a session that no user is behind."""
    async with db.transaction() as session:
        row = update(Session).where(Session.id == signed_in.session_id, Session.user_id.is_(None))
        await session.execute(row.values(language=language))


async def list_own(session: AsyncSession, signed_in: SignedIn) -> Sequence[Session]:
    """The sessions of this person that are not over by age, newest first."""
    if signed_in.user_id is None:
        return (await session.scalars(select(Session).where(Session.id == signed_in.session_id))).all()
    mine = select(Session).where(Session.user_id == signed_in.user_id, Session.created_at > clock.now() - LONGEST)
    return (await session.scalars(mine.order_by(Session.id.desc()))).all()


async def end_one(db: Database, signed_in: SignedIn, session_id: int) -> None:
    """End one of one's own sessions. Raises :class:`NotFound` for anybody else's."""
    async with db.transaction() as session:
        if session_id not in {each.id for each in await list_own(session, signed_in)}:
            raise NotFound("session", session_id, "It has ended already, or it is not yours.")
        await session.execute(delete(Session).where(Session.id == session_id))
        await chain.append(session, signed_in.actor, "end_session", f"session:{session_id}")


async def end_others(db: Database, signed_in: SignedIn) -> int:
    """End all of one's own sessions but this; returns how many."""
    async with db.transaction() as session:
        others = [each.id for each in await list_own(session, signed_in) if each.id != signed_in.session_id]
        await session.execute(delete(Session).where(Session.id.in_(others)))
        if others:
            await chain.append(session, signed_in.actor, "end_sessions", f"user:{signed_in.user_id}", ended=len(others))
    return len(others)


async def end_any(db: Database, actor: Actor, session_id: int) -> None:
    """End anybody's session, also one by break-glass. Raises :class:`NotFound`."""
    require(actor, Act.MANAGE_USERS)
    async with db.transaction() as session:
        gone = await session.execute(delete(Session).where(Session.id == session_id).returning(Session.id))
        if gone.scalar_one_or_none() is None:
            raise NotFound("session", session_id, "It has ended already. See: crisis users sessions.")
        await chain.append(session, actor, "end_session", f"session:{session_id}")


async def list_all(session: AsyncSession) -> Sequence[tuple[Session, str]]:
    """Everybody's sessions that are not over by age, newest first, each with the name it acts under."""
    named = select(Session, func.coalesce(User.name, Session.name)).outerjoin(User, User.id == Session.user_id)
    alive = named.where(Session.created_at > clock.now() - LONGEST, User.disabled_at.is_(None))
    return [(row[0], str(row[1])) for row in await session.execute(alive.order_by(Session.id.desc()))]


async def end_all(session: AsyncSession, user_id: int) -> int:
    """End every session of a user, in the transaction of what makes that right; returns how many."""
    gone = await session.execute(delete(Session).where(Session.user_id == user_id).returning(Session.id))
    return len(gone.all())


async def count(session: AsyncSession) -> dict[int, int]:
    """How many sessions each user has."""
    alive = select(Session.user_id, func.count().label("number")).where(
        Session.created_at > clock.now() - LONGEST, Session.user_id.is_not(None)
    )
    return {row.user_id: row.number for row in await session.execute(alive.group_by(Session.user_id))}


async def purge(session: AsyncSession) -> None:
    """Drop what is over by age, whoever it was."""
    await session.execute(delete(Session).where(Session.created_at < clock.now() - LONGEST))


def _csrf(root: str) -> str:
    return hmac.new(root.encode(), b"csrf", hashlib.sha256).hexdigest()


def _shown(said: str) -> str:
    return "".join(each for each in said if each.isprintable())[:_SHOWN_MOST]
