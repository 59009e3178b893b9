"""Lexicon: the words a language's hints look for, from ``messages/hints/<language>.json``.

A word ending in ``*`` stands for every word that begins so. Languages without a file get the hints that need no words.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from crisis.errors import Unready

FOLDER: Final = Path("messages/hints")


class Day(BaseModel):
    """A word for a day that means another one tomorrow. ``says`` is what to write instead; ``{date}`` is ``days`` from today."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    word: str
    days: int = 0
    says: str = ""
    """Nothing where no date can be put in its place."""


class Lexicon(BaseModel):
    """One language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    actions: Sequence[str]
    """What people can be asked to do: imperatives."""
    vague: Sequence[str]
    """Words for a place that name none."""
    days: Sequence[Day]
    police: Sequence[str]
    """What the police decide whether to say."""
    health: Sequence[str]
    blame: Sequence[str]
    reassure: Sequence[str]
    """Phrases that calm nobody."""
    negations: Sequence[str]
    pictures: Sequence[str]
    """Phrases that send people to a picture."""
    hard: Mapping[str, str]
    """Official words, and the plain one that can stand in their place as they are."""
    heavy: Mapping[str, str]
    """The same, where the sentence has to be written anew."""
    no_change: str
    """What an update says when nothing has changed."""

    def find(self, words: Sequence[str], text: str) -> re.Match[str] | None:
        """The first of these words or phrases in a text."""
        return pattern(tuple(words)).search(text) if words else None


@cache
def pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for all of these words, whole and in any case."""
    longest_first = sorted(words, key=len, reverse=True)
    each = (re.escape(word.rstrip("*")) + (r"\w*" if word.endswith("*") else "") for word in longest_first)
    return re.compile(rf"(?<!\w)(?:{'|'.join(each)})(?!\w)", re.IGNORECASE)


def load(templates_dir: Path) -> dict[str, Lexicon]:
    """Every language there is a file for. Raises :class:`crisis.errors.Unready` for one that is not whole."""
    found = {}
    for path in sorted((templates_dir / FOLDER).glob("*.json")):
        try:
            found[path.stem] = Lexicon.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise Unready(f"The words for hints in {path} are not whole. Mend the file:\n{error}") from error
    return found
