"""Counterplay: the units' posts that injects make, in the exercise, and their times in step with the drill's clock."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account, AccountState
from crisis.activations.service import ActivationLocked
from crisis.drills.clock import Clock
from crisis.drills.reading import Held, injects_of
from crisis.drills.snapshot import inject_of
from crisis.drills.states import InjectState
from crisis.errors import Conflict, CrisisError
from crisis.mode import Mode
from crisis.playbooks.models import Inject, Playbook
from crisis.posts.service import Posts
from crisis.roles import Actor, Role

_STANDING_STILL: Final = timedelta(days=365)
"""Where a post's time is put while drill time stands still."""

_RETIME = text(
    """
    WITH moved AS (
        UPDATE deliveries d SET due_at = greatest(CAST(:at AS timestamptz), now()), changed_at = now()
        FROM renditions r WHERE r.id = d.rendition_id AND r.post_id = :post AND d.state = 'ready' AND d.due_at > now()
        RETURNING r.post_id
    )
    UPDATE posts SET publish_at = :at WHERE id IN (SELECT post_id FROM moved)
    """
)
_CANCEL = text(
    """
    UPDATE deliveries d SET state = 'cancelled', error = 'the drill is over', changed_at = now()
    FROM renditions r, drill_injects i
    WHERE r.id = d.rendition_id AND r.post_id = i.post_id AND i.drill_id = :drill AND d.state = 'ready' AND d.due_at > now()
    """
)


class NoPost(Conflict):
    """Why a unit's post could not be made; the inject is there all the same, and the players see it."""


async def make(session: AsyncSession, posts: Posts, held: Held, inject: Inject) -> int:
    """Make the post of a ``unit_post`` inject that is fired now; its number. One that meets the lock is made, and blocked.

    ``posts`` is to be in the session's transaction (:meth:`crisis.db.Database.together`). Raises :class:`NoPost`.
    """
    wanted = select(Account).filter_by(channel=inject.channel, unit=inject.unit, state=AccountState.ACTIVE)
    account = (await session.scalars(wanted.where(Account.address.is_not(None)).order_by(Account.id).limit(1))).first()
    if account is None:
        raise NoPost(f"{inject.unit} has no connected account on {inject.channel}, so there was no post.")
    language = held.playbook.languages.primary
    author = Actor(f"{inject.unit} ({inject.id})", Role.UNIT, inject.unit, only=Mode.EXERCISE)
    body = inject.post.get(language) if inject.post is not None else ""
    due = _due(inject, held.elapsed)
    publish_at = None if due <= held.elapsed else held.clock.wall(due) or held.now + _STANDING_STILL
    try:
        made = await posts.publish(author, account.id, body, publish_at=publish_at, mode=Mode.EXERCISE)
    except ActivationLocked as locked:
        if locked.post_id is None:
            raise
        return locked.post_id
    except CrisisError as problem:
        raise NoPost(f"There was no post of {inject.unit}: {problem}") from problem
    return made.id


async def retime(session: AsyncSession, drill_id: int, playbook: Playbook, clock: Clock) -> None:
    """Move what the injects' posts wait for to where the clock now says it is. Called whenever it comes to go otherwise."""
    for row in (await injects_of(session, drill_id)).values():
        inject = inject_of(playbook, row.key)
        if inject is None or row.post_id is None or row.state is not InjectState.FIRED:
            continue
        at = clock.wall(_due(inject, row.decided_elapsed or 0.0)) or clock.segments[-1].at + _STANDING_STILL
        await session.execute(_RETIME, {"post": row.post_id, "at": at})


async def cancel(session: AsyncSession, drill_id: int) -> None:
    """Let no post of a drill that is over come out afterwards. What the lock stopped stays its owner's to decide."""
    await session.execute(_CANCEL, {"drill": drill_id})


def _due(inject: Inject, fired: float) -> float:
    return fired + inject.due.total_seconds()
