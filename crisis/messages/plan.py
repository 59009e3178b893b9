"""Plan: a revision as each channel would carry it, where it would go, and everything that stops it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Capabilities
from crisis.deliveries.reach import Reach
from crisis.messages import cost, promised, retraction, targets, unfinished
from crisis.messages.content import Content, read_contents
from crisis.messages.cost import Cost
from crisis.messages.faults import Fault
from crisis.messages.models import Kind, Message, Revision, RevisionState
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered, faults
from crisis.messages.retraction import TakenBack
from crisis.messages.targets import Targets

_ANOTHER_DAY = timedelta(days=2)
"""A retraction may go out on another day than its alert, and then it is longer by the date."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One channel and language of a revision, as it would go out, with what stops it."""

    channel: str
    language: str
    accounts: Sequence[str]
    rendered: Rendered
    faults: Sequence[Fault]

    @property
    def problems(self) -> list[str]:
        """What stops it, in English."""
        return [fault.said for fault in self.faults]


@dataclass(frozen=True, slots=True)
class Plan:
    """What approving would do: every text, and how many deliveries per channel."""

    previews: Sequence[Preview]
    deliveries: Mapping[str, int]
    faults: Sequence[Fault] = ()
    """Everything that stops it, the previews' faults included."""
    retraction: Sequence[Preview] = ()
    """What would be said if it proved a false alarm, as it would go out today: one command away once this is approved."""
    to: Targets = field(default_factory=Targets)
    contents: Mapping[str, Content] = field(default_factory=dict)
    """What is whole of the text, as it would be frozen."""
    shown: Mapping[str, Content] = field(default_factory=dict)
    """All of it as far as it is typed: what the previews are made of."""
    cost: Cost | None = None
    """Of the text messages; nothing where there are none."""

    @property
    def problems(self) -> list[str]:
        """What stops it, in English."""
        return [fault.said for fault in self.faults]

    @property
    def people(self) -> Reach | None:
        """Whom it goes to by SMS, counted; nothing where it goes to no people."""
        return self.to.people


