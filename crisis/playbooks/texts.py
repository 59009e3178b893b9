"""Texts: what a playbook says in several languages."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, ConfigDict, Field, RootModel

LANGUAGES: Final = ("nb", "nn", "en", "se", "smj", "sma", "uk", "pl")
"""What a playbook may be written in (ISO 639)."""


def _known(texts: Mapping[str, str]) -> Mapping[str, str]:
    for language, text in texts.items():
        if language not in LANGUAGES:
            message = f"“{language}” is no language of playbooks. There are: {', '.join(LANGUAGES)}."
            raise ValueError(message)
        if not text.strip():
            message = f"The text in “{language}” is empty. Write it, or leave the language out."
            raise ValueError(message)
    return texts


class LText(RootModel[Annotated[Mapping[str, str], Field(min_length=1), AfterValidator(_known)]]):
    """A text in one language or more: `{nb: "Skred", en: "Landslide"}`."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"x-by-language": True})

    def get(self, language: str, primary: str = LANGUAGES[0]) -> str:
        """The text in this language; in the primary one where it has none, and else in whichever there is."""
        return self.root.get(language) or self.root.get(primary) or next(iter(self.root.values()))

    def has(self, language: str) -> bool:
        """Whether it is written in this language, or :meth:`get` gives another."""
        return language in self.root

    @property
    def languages(self) -> frozenset[str]:
        """Those it is written in."""
        return frozenset(self.root)
