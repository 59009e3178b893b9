"""Drafts: writing a revision, and saving it whole without ever losing another editor's text.

Saving one language by itself, as the composer does every two seconds, is in :mod:`crisis.messages.parts`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.audiences.models import Audience
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotFound
from crisis.messages import unfinished
from crisis.messages.models import EDITABLE, Kind, Message, Revision, RevisionState
from crisis.messages.saves import TERMS, saved, stamp
from crisis.roles import Act, Actor, require, require_mode


class StaleSave(Conflict):
    """Somebody saved the revision in the meantime. Both texts are kept: theirs is saved, yours is in your hands."""

    def __init__(self, revision: Revision, built_on: int) -> None:
        super().__init__(
            f"{revision.written_by} has saved this revision since you opened it (save {revision.saves}, you built on "
            f"{built_on}). Nothing of yours was saved yet: compare the two and save again on top of {revision.saves}."
        )
        self.revision = revision


class AlreadyApproved(Conflict):
    """An approved revision is frozen."""

    def __init__(self, revision: Revision) -> None:
        self.approved_by, self.approved_at = revision.approved_by, revision.approved_at
        super().__init__(
            f"Revision {revision.number} of message {revision.message_id} was approved by {revision.approved_by} and is "
            f"frozen. Write a new revision (update, correction or all_clear) instead."
        )


class ChangedSince(Conflict):
    """What was read is not what would go out."""

    def __init__(self, revision: Revision) -> None:
        self.written_by = revision.written_by
        super().__init__(
            f"{revision.written_by} has changed revision {revision.number} of message {revision.message_id} since it was read. "
            "Nothing was sent. Read it again, and send it then."
        )


class HeldForApproval(Conflict):
    """What waits for approval is not changed under the eyes of whoever reads it."""

    def __init__(self, revision: Revision) -> None:
        super().__init__(
            f"Revision {revision.number} of message {revision.message_id} was sent for approval by {revision.submitted_by}, "
            "and what is read there must be what goes out. To change it, take it back first (crisis message take-back)."
        )


class AlreadyRetracted(Conflict):
    """Nothing follows a message that was a false alarm."""

    def __init__(self, message: Message) -> None:
        super().__init__(
            f"Message {message.id} was retracted as a false alarm by {message.retracted_by}. Nothing follows it. "
            "If there is something to say after all, write a new alert."
        )


async def write(
    db: Database,
    actor: Actor,
    activation_id: int,
    kind: Kind,
    contents: Mapping[str, Any],
    languages: Sequence[str],
    *,
    message_id: int | None = None,
    next_update_at: datetime | None = None,
    audience_id: int | None = None,
    channels: Sequence[str] | None = None,
    hazard: str | None = None,
    finished: bool = True,
) -> Revision:
    """A new draft: an alert begins a message; every other kind names the message it goes on with.

    ``contents`` is ``{language: fields}`` with the fields of ``Content``; not ``finished``, it may be anything typed so far
    (:mod:`crisis.messages.unfinished`), and what is missing stops it when it is to go out. ``hazard`` is an alert's. What the draft
    supersedes is the newest approved revision; with none there is nothing to update or correct. A retraction is not written:
    it is ready with the alert. Raises :class:`Invalid` naming every fault at once, and :class:`AlreadyRetracted`.
    """
    require(actor, Act.WRITE_MESSAGE)
    if kind is Kind.RETRACTION:
        raise Invalid(
            "A retraction is not written: it was made ready with the alert. To send it: crisis message retract MESSAGE, or "
            "POST /v1/messages/{message_id}/retract."
        )
    held = unfinished.read(contents, languages, kind, next_update_at, finished=finished)
    at = clock.now()
    async with db.transaction() as session:
        activation = await activations.get(session, activation_id)
        if activation.state is ActivationState.STOOD_DOWN:
            raise Conflict(f"Activation {activation_id} is stood down. Activate again before writing a message.")
        message, number, superseded = await _place(session, activation, kind, message_id)
        await _check_audience(session, audience_id)
        revision = Revision(
            message_id=message.id,
            number=number,
            kind=kind,
            supersedes_id=superseded.id if superseded else None,
            contents=held,
            next_update_at=next_update_at,
            audience_id=audience_id if audience_id is not None or superseded is None else superseded.audience_id,
            channels=list(channels) if channels is not None else None,
            state=RevisionState.DRAFT,
            saves=1,
            part_saves={part: saved(1, actor, at) for part in (*held, TERMS)},
            authors=[actor.name],
            written_by=actor.name,
            written_at=at,
        )
        if kind is Kind.ALERT:
            message.hazard = hazard
        session.add(revision)
        await session.flush()
        subject = f"revision:{revision.id}"
        await chain.append(session, actor, "write", subject, mode=activation.mode, kind=kind.value, number=number)
    return revision


async def save(
    db: Database,
    actor: Actor,
    revision_id: int,
    built_on: int,
    contents: Mapping[str, Any],
    languages: Sequence[str],
    *,
    next_update_at: datetime | None = None,
    audience_id: int | None = None,
    finished: bool = True,
) -> Revision:
    """Replace a draft's text. ``built_on`` is the ``saves`` that the editor had before them. ``finished`` as of :func:`write`.

    An alert without ``audience_id`` goes to nobody by SMS; what follows it goes to its audience, as with :func:`write`.
    Raises :class:`StaleSave` if somebody saved in between, :class:`AlreadyApproved` if it is frozen, :class:`HeldForApproval`.
    """
    require(actor, Act.WRITE_MESSAGE)
    async with db.transaction() as session:
        revision = await draft(session, actor, revision_id)
        if revision.saves != built_on:
            session.expunge(revision)  # else the rollback takes its text away from whoever catches this
            raise StaleSave(revision, built_on)
        held = unfinished.read(contents, languages, revision.kind, next_update_at, finished=finished)
        audience_id = await audience_of(session, revision, audience_id)
        before = revision.contents
        changed = [language for language in languages if held.get(language) != before.get(language)]
        if (next_update_at, audience_id) != (revision.next_update_at, revision.audience_id):
            changed.append(TERMS)
        revision.contents = held
        revision.next_update_at, revision.audience_id = next_update_at, audience_id
        stamp(revision, changed, actor)
    return revision


async def audience_of(session: AsyncSession, revision: Revision, audience_id: int | None) -> int | None:
    """Who a draft goes to where this is asked for: what follows a message goes to its audience if it names none.

    Raises :class:`NotFound`.
    """
    if audience_id is None and revision.supersedes_id is not None:
        return (await session.get_one(Revision, revision.supersedes_id)).audience_id
    await _check_audience(session, audience_id)
    return audience_id


async def get(session: AsyncSession, revision_id: int) -> Revision:
    """One revision. Raises :class:`NotFound`."""
    revision = await session.get(Revision, revision_id)
    if revision is None:
        raise NotFound("revision", revision_id)
    return revision


async def draft(session: AsyncSession, actor: Actor, revision_id: int) -> Revision:
    """One revision, locked for changing. Raises :class:`NotFound`, :class:`AlreadyApproved` or :class:`HeldForApproval`.

    Saving what one types is on no record, so whether the actor may change this mode's is asked here.
    """
    revision = await unapproved(session, revision_id)
    if actor.only is not None:
        require_mode(actor, (await get_message(session, revision.message_id)).mode)
    if revision.state not in EDITABLE:
        raise HeldForApproval(revision)
    return revision


async def unapproved(session: AsyncSession, revision_id: int) -> Revision:
    """One revision, locked, whether it waits or not. Raises :class:`NotFound` or :class:`AlreadyApproved`."""
    revision = await session.get(Revision, revision_id, with_for_update=True)
    if revision is None:
        raise NotFound("revision", revision_id)
    if revision.state is RevisionState.APPROVED:
        raise AlreadyApproved(revision)
    return revision


async def revisions(
    session: AsyncSession, activation_id: int, *, after: int = 0, most: int = 100
) -> Sequence[Revision]:
    """An activation's revisions after id ``after``, oldest first."""
    of_activation = select(Message.id).where(Message.activation_id == activation_id)
    found = select(Revision).where(Revision.message_id.in_(of_activation), Revision.id > after)
    return (await session.scalars(found.order_by(Revision.id).limit(most))).all()


