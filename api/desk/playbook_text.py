"""Playbook text: a text of a playbook in the language of a page, and which language that became."""

from dataclasses import dataclass

from crisis.playbooks.texts import LText


@dataclass(frozen=True, slots=True)
class Spoken:
    """The text, and the language that it is in."""

    text: str
    language: str
    is_foreign: bool
    """The playbook has it in another language than the page's only, and the page says so."""


def spoken(text: LText | str, language: str, primary: str) -> Spoken:
    """A text in the page's language; in the playbook's own where it has none. A bare one is the same to everybody."""
    if isinstance(text, str):
        return Spoken(text, language, is_foreign=False)
    if text.has(language):
        return Spoken(text.get(language), language, is_foreign=False)
    other = primary if text.has(primary) else min(text.languages)
    return Spoken(text.get(other), other, is_foreign=True)