class Planner:
    """Renders and checks what the desk is asked to approve."""

    def __init__(
        self,
        renderer: Renderer,
        capabilities: Mapping[str, Capabilities],
        *,
        editors_unit: str,
        languages: Sequence[str],
        part_price: Decimal,
    ) -> None:
        self._renderer, self._capabilities = renderer, capabilities
        self._unit, self._languages = editors_unit, tuple(languages)
        self._part_price = part_price

    async def plan(
        self,
        session: AsyncSession,
        message: Message,
        revision: Revision,
        now: datetime,
        leave_out: Collection[str] = (),
    ) -> Plan:
        """What approving ``revision`` at ``now`` would do, without the languages in ``leave_out``. A retraction is rendered out of
        the alert it takes back. An unfinished text is shown as far as it goes; what is missing is among the faults.
        """
        to = await targets.find(session, revision, self._capabilities, self._unit)
        story = await _story(session, revision)
        sent_at = story[0].approved_at or now
        found = list(to.faults)
        if revision.kind is Kind.RETRACTION:
            contents, shown = dict[str, Content](), dict[str, Content]()
            taken = retraction.taken_back(sent_at, [each.contents for each in story], self._languages)
            previews, prepared = list(self._taking_back(taken, message, revision.number, to, (now,))), []
        else:
            contents, shown, missing = self._read(revision, now, leave_out)
            found = [*missing, *found]
            before = [each.contents for each in story if each is not revision]
            taken = retraction.taken_back(sent_at, [*before, shown], self._languages)
            replaced = next((each.number for each in story if each.id == revision.supersedes_id), None)
            previews = list(self._previews(message, revision, shown, replaced, to, now))
            when = (now, now + _ANOTHER_DAY)
            prepared = list(self._taking_back(taken, message, revision.number + 1, to, when))
        found += [fault for each in previews for fault in each.faults]
        found += [fault.in_retraction() for each in prepared for fault in each.faults]
        deliveries, costs = dict[str, int](), None
        for channel, names in _by_channel(to):
            of_channel = [each for each in previews if each.channel == channel]
            if not self._capabilities[channel].recipients:
                deliveries[channel] = len(of_channel) * len(names)
                continue
            deliveries[channel] = to.people.people if to.people is not None else 0
            if to.people is not None:
                parts = {each.language: each.rendered.length.count for each in of_channel}
                costs = cost.of(to.people.by_language, parts, self._part_price)
        return Plan(previews, deliveries, found, prepared, to, contents, shown, costs)

    def _read(
        self, revision: Revision, now: datetime, leave_out: Collection[str]
    ) -> tuple[dict[str, Content], dict[str, Content], Sequence[Fault]]:
        """What is whole of a revision's text, all of it as far as it can be shown, and what is missing."""
        raw = {language: fields for language, fields in revision.contents.items() if language not in leave_out}
        whole, missing = read_contents(raw, self._languages)
        shown = {language: whole.get(language) or unfinished.sketch(fields) for language, fields in raw.items()}
        late = None
        if revision.state is not RevisionState.APPROVED:
            late = promised.fault(revision.kind, revision.next_update_at, now)
        return whole, shown, [*missing, *([late] if late else [])]

    async def taking_back(self, session: AsyncSession, revision: Revision, now: datetime) -> dict[str, Any]:
        """What a retraction says, as the contents of its revision: ``{language: Content as JSON}``."""
        story = await _story(session, revision)
        sent_at = story[0].approved_at or now
        taken = retraction.taken_back(sent_at, [each.contents for each in story], self._languages)
        words = self._renderer.words
        return {
            language: retraction.prepared(words.language(language), content, sent_at, now).kept()
            for language, content in taken.contents.items()
        }

    def _previews(
        self,
        message: Message,
        revision: Revision,
        contents: Mapping[str, Content],
        replaced: int | None,
        to: Targets,
        now: datetime,
    ) -> Iterator[Preview]:
        for channel, names in _by_channel(to):
            for language in (language for language in self._languages if language in contents):
                rendered = self._renderer.render(
                    revision.kind.value,
                    channel,
                    self._capabilities[channel],
                    contents[language],
                    language=language,
                    mode=message.mode,
                    next_update_at=revision.next_update_at,
                    number=revision.number,
                    now=now,
                    replaced=replaced,
                )
                yield Preview(channel, language, names, rendered, faults(rendered, self._capabilities[channel]))

    def _taking_back(
        self, taken: TakenBack, message: Message, number: int, to: Targets, when: Sequence[datetime]
    ) -> Iterator[Preview]:
        """The retraction as it would go out at the first of these times, checked as of all of them."""
        for channel, names in _by_channel(to):
            capabilities = self._capabilities[channel]
            for language, content in taken.contents.items():
                forms = [
                    self._renderer.render_retraction(
                        channel,
                        capabilities,
                        content,
                        language=language,
                        mode=message.mode,
                        sent_at=taken.sent_at,
                        number=number,
                        now=now,
                    )
                    for now in when
                ]
                found = next(filter(None, (faults(form, capabilities) for form in forms)), [])
                yield Preview(channel, language, names, forms[0], found)


async def _story(session: AsyncSession, revision: Revision) -> Sequence[Revision]:
    """What was approved of the message before this revision, the alert first, and the revision itself unless it only takes
    the others back.
    """
    before = select(Revision).where(
        Revision.message_id == revision.message_id,
        Revision.number < revision.number,
        Revision.state == RevisionState.APPROVED,
    )
    found = list(await session.scalars(before.order_by(Revision.number)))
    return found if revision.kind is Kind.RETRACTION else [*found, revision]


def _by_channel(to: Targets) -> Iterator[tuple[str, list[str]]]:
    for channel in dict.fromkeys(account.channel for account in to.accounts):
        yield channel, [account.name for account in to.accounts if account.channel == channel]
