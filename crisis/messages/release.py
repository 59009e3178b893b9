"""Release: who may let a revision out, and its way from draft to approval.

::

    draft ──submit──► waiting ──approve──► approved
      ▲                │    │
      └──take back─────┘    └──send back──► returned ──submit──► waiting
    draft, returned ──approve──► approved     where one person may release alone

A municipality chooses (``CRISIS_TWO_PEOPLE``): ``off``, one person may write and release; ``on``, nobody releases what they wrote;
``override``, as ``on``, but who wrote it may release it alone when nobody else has after some minutes, and that is on record.
A small place has one web editor and no second at 03.00, so two people are possible and never the default. In an exercise
everybody may release: no real message goes out, and the players are few.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed
from crisis.messages import drafts
from crisis.messages.models import Message, Revision, RevisionState
from crisis.mode import Mode
from crisis.roles import Act, Actor, require
from crisis.settings import TwoPeople

REASON_MOST: Final = 1000
"""Characters of why a revision is sent back."""

MOVES: Final[Mapping[RevisionState, frozenset[RevisionState]]] = {
    RevisionState.DRAFT: frozenset({RevisionState.WAITING, RevisionState.APPROVED}),
    RevisionState.WAITING: frozenset({RevisionState.DRAFT, RevisionState.RETURNED, RevisionState.APPROVED}),
    RevisionState.RETURNED: frozenset({RevisionState.WAITING, RevisionState.APPROVED}),
    RevisionState.APPROVED: frozenset(),
}


class NotWaiting(Conflict):
    """It was not sent for approval, or is not waiting any more."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(
            f"Revision {revision.number} of message {revision.message_id} is {revision.state.value} and does not wait for "
            "approval. Whoever wrote it sends it for approval first (crisis message submit)."
        )


class SecondPersonNeeded(NotAllowed):
    """The actor wrote it, and another person is to release it."""

    def __init__(self, revision: Revision, alone_from: datetime | None) -> None:
        later = (
            ""
            if alone_from is None
            else f" If nobody else does, you may release it alone from {alone_from.isoformat()}."
        )
        super().__init__(
            f"You have written in revision {revision.number} of message {revision.message_id}, and somebody else is to "
            f"release it. Nothing was sent. Ask a colleague or the director to approve it.{later}"
        )
        self.alone_from = alone_from


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one person's right to release one revision."""

    is_second_needed: bool
    """The rule applies to this revision: it is to be sent for approval."""
    may_approve: bool
    alone_from: datetime | None = None
    """When the actor, who wrote it, may release it alone; ``None`` where they never may, or need not wait."""
    is_alone: bool = False
    """They may by the override, and that is put on record."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the municipality chose. ``alone_after`` is for ``override``."""

    two_people: TwoPeople = TwoPeople.OFF
    alone_after: timedelta = timedelta(minutes=5)

    def standing(self, actor: Actor, revision: Revision, mode: Mode, now: datetime) -> Standing:
        """Whether ``actor`` may release this revision at ``now``. Their role is another matter."""
        if not self.asks_two(mode):
            return Standing(is_second_needed=False, may_approve=True)
        if revision.state is not RevisionState.WAITING or revision.submitted_at is None:
            return Standing(is_second_needed=True, may_approve=False)
        authors = {*revision.authors, revision.submitted_by or ""}
        return self.of_waiting(actor, authors, revision.submitted_at, mode, now)

    def asks_two(self, mode: Mode) -> bool:
        """Whether nobody releases what they wrote in this mode, at least not at once."""
        return self.two_people is not TwoPeople.OFF and mode is Mode.ACTUAL

    def of_waiting(
        self, actor: Actor, authors: Collection[str], since: datetime, mode: Mode, now: datetime
    ) -> Standing:
        """The same of any text of the web editors' that has waited for release since ``since``."""
        if not self.asks_two(mode):
            return Standing(is_second_needed=False, may_approve=True)
        if actor.name not in authors:
            return Standing(is_second_needed=True, may_approve=True)
        if self.two_people is TwoPeople.ON:
            return Standing(is_second_needed=True, may_approve=False)
        alone_from = since + self.alone_after
        is_alone = now >= alone_from
        return Standing(is_second_needed=True, may_approve=is_alone, alone_from=alone_from, is_alone=is_alone)

    def check(self, actor: Actor, revision: Revision, mode: Mode, now: datetime) -> Standing:
        """The same. Raises :class:`NotWaiting` or :class:`SecondPersonNeeded` where they may not."""
        found = self.standing(actor, revision, mode, now)
        if found.may_approve:
            return found
        if revision.state is not RevisionState.WAITING:
            raise NotWaiting(revision)
        raise SecondPersonNeeded(revision, found.alone_from)


