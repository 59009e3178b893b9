"""Service: the hints of a draft, the worst first and few enough to read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import Unit
from crisis.messages.hints import accord, carriage, contents, harm, wording
from crisis.messages.hints.given import CHECKS, Given
from crisis.messages.hints.hint import Hint
from crisis.messages.hints.lexicon import Lexicon
from crisis.messages.lengths import Length
from crisis.messages.library import Library
from crisis.messages.models import Message, Revision
from crisis.messages.plan import Plan
from crisis.messages.words import Words

MOST: Final = 5
"""Shown at once: more are not read."""
MODULES: Final = (harm, contents, accord, carriage, wording)
"""Where the checks are declared."""
ORDER: Final = (
    "personal", "police", "guidance", "hazard", "location", "time", "same", "source", "promise", "blame", "link",
    "reassure", "today", "sms", "translation", "alt", "negation", "caps", "hard", "long",
)  # fmt: skip
"""The worst first: what may hurt somebody, what a warning cannot do without, what misleads, and what is only hard to read."""


def hints_of(given: Given, most: int = MOST) -> list[Hint]:
    """At most ``most`` hints, the worst first: of each check one in each language, or it would fill the list by itself."""
    found: list[Hint] = []
    for name in ORDER:
        seen: set[str] = set()
        for hint in CHECKS[name](given):
            if hint.place.language not in seen:
                seen.add(hint.place.language)
                found.append(hint)
    return found[:most]


class Checker:
    """What the desk asks for hints."""

    def __init__(
        self,
        library: Library,
        lexicons: Mapping[str, Lexicon],
        words: Words,
        *,
        languages: Sequence[str],
        municipality: str,
        host: str,
    ) -> None:
        self._library, self._lexicons, self._words = library, lexicons, words
        self._languages, self._municipality, self._host = tuple(languages), municipality, host

    async def hints(
        self, session: AsyncSession, message: Message, revision: Revision, plan: Plan, now: datetime
    ) -> list[Hint]:
        """Of a revision as it is planned to go out."""
        before = await session.get(Revision, revision.supersedes_id) if revision.supersedes_id else None
        return hints_of(self.given(message, revision, plan, now, before.next_update_at if before else None))

    def given(
        self, message: Message, revision: Revision, plan: Plan, now: datetime, promised_at: datetime | None = None
    ) -> Given:
        """What the checks look at."""
        return Given(
            kind=revision.kind,
            languages=self._languages,
            contents=plan.shown,
            lexicons=self._lexicons,
            words=self._words,
            municipality=self._municipality,
            host=self._host,
            now=now,
            template=self._library.find(message.hazard),
            templates=tuple(self._library),
            sms=self._sms(plan),
            next_update_at=revision.next_update_at,
            promised_at=promised_at,
            outdated=outdated(revision.part_saves, self._languages),
            unfinished=[each for each in plan.shown if each not in plan.contents],
        )

    def _sms(self, plan: Plan) -> dict[str, tuple[str, Length]]:
        found = {}
        for preview in plan.previews:
            rendered = preview.rendered
            if rendered.length.unit is Unit.SEGMENTS:
                mark = " ".join(filter(None, (self._words.marker, self._words.also_marked(rendered.language))))
                found[rendered.language] = (rendered.text.removeprefix(mark).lstrip(". "), rendered.length)
        return found


def outdated(part_saves: Mapping[str, Any], languages: Sequence[str]) -> list[str]:
    """The translations that were saved before the primary language was saved last."""
    primary = part_saves.get(languages[0], {}).get("at", "")
    return [each for each in languages[1:] if each in part_saves and part_saves[each]["at"] < primary]
