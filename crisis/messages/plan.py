"""Plan: a revision as each channel would carry it, where it would go, and everything that stops it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Capabilities
from crisis.deliveries.reach import Reach
from crisis.messages import retraction, targets
from crisis.messages.content import Content
from crisis.messages.models import Kind, Message, Revision, RevisionState
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered, check
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
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What approving would do: every text, and how many deliveries per channel."""

    previews: Sequence[Preview]
    deliveries: Mapping[str, int]
    problems: Sequence[str] = field(default_factory=tuple)
    """Everything that stops it, the previews' problems included."""
    retraction: Sequence[Preview] = ()
    """What would be said if it proved a false alarm, as it would go out today: one command away once this is approved."""
    to: Targets = field(default_factory=Targets)

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
    ) -> None:
        self._renderer, self._capabilities = renderer, capabilities
        self._unit, self._languages = editors_unit, tuple(languages)

    async def plan(self, session: AsyncSession, message: Message, revision: Revision, now: datetime) -> Plan:
        """What approving ``revision`` at ``now`` would do. A retraction is rendered out of the alert it takes back."""
        to = await targets.find(session, revision, self._capabilities, self._unit)
        story = await _story(session, revision)
        sent_at = story[0].approved_at or now
        taken = retraction.taken_back(sent_at, [each.contents for each in story], self._languages)
        problems = list(to.problems)
        if revision.kind is Kind.RETRACTION:
            previews, prepared = list(self._taking_back(taken, message, revision.number, to, (now,))), []
        else:
            replaced = next((each.number for each in story if each.id == revision.supersedes_id), None)
            previews = list(self._previews(message, revision, replaced, to, now))
            when = (now, now + _ANOTHER_DAY)
            prepared = list(self._taking_back(taken, message, revision.number + 1, to, when))
        problems += [problem for each in previews for problem in each.problems]
        problems += [f"If it proved a false alarm: {problem}" for each in prepared for problem in each.problems]
        deliveries = dict[str, int]()
        for channel, names in _by_channel(to):
            to_people = to.people.people if to.people is not None else 0
            texts = sum(each.channel == channel for each in previews)
            deliveries[channel] = to_people if self._capabilities[channel].recipients else texts * len(names)
        return Plan(previews, deliveries, problems, prepared, to)

    async def taking_back(self, session: AsyncSession, revision: Revision, now: datetime) -> dict[str, Any]:
        """What a retraction says, as the contents of its revision: ``{language: Content as JSON}``."""
        story = await _story(session, revision)
        sent_at = story[0].approved_at or now
        taken = retraction.taken_back(sent_at, [each.contents for each in story], self._languages)
        words = self._renderer.words
        return {
            language: retraction.prepared(words.language(language), content, sent_at, now).model_dump(mode="json")
            for language, content in taken.contents.items()
        }

    def _previews(
        self, message: Message, revision: Revision, replaced: int | None, to: Targets, now: datetime
    ) -> Iterator[Preview]:
        contents = {language: Content.model_validate(fields) for language, fields in revision.contents.items()}
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
                yield Preview(channel, language, names, rendered, check(rendered, self._capabilities[channel]))

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
                found = next(filter(None, (check(form, capabilities) for form in forms)), [])
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