async def submit(db: Database, actor: Actor, revision_id: int) -> Revision:
    """Send a draft for approval. It is held still from here on. Sending twice is the same as once.

    It may still have faults: whoever approves sees them, and cannot let it out. Raises :class:`drafts.AlreadyApproved`.
    """
    require(actor, Act.WRITE_MESSAGE)
    async with db.transaction() as session:
        revision = await drafts.unapproved(session, revision_id)
        if revision.state is RevisionState.WAITING:
            return revision
        move(revision, RevisionState.WAITING)
        revision.submitted_by, revision.submitted_at = actor.name, clock.now()
        revision.returned_by = revision.returned_at = revision.returned_for = None
        await _record(session, actor, "submit", revision)
    return revision


async def take_back(db: Database, actor: Actor, revision_id: int) -> Revision:
    """Make what waits a draft again, to change it. Raises :class:`NotWaiting`."""
    require(actor, Act.WRITE_MESSAGE)
    async with db.transaction() as session:
        revision = await _waiting(session, revision_id)
        move(revision, RevisionState.DRAFT)
        await _record(session, actor, "take back", revision)
    return revision


async def send_back(db: Database, actor: Actor, revision_id: int, reason: str) -> Revision:
    """Return what waits to those who wrote it, with what is to be changed.

    Raises :class:`NotWaiting`, and :class:`Invalid` without a reason.
    """
    require(actor, Act.APPROVE_MESSAGE)
    said = " ".join(reason.replace("\x00", "").split())
    if not said:
        raise Invalid("Say what is to be changed: whoever wrote it cannot guess. Nothing was sent back.")
    if len(said) > REASON_MOST:
        raise Invalid(f"The reason is {len(said)} characters, and {REASON_MOST} fit. Nothing was sent back.")
    async with db.transaction() as session:
        revision = await _waiting(session, revision_id)
        move(revision, RevisionState.RETURNED)
        revision.returned_by, revision.returned_at, revision.returned_for = actor.name, clock.now(), said
        await _record(session, actor, "send back", revision, reason=said)
    return revision


def move(revision: Revision, state: RevisionState) -> None:
    """The only place that changes a revision's state. The caller holds its row."""
    if state not in MOVES[revision.state]:
        raise NotWaiting(revision)
    revision.state = state


async def waiting(session: AsyncSession, activation_id: int) -> list[Revision]:
    """What waits for approval in an activation, the longest first."""
    of_activation = select(Message.id).where(Message.activation_id == activation_id)
    found = select(Revision).where(Revision.message_id.in_(of_activation), Revision.state == RevisionState.WAITING)
    return list(await session.scalars(found.order_by(Revision.submitted_at, Revision.id)))


async def _waiting(session: AsyncSession, revision_id: int) -> Revision:
    revision = await drafts.unapproved(session, revision_id)
    if revision.state is not RevisionState.WAITING:
        raise NotWaiting(revision)
    return revision


async def _record(session: AsyncSession, actor: Actor, action: str, revision: Revision, **detail: str) -> None:
    message = await drafts.get_message(session, revision.message_id)
    subject = f"revision:{revision.id}"
    await chain.append(session, actor, action, subject, mode=message.mode, number=revision.number, **detail)
