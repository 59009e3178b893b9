"""Words: what messages say by themselves around the editors' text, per language, from ``messages/_base/words.json``.

Times are local (Europe/Oslo), written as each language writes them: ``kl. 05.58``, ``at 05:58``.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crisis.clock import OSLO
from crisis.errors import Invalid, Unready

PLACE = Path("messages/_base/words.json")


class _Shipped(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindWords(_Shipped):
    """What one kind of message adds. ``{replaced}`` is the number of the message it replaces; empty where it adds nothing."""

    label: str
    """Before the headline."""
    opening: str
    """Before what happened, in the full forms."""
    advice: str
    """The heading of what to do."""


class RetractionWords(_Shipped):
    """What a retraction says. ``{at}`` is when the alert went out; ``{headline}`` and ``{contact}`` are the alert's own."""

    headline: str
    what_happened: str
    what_to_do: Annotated[tuple[str, ...], Field(min_length=1)]
    short: str
    """What happened and what to do, in the short forms."""
    ask: str
    """Whom to ask, in the short forms that have room for it."""


class LanguageWords(_Shipped):
    """Everything in one language. Names in braces are filled in by :class:`crisis.messages.render.Renderer`."""

    name: str
    """The language's own name, for the editors."""
    also_marked: str
    """After the exercise marker, for those who do not read Norwegian."""
    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    clock: str
    """The time of day, as ``strftime`` takes it."""
    at: str
    on: str
    date: str
    next: str
    where: str
    leads: str
    contact: str
    see: str
    follow: str
    sender: str
    kinds: Mapping[str, KindWords]
    retraction: RetractionWords

    def moment(self, when: datetime, now: datetime) -> str:
        """``kl. 05.58``; with the date in front when that is another day in Norway than ``now``. Both must know their zone."""
        if when.utcoffset() is None or now.utcoffset() is None:
            raise ValueError("A time without a time zone cannot be shown as Norwegian time.")
        local = when.astimezone(OSLO)
        pattern = self.at if local.date() == now.astimezone(OSLO).date() else self.on
        return pattern.format(day=local.day, month=self.months[local.month - 1], time=local.strftime(self.clock))


class Words(_Shipped):
    """The exercise marker, the same in every language, and the words of each language."""

    marker: Annotated[str, Field(min_length=1)]
    languages: Mapping[str, LanguageWords]

    @classmethod
    def load(cls, templates_dir: Path) -> "Words":
        """Read them. Raises :class:`crisis.errors.Unready` when the file is not there or not whole."""
        path = templates_dir / PLACE
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise Unready(
                f"The words for messages cannot be read from {path} ({error.strerror}). No message can be written. "
                "Check CRISIS_TEMPLATES_DIR, or install again."
            ) from error
        except ValidationError as error:
            raise Unready(
                f"The words for messages in {path} are not whole. No message can be written. Mend the file:\n{error}"
            ) from error

    def language(self, language: str) -> LanguageWords:
        """The words of one language. Raises :class:`crisis.errors.Invalid`, naming those there are."""
        try:
            return self.languages[language]
        except KeyError:
            raise Invalid(
                f"A message cannot be written in {language!r}: there are words for {', '.join(self.languages)}. "
                f"Leave that language out, or add its words to {PLACE}."
            ) from None

    def name(self, language: str) -> str:
        """What to call a language, with or without words for it."""
        known = self.languages.get(language)
        return known.name if known else language

    def also_marked(self, language: str) -> str:
        """What follows the marker in one language; nothing where the language has no words."""
        known = self.languages.get(language)
        return known.also_marked if known else ""
