"""Follow: the draft a message begins with, and the one it goes on with, made out of what is there already."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audiences.models import Audience
from crisis.db import Database
from crisis.errors import Conflict
from crisis.messages import drafts
from crisis.messages.models import EDITABLE, Kind, Message, Revision, RevisionState
from crisis.roles import Act, Actor, require

_SAME_WITHIN: Final = timedelta(seconds=15)
"""A form sent twice begins one draft."""
_STAYS: Final = ("where", "leads", "contact")
"""What an all-clear takes over: everything else it says anew."""


async def begin(
    db: Database,
    actor: Actor,
    activation_id: int,
    contents: Mapping[str, Any],
    languages: Sequence[str],
    *,
    hazard: str | None,
    next_update_at: datetime | None,
    audience_id: int | None,
) -> Revision:
    """The draft of an alert. The very same, begun by the same person a moment ago and not touched since, is given back."""
    require(actor, Act.WRITE_MESSAGE)
    async with db.transaction() as session:
        since = clock.now() - _SAME_WITHIN
        found = select(Revision).join(Message, Message.id == Revision.message_id)
        found = found.where(
            Message.activation_id == activation_id,
            Message.hazard.is_not_distinct_from(hazard),
            Revision.kind == Kind.ALERT,
            Revision.state == RevisionState.DRAFT,
            Revision.saves == 1,
            Revision.written_by == actor.name,
            Revision.written_at > since,
            Revision.contents == dict(contents),
            Revision.next_update_at.is_not_distinct_from(next_update_at),
            Revision.audience_id.is_not_distinct_from(audience_id),
        )
        if same := (await session.scalars(found.order_by(Revision.id.desc()).limit(1))).one_or_none():
            return same
    return await drafts.write(
        db,
        actor,
        activation_id,
        Kind.ALERT,
        contents,
        languages,
        next_update_at=next_update_at,
        audience_id=audience_id,
        hazard=hazard,
        finished=False,
    )


async def after(
    db: Database,
    actor: Actor,
    message_id: int,
    kind: Kind,
    languages: Sequence[str],
    *,
    next_update_at: datetime | None,
    contents: Mapping[str, Any] | None = None,
) -> Revision:
    """What a message goes on with: the open draft of this kind, so that two editors meet in it, or a new one.

    It begins with ``contents``, where a text is there beforehand. Else with what the newest revision said, and with the
    translations that were not finished then; an all-clear only with where, who leads and whom to ask. Raises as
    :func:`drafts.write`.
    """
    require(actor, Act.WRITE_MESSAGE)
    async with db.transaction() as session:
        message = await drafts.get_message(session, message_id)
        newest, _ = await drafts.last(session, message_id)
        if newest is None:
            raise Conflict(f"Nothing of message {message_id} has been sent yet. Approve its alert first.")
        open_ = select(Revision).where(
            Revision.message_id == message_id,
            Revision.number > newest.number,
            Revision.kind == kind,
            Revision.state.in_([*EDITABLE, RevisionState.WAITING]),
        )
        if found := (await session.scalars(open_.order_by(Revision.id.desc()).limit(1))).one_or_none():
            return found
    return await drafts.write(
        db,
        actor,
        message.activation_id,
        kind,
        contents or _going_on(newest, kind),
        languages,
        message_id=message_id,
        next_update_at=None if kind is Kind.ALL_CLEAR else next_update_at,
        channels=newest.channels,
        finished=False,
    )


def _going_on(newest: Revision, kind: Kind) -> dict[str, Any]:
    contents = {**newest.left_out, **newest.contents}
    if kind is Kind.ALL_CLEAR:
        return {each: {name: text[name] for name in _STAYS if name in text} for each, text in contents.items()}
    return contents


async def usual_audience(session: AsyncSession, activation_id: int) -> int | None:
    """Whom a new message most likely goes to: those who got the last one, or the only list there is."""
    of_activation = select(Message.id).where(Message.activation_id == activation_id)
    last = select(Revision.audience_id).where(Revision.message_id.in_(of_activation), Revision.audience_id.is_not(None))
    if (found := await session.scalar(last.order_by(Revision.id.desc()).limit(1))) is not None:
        return found
    every = (await session.scalars(select(Audience.id).limit(2))).all()
    return every[0] if len(every) == 1 else None
