"""Contents: whether the first message said the five things a warning must, and whether everybody was told the same.

Asked of the same checks that the editors are asked by while they write (:mod:`crisis.messages.hints`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from crisis.channels import Unit as LengthUnit
from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import Part, Value
from crisis.drills.measures.spread import approved_at, first
from crisis.messages.content import Content
from crisis.messages.hints import lexicon
from crisis.messages.hints.given import CHECKS, Given
from crisis.messages.hints.service import MODULES
from crisis.messages.lengths import Length
from crisis.messages.library import Library
from crisis.messages.models import Revision
from crisis.messages.words import Words
from crisis.mode import Mode
from crisis.settings import Settings
from crisis.tongue.texts import lazily as N_

ELEMENTS: Final = ("source", "hazard", "location", "guidance", "time")
"""Who says it, what, where, what to do, until when (Mileti and Sorensen 1990): each the name of the check that misses it."""
NAMES: Final[Mapping[str, str]] = {
    "source": N_("Mangler: hvem som sier det"),
    "hazard": N_("Mangler: hva som har skjedd"),
    "location": N_("Mangler: hvor"),
    "guidance": N_("Mangler: hva folk skal gjøre"),
    "time": N_("Mangler: når neste melding kommer"),
}
SAME: Final = ("same", "location", "guidance")
"""Checks that find a time or figure that differs, and a short text without the place or the advice of the long one."""
assert MODULES  # noqa: S101 - importing them is what declares the checks


@dataclass(frozen=True, slots=True)
class Judge:
    """What the checks need around a message."""

    library: Library
    lexicons: Mapping[str, lexicon.Lexicon]
    words: Words
    settings: Settings

    @classmethod
    def of(cls, settings: Settings, library: Library) -> Self:
        """With everything that is read from the templates' folder."""
        folder = settings.templates_dir
        return cls(library, lexicon.load(folder), Words.load(folder), settings)

    def completeness(self, run: Evidence) -> Value:
        """How many of the five things the first message said, in every language it was written in."""
        given = self._given(run, first(run))
        missing = [name for name in ELEMENTS if any(True for _ in CHECKS[name](given))]
        return Value(float(len(ELEMENTS) - len(missing)), [Part(NAMES[name]) for name in missing])

    def consistency(self, run: Evidence) -> Value:
        """How many messages told somebody another time, figure, place or advice than others: between languages, or short and long."""
        first(run)
        parts = []
        for revision in run.sent:
            if differing := self._differing(run, revision):
                names = {
                    "message": str(revision.message_id),
                    "revision": str(revision.number),
                    "what": ", ".join(differing),
                }
                parts.append(Part(N_("Melding %(message)s, versjon %(revision)s: %(what)s"), names=names))
        return Value(float(len(parts)), parts)

    def _differing(self, run: Evidence, revision: Revision) -> Sequence[str]:
        given = self._given(run, revision)
        return [
            hint.found for name in SAME for hint in CHECKS[name](given) if name == "same" or hint.place.field == "short"
        ]

    def _given(self, run: Evidence, revision: Revision) -> Given:
        contents = {
            language: Content.model_construct(**{"short": "", **fields})
            for language, fields in revision.contents.items()
        }
        mark = self.words.marker if run.mode is Mode.EXERCISE else ""
        return Given(
            kind=revision.kind,
            languages=[each for each in self.settings.languages if each in contents] or list(contents),
            contents=contents,
            lexicons=self.lexicons,
            words=self.words,
            municipality=self.settings.municipality,
            host=self.settings.crisis_page_host,
            now=approved_at(revision),
            templates=tuple(self.library),
            sms={
                each.language: (
                    self._bare(each.text, each.language, mark),
                    Length(len(each.text), LengthUnit.SEGMENTS, 0),
                )
                for each in run.texts
                if each.revision_id == revision.id and each.channel == "sms" and each.language in contents
            },
            next_update_at=revision.next_update_at,
        )

    def _bare(self, text: str, language: str, mark: str) -> str:
        """A text message without the marker in front."""
        also = " ".join(filter(None, (mark, self.words.also_marked(language)))) if mark else ""
        return text.removeprefix(also).removeprefix(mark).lstrip(". ")


ELEMENT_COUNT: Final = float(len(ELEMENTS))