async def all_revisions(session: AsyncSession, activation_id: int) -> list[Revision]:
    """Every revision of an activation, oldest first: some tens of them in a long crisis."""
    found: list[Revision] = []
    while page := await revisions(session, activation_id, after=found[-1].id if found else 0):
        found += page
    return found


async def get_message(session: AsyncSession, message_id: int, *, lock: bool = False) -> Message:
    """One message. Raises :class:`NotFound`."""
    found = await session.get(Message, message_id, with_for_update=lock)
    if found is None:
        raise NotFound("message", message_id)
    return found


async def message(session: AsyncSession, message_id: int) -> tuple[Message, Sequence[Revision]]:
    """One message and its revisions, oldest first. Raises :class:`NotFound`."""
    found = await get_message(session, message_id)
    of_message = select(Revision).where(Revision.message_id == message_id).order_by(Revision.number)
    return found, (await session.scalars(of_message)).all()


async def last(session: AsyncSession, message_id: int) -> tuple[Revision | None, int]:
    """The newest approved revision of a message, and the number of the next one. Ask while holding the message."""
    newest = select(Revision).where(Revision.message_id == message_id, Revision.state == RevisionState.APPROVED)
    found = (await session.scalars(newest.order_by(Revision.number.desc()).limit(1))).one_or_none()
    highest = await session.scalar(select(func.max(Revision.number)).where(Revision.message_id == message_id))
    return found, (highest or 0) + 1


def check_open(message: Message) -> None:
    """Raise :class:`AlreadyRetracted` if nothing may follow."""
    if message.retracted_at is not None:
        raise AlreadyRetracted(message)


async def _place(
    session: AsyncSession, activation: Activation, kind: Kind, message_id: int | None
) -> tuple[Message, int, Revision | None]:
    """The message a new revision belongs to, its number, and what it supersedes."""
    if kind is Kind.ALERT:
        if message_id is not None:
            raise Invalid("An alert begins a message of its own. To go on with one, write an update or a correction.")
        message = Message(mode=activation.mode, activation_id=activation.id)
        session.add(message)
        await session.flush()
        return message, 1, None
    if message_id is None:
        raise Invalid(f"An {kind.value.replace('_', '-')} goes on with a message: name which one.")
    found = await session.get(Message, message_id, with_for_update=True)
    if found is None or found.activation_id != activation.id:
        raise NotFound("message", message_id, f"Activation {activation.id} has no such message.")
    check_open(found)
    superseded, number = await last(session, found.id)
    if superseded is None:
        raise Conflict(f"Nothing of message {message_id} has been sent yet. Approve its alert first.")
    return found, number, superseded


async def _check_audience(session: AsyncSession, audience_id: int | None) -> None:
    if audience_id is not None and await session.get(Audience, audience_id) is None:
        raise NotFound("audience", audience_id)
