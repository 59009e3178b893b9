"""Library: a first message for each kind of crisis, in every language, with names in braces for what only the day knows.

``messages/library/<hazard>.json``. Named placeholders (``{område}``) and nothing more: what is filled in is data, never a template.
A playbook supplies the same, of its own hazard (:meth:`crisis.playbooks.plan.Plan.offered`). The order of the sentences is that of the Warning Response Model: who, what, where, what to do, when.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crisis.errors import NotFound, Unready
from crisis.messages.content import Content

FOLDER: Final = Path("messages/library")
_NAME: Final = re.compile(r"\{([^{}]+)\}")


class Blank(BaseModel):
    """One thing to fill in. ``label`` and ``example`` are ``{language: text}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Mapping[str, str]
    example: Mapping[str, str]


class Template(BaseModel):
    """A message of one kind of crisis, written beforehand. Everything that is read is ``{language: ...}``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hazard: str = Field(pattern=r"^[a-z_]{1,40}$")
    """Its name everywhere: in the database, in playbooks, in addresses."""
    id: str = ""
    """Which of a playbook's it is; empty for the library's, of which there is one for each hazard."""
    place: int
    """In the list: what is likeliest and most urgent first."""
    name: Mapping[str, str]
    when: Mapping[str, str]
    """In one line, when to choose it."""
    blanks: Mapping[str, Blank]
    words: Mapping[str, Sequence[str]]
    """Words that say what has happened, for the hints; see :mod:`crisis.messages.hints.lexicon` for ``*``."""
    contents: Mapping[str, Mapping[str, Any]]
    """``{language: fields of Content}``, with the blanks' names in braces."""

    @model_validator(mode="after")
    def _names_are_known(self) -> "Template":
        used = {name for fields in self.contents.values() for name in _NAME.findall(repr(fields))}
        if used != self.blanks.keys():
            message = f"the texts have the blanks {sorted(used)}, and {sorted(self.blanks)} are described"
            raise ValueError(message)
        return self

    def filled(self, values: Mapping[str, str], languages: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The message in those of ``languages`` it has, with what is known filled in. What is not stays in its braces, where
        everybody sees it and nothing goes out before it is written.
        """
        return {each: fill(self.contents[each], values) for each in languages if each in self.contents}

    def example(self, language: str) -> Content:
        """The message as it would be on an ordinary bad day."""
        values = {name: blank.example[language] for name, blank in self.blanks.items()}
        return Content.model_validate(fill(self.contents[language], values))


def fill(fields: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Fields of a content with ``{name}`` replaced where ``values`` has something for it. What is put in is never read again."""

    def put(text: str) -> str:
        return _NAME.sub(lambda name: values.get(name[1], "").strip() or name[0], text)

    return {
        name: [put(each) for each in value] if isinstance(value, list) else put(value) for name, value in fields.items()
    }


def left(fields: Mapping[str, Any]) -> list[str]:
    """The names that wait to be filled in, each once, in the order they stand."""
    texts = (each for value in fields.values() for each in (value if isinstance(value, list) else [value]))
    return list(dict.fromkeys(name for each in texts for name in _NAME.findall(each)))


class Library:
    """Every template, read once. Raises :class:`crisis.errors.Unready` for one that is not whole."""

    def __init__(self, templates_dir: Path) -> None:
        made = [_read(path) for path in sorted((templates_dir / FOLDER).glob("*.json"))]
        self._held = {each.hazard: each for each in sorted(made, key=lambda each: (each.place, each.hazard))}

    def __iter__(self) -> Iterator[Template]:
        return iter(self._held.values())

    def get(self, hazard: str) -> Template:
        """One of them. Raises :class:`crisis.errors.NotFound`."""
        if hazard not in self._held:
            raise NotFound("template", hazard, f"There are: {', '.join(self._held)}.")
        return self._held[hazard]

    def find(self, hazard: str | None) -> Template | None:
        """One of them, if there is such a one."""
        return self._held.get(hazard) if hazard else None


def _read(path: Path) -> Template:
    try:
        template = Template.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise Unready(f"The message template in {path} is not whole. Mend the file:\n{error}") from error
    if template.hazard != path.stem:
        raise Unready(f"The message template in {path} calls itself {template.hazard}. Let the file have that name.")
    return template
