"""The desk: see a revision as each channel would carry it, approve it, and take it back. Approval is when everything freezes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.activations.models import thread_of
from crisis.audit import chain
from crisis.channels import Capabilities
from crisis.db import Database
from crisis.deliveries import outbox, reach
from crisis.deliveries.models import Rendition
from crisis.errors import Conflict
from crisis.lanes import Lane
from crisis.messages import drafts, duplicate, order, release
from crisis.messages.hints.hint import Hint
from crisis.messages.hints.service import Checker
from crisis.messages.models import Kind, Message, Revision, RevisionState
from crisis.messages.outcome import Approved, Faulty, Retracted
from crisis.messages.plan import Plan, Planner
from crisis.messages.release import Rule, Standing
from crisis.messages.render import Renderer
from crisis.messages.targets import REST
from crisis.roles import Act, Actor, require


class Desk:
    """Where the web editors preview and approve."""

    def __init__(
        self,
        db: Database,
        renderer: Renderer,
        capabilities: Mapping[str, Capabilities],
        *,
        editors_unit: str,
        languages: Sequence[str],
        validity: timedelta,
        checker: Checker,
        rule: Rule | None = None,
        part_price: Decimal = Decimal(0),
    ) -> None:
        self._db, self._validity = db, validity
        self.rule, self._checker = rule or Rule(), checker
        self._primary = languages[0]
        self._planner = Planner(
            renderer, capabilities, editors_unit=editors_unit, languages=languages, part_price=part_price
        )

    async def preview(self, actor: Actor, revision_id: int) -> Plan:
        """Exactly what approving would send, its retraction, and everything that stops it. Changes nothing."""
        require(actor, Act.READ_CRISIS)
        async with self._db.transaction() as session:
            revision = await drafts.get(session, revision_id)
            message = await drafts.get_message(session, revision.message_id)
            return await self._planner.plan(session, message, revision, clock.now())

    async def hints(self, actor: Actor, revision_id: int) -> Sequence[Hint]:
        """What an editor may want to look at before sending, the worst first. None of it stops anything."""
        return (await self.look(actor, revision_id))[1]

    async def look(
        self, actor: Actor, revision_id: int, leave_out: Collection[str] = ()
    ) -> tuple[Plan, Sequence[Hint], Standing]:
        """Everything a page shows of a draft at once: :meth:`preview`, :meth:`hints`, and whether this actor may release it."""
        require(actor, Act.READ_CRISIS)
        async with self._db.transaction() as session:
            revision = await drafts.get(session, revision_id)
            message = await drafts.get_message(session, revision.message_id)
            now = clock.now()
            plan = await self._planner.plan(session, message, revision, now, leave_out)
            found = await self._checker.hints(session, message, revision, plan, now)
            return plan, found, self.rule.standing(actor, revision, message.mode, now)

    async def approve(
        self,
        actor: Actor,
        revision_id: int,
        leave_out: Collection[str] = (),
        *,
        channels: Sequence[str] | None = None,
        seen: int | None = None,
    ) -> Approved:
        """Freeze a draft and put it out, in one transaction, to everyone the preview counted.

        ``channels`` goes before the draft's own choice: none but the crisis page where it is empty. ``seen`` is the ``saves`` of the
        text that was read: one that was changed since is not sent.
        ``leave_out``: translations that wait, because they are not finished and the message cannot; never the primary language. They
        are kept as typed, and what follows this message begins with them.

        May be done while the activation is still locking: crisis messages never wait for the drain. The hints that are left
        go on record with it, and so does whether one person released alone. Raises :class:`Invalid` with every problem and its
        numbers (those of its retraction too), :class:`drafts.AlreadyApproved`, :class:`drafts.AlreadyRetracted`,
        :class:`drafts.ChangedSince`, :class:`duplicate.SameAgain`, :class:`release.SecondPersonNeeded`, and :class:`Conflict` after
        stand-down.
        """
        require(actor, Act.APPROVE_MESSAGE)
        async with self._db.transaction() as session:
            revision = await drafts.unapproved(session, revision_id)
            if seen is not None and seen != revision.saves:
                raise drafts.ChangedSince(revision)
            message = await drafts.get_message(session, revision.message_id, lock=True)
            drafts.check_open(message)
            await order.check_in_force(session, message)
            await order.check_still_newest(session, revision)
            now = await outbox.moment(session, message.id)
            standing = self.rule.check(actor, revision, message.mode, now)
            self._leave_out(revision, leave_out)
            revision.channels = revision.channels if channels is None else sorted(set(channels))
            done = await self._put_out(session, actor, message, revision, now)
            detail: dict[str, Any] = {
                "kind": revision.kind.value,
                "number": revision.number,
                "deliveries": done.deliveries,
            }
            if standing.is_alone:
                detail["alone"] = True
            if revision.left_out:
                detail["left_out"] = list(revision.left_out)
            if left := [each.recorded() for each in done.hints]:
                detail["hints"] = left
            subject = f"revision:{revision.id}"
            await chain.append(
                session, actor, "approve", subject, mode=message.mode, **detail, cancelled=done.cancelled
            )
        return done

    async def retract(self, actor: Actor, message_id: int, reason: str = "") -> Retracted:
        """False alarm: put out what was prepared with the alert, to everyone anything of the message was attempted for, and
        end the message. One act, one transaction.

        Where nothing of it was attempted yet, nobody needs to be told: what waits is cancelled and nothing is sent. ``reason``
        goes on record and nowhere else. Raises :class:`crisis.errors.NotFound`, :class:`drafts.AlreadyRetracted`, :class:`Invalid` when
        nothing can carry it, and :class:`Conflict` when nothing was approved or after stand-down.
        """
        require(actor, Act.APPROVE_MESSAGE)
        async with self._db.transaction() as session:
            message = await drafts.get_message(session, message_id, lock=True)
            await order.check_in_force(session, message)
            newest, number = await _to_take_back(session, message)
            now = await outbox.moment(session, message.id)
            message.retracted_at, message.retracted_by, message.retracted_for = now, actor.name, reason or None
            cancelled = await outbox.supersede(session, message.id, number)
            if not await reach.touched(session, message.id, number):
                await _record(session, actor, message, reason, {}, cancelled)
                return Retracted(message, None, {}, cancelled)
            revision = _retraction(message, newest, number, actor, now)
            session.add(revision)
            await session.flush()
            revision.contents = await self._planner.taking_back(session, revision, now)
            done = await self._put_out(session, actor, message, revision, now)
            await _record(session, actor, message, reason, done.deliveries, cancelled)
        return Retracted(message, done.revision, done.deliveries, cancelled)

    async def preview_retraction(self, actor: Actor, message_id: int) -> Plan:
        """What :meth:`retract` would say now, and to how many. Changes nothing.

        Where nothing was attempted yet, it is empty: then nobody is told, and what waits is cancelled. Raises as
        :meth:`retract`, but for problems, which are in the plan.
        """
        require(actor, Act.READ_CRISIS)
        async with self._db.transaction() as session:
            message = await drafts.get_message(session, message_id)
            await order.check_in_force(session, message)
            newest, number = await _to_take_back(session, message)
            if not await reach.touched(session, message.id, number):
                return Plan((), {})
            now = clock.now()
            return await self._planner.plan(session, message, _retraction(message, newest, number, actor, now), now)

    def _leave_out(self, revision: Revision, languages: Collection[str]) -> None:
        """Move translations out of what goes out now."""
        contents = revision.contents
        waiting = {each: text for each, text in contents.items() if each in languages and each != self._primary}
        revision.left_out = waiting
        revision.contents = {each: text for each, text in contents.items() if each not in waiting}

    async def _put_out(
        self, session: AsyncSession, actor: Actor, message: Message, revision: Revision, now: datetime
    ) -> Approved:
        """Freeze a revision and write its deliveries. What has not gone out of the earlier ones is cancelled first, so that
        whom they were attempted for is settled while this is worked out.
        """
        cancelled = await outbox.supersede(session, message.id, revision.number)
        plan = await self._planner.plan(session, message, revision, now)
        if plan.problems:
            raise Faulty(plan.faults)
        left: Sequence[Hint] = ()
        if revision.kind is not Kind.RETRACTION:
            left = await self._checker.hints(session, message, revision, plan, now)
            revision.contents = {language: content.kept() for language, content in plan.contents.items()}
            await duplicate.check(session, message, revision, now)
        release.move(revision, RevisionState.APPROVED)
        revision.approved_by, revision.approved_at = actor.name, now
        renditions = await self._renditions(session, message, revision, plan, now)
        deadline, sent = now + self._validity, dict[str, int]()
        public = [
            (rendition, account.id) for account in plan.to.public for rendition in renditions[account.channel].values()
        ]
        await outbox.to_accounts(session, message.mode, Lane.PUBLIC, public, deadline_at=deadline, at=now)
        for account in plan.to.public:
            sent[account.channel] = sent.get(account.channel, 0) + len(renditions[account.channel])
        for channel in dict.fromkeys(account.channel for account in plan.to.senders):
            sent[channel] = await reach.write(
                session,
                message.mode,
                Lane.SMS,
                renditions[channel],
                plan.to.sender.id if plan.to.sender else None,
                message.id,
                revision.number,
                rest=revision.kind in REST,
                audience_id=revision.audience_id,
                at=now,
                deadline_at=deadline,
            )
        return Approved(revision, sent, cancelled, left)

    async def _renditions(
        self, session: AsyncSession, message: Message, revision: Revision, plan: Plan, now: datetime
    ) -> dict[str, dict[str, int]]:
        made: dict[str, dict[str, Rendition]] = {}
        for preview in plan.previews:
            rendered = preview.rendered
            rendition = Rendition(
                mode=message.mode,
                revision_id=revision.id,
                channel=preview.channel,
                language=preview.language,
                kind=revision.kind.value,
                title=rendered.title,
                text=rendered.text,
                html=rendered.html,
                length=rendered.length.count,
                thread=thread_of(message.activation_id),
                issued_at=now,
                next_update_at=revision.next_update_at,
            )
            session.add(rendition)
            made.setdefault(preview.channel, {})[preview.language] = rendition
        await session.flush()
        return {channel: {language: each.id for language, each in by.items()} for channel, by in made.items()}


async def _record(
    session: AsyncSession, actor: Actor, message: Message, reason: str, deliveries: Mapping[str, int], cancelled: int
) -> None:
    detail = {"reason": reason, "deliveries": dict(deliveries), "cancelled": cancelled}
    await chain.append(session, actor, "retract", f"message:{message.id}", mode=message.mode, **detail)


async def _to_take_back(session: AsyncSession, message: Message) -> tuple[Revision, int]:
    """The newest approved revision, and the number of its retraction."""
    drafts.check_open(message)
    newest, number = await drafts.last(session, message.id)
    if newest is None:
        raise Conflict(
            f"Nothing of message {message.id} was ever approved, so there is nothing to take back. Leave the draft."
        )
    return newest, number


def _retraction(message: Message, newest: Revision, number: int, actor: Actor, now: datetime) -> Revision:
    return Revision(
        message_id=message.id,
        number=number,
        kind=Kind.RETRACTION,
        supersedes_id=newest.id,
        contents={},
        audience_id=newest.audience_id,
        state=RevisionState.DRAFT,
        saves=1,
        written_by=actor.name,
        written_at=now,
    )
