"""The desk: see a revision as each channel would carry it, and approve it. Approval is the moment everything freezes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.accounts.models import Account, AccountState
from crisis.activations import service as activations
from crisis.activations.states import ActivationState
from crisis.audiences.models import Audience, Membership
from crisis.audit import chain
from crisis.channels import Capabilities
from crisis.db import Database
from crisis.deliveries import outbox
from crisis.deliveries.models import Rendition
from crisis.errors import Conflict, Invalid
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.content import Content
from crisis.messages.models import Message, Revision, RevisionState
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered, check
from crisis.mode import Mode
from crisis.roles import Act, Actor, require


@dataclass(frozen=True, slots=True)
class Preview:
    """One channel and language of a revision, as it would go out, with what stops it."""

    channel: str
    language: str
    accounts: Sequence[str]
    rendered: Rendered
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What approving would do: every text, and how many deliveries per channel."""

    previews: Sequence[Preview]
    deliveries: Mapping[str, int]
    problems: Sequence[str] = field(default_factory=tuple)
    """Everything that stops it, the previews' problems included."""


@dataclass(frozen=True, slots=True)
class Approved:
    """What approving did: the frozen revision, and how many deliveries per channel are on their way."""

    revision: Revision
    deliveries: Mapping[str, int]
    cancelled: int
    """Deliveries of earlier revisions that had not gone out and now never will."""


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
    ) -> None:
        self._db, self._renderer, self._capabilities = db, renderer, capabilities
        self._unit, self._languages, self._validity = editors_unit, tuple(languages), validity

    async def preview(self, actor: Actor, revision_id: int) -> Plan:
        """Exactly what approving would send, and everything that stops it. Changes nothing."""
        require(actor, Act.READ_CRISIS)
        async with self._db.transaction() as session:
            revision = await drafts.get(session, revision_id)
            message = await session.get_one(Message, revision.message_id)
            accounts = await self._accounts(session, revision)
            people = await self._people(session, revision)
            superseded = await self._superseded(session, revision)
            return self._plan(revision, superseded, message.mode, accounts, people, clock.now())

    async def approve(self, actor: Actor, revision_id: int) -> Approved:
        """Freeze a draft and put it out to every editors' account and to its audience, in one transaction.

        May be done while the activation is still locking: crisis messages never wait for the drain. Raises
        :class:`Invalid` with every problem and its numbers, :class:`drafts.AlreadyApproved`, and :class:`Conflict` after
        stand-down.
        """
        require(actor, Act.APPROVE_MESSAGE)
        now = clock.now()
        async with self._db.transaction() as session:
            revision = await drafts.draft(session, revision_id)
            message = await session.get_one(Message, revision.message_id, with_for_update=True)
            activation = await activations.get(session, message.activation_id)
            if activation.state is ActivationState.STOOD_DOWN:
                raise Conflict(f"Activation {activation.id} is stood down. Nothing more is sent for it.")
            await self._check_still_newest(session, revision)
            accounts = await self._accounts(session, revision)
            people = await self._people(session, revision)
            superseded = await self._superseded(session, revision)
            plan = self._plan(revision, superseded, message.mode, accounts, people, now)
            if plan.problems:
                raise Invalid("The message cannot go out as it is. Nothing was sent.", plan.problems)
            revision.state, revision.approved_by, revision.approved_at = RevisionState.APPROVED, actor.name, now
            await session.flush()
            cancelled = await outbox.supersede(session, message.id, revision.number)
            sent = await self._put_out(session, message, revision, accounts, plan, now)
            subject = f"revision:{revision.id}"
            detail = {
                "kind": revision.kind.value,
                "number": revision.number,
                "deliveries": sent,
                "cancelled": cancelled,
            }
            await chain.append(session, actor, "approve", subject, mode=message.mode, **detail)
        return Approved(revision, sent, cancelled)

    def _plan(
        self,
        revision: Revision,
        superseded: int | None,
        mode: Mode,
        accounts: Sequence[Account],
        people: int | None,
        now: datetime,
    ) -> Plan:
        contents = {language: Content.model_validate(fields) for language, fields in revision.contents.items()}
        problems: list[str] = []
        if not accounts:
            problems.append(
                f"No connected account of {self._unit} can carry a crisis message. See: crisis accounts list, connect."
            )
        if people == 0:
            problems.append("The audience is empty: nobody would get the SMS. Import recipients first.")
        previews, deliveries = [], dict[str, int]()
        for channel in dict.fromkeys(account.channel for account in accounts):
            capabilities = self._capabilities[channel]
            names = [account.name for account in accounts if account.channel == channel]
            for language in (language for language in self._languages if language in contents):
                rendered = self._renderer.render(
                    revision.kind.value,
                    channel,
                    capabilities,
                    contents[language],
                    language=language,
                    mode=mode,
                    next_update_at=revision.next_update_at,
                    number=revision.number,
                    now=now,
                    replaced=superseded,
                )
                found = check(rendered, capabilities)
                previews.append(Preview(channel, language, names, rendered, found))
                problems += found
            deliveries[channel] = (people or 0) if capabilities.recipients else len(names) * len(contents)
        return Plan(previews, deliveries, problems)

    async def _put_out(
        self,
        session: AsyncSession,
        message: Message,
        revision: Revision,
        accounts: Sequence[Account],
        plan: Plan,
        now: datetime,
    ) -> dict[str, int]:
        renditions: dict[str, dict[str, Rendition]] = {}
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
                thread=f"activation-{message.activation_id}",
                issued_at=now,
                next_update_at=revision.next_update_at,
            )
            session.add(rendition)
            renditions.setdefault(preview.channel, {})[preview.language] = rendition
        await session.flush()
        deadline, sent, public = now + self._validity, dict[str, int](), list[tuple[int, int]]()
        for account in accounts:
            by_language = {language: rendition.id for language, rendition in renditions[account.channel].items()}
            if not self._capabilities[account.channel].recipients:
                public += [(rendition, account.id) for rendition in by_language.values()]
                sent[account.channel] = sent.get(account.channel, 0) + len(by_language)
            elif revision.audience_id is not None:
                sent[account.channel] = await outbox.to_audience(
                    session, message.mode, Lane.SMS, by_language, account.id, revision.audience_id, deadline_at=deadline
                )
        await outbox.to_accounts(session, message.mode, Lane.PUBLIC, public, deadline_at=deadline)
        return sent

    async def _accounts(self, session: AsyncSession, revision: Revision) -> list[Account]:
        """The editors' connected accounts on channels this service publishes to; of those that send to recipients, the
        first one, and only if the revision has an audience: nobody should get the same SMS from two senders.
        """
        of_unit = select(Account).where(Account.unit == self._unit, Account.state == AccountState.ACTIVE)
        found, sender = [], None
        for account in await session.scalars(of_unit.where(Account.address.is_not(None)).order_by(Account.id)):
            capabilities = self._capabilities.get(account.channel)
            if capabilities is None:
                continue
            if not capabilities.recipients:
                found.append(account)
            elif sender is None and revision.audience_id is not None:
                sender = account
        if revision.audience_id is not None and sender is None:
            raise Invalid(
                f"The message has an audience, but {self._unit} has no connected SMS account to send it from. "
                "Connect one (crisis accounts connect), or leave the audience out."
            )
        return found if sender is None else [*found, sender]

    async def _people(self, session: AsyncSession, revision: Revision) -> int | None:
        if revision.audience_id is None:
            return None
        audience = await session.get_one(Audience, revision.audience_id)
        members = select(func.count()).select_from(Membership).where(Membership.audience_id == audience.id)
        return int(await session.scalar(members) or 0)

    async def _superseded(self, session: AsyncSession, revision: Revision) -> int | None:
        """The number of the revision it replaces: what a correction names."""
        if revision.supersedes_id is None:
            return None
        return (await session.get_one(Revision, revision.supersedes_id)).number

    async def _check_still_newest(self, session: AsyncSession, revision: Revision) -> None:
        newer = select(Revision).where(
            Revision.message_id == revision.message_id,
            Revision.state == RevisionState.APPROVED,
            Revision.number > revision.number,
        )
        if found := (await session.scalars(newer.limit(1))).one_or_none():
            raise Conflict(
                f"Revision {found.number} was approved by {found.approved_by} after this draft was begun. "
                "Write a new revision on top of it."
            )
