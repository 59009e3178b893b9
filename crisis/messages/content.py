"""Content: what one message says in one language, and every reason why it cannot be sent as it stands."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from crisis.errors import Invalid
from crisis.messages.faults import Fault

MOST_ADVICE = 10
"""Pieces of advice in one message."""

_PLACEHOLDER = re.compile(
    r"\{[^{}]*\}"  # {omrade}
    r"|\[[^\[\]]*\]"  # [sted]
    r"|_{3,}|(?<![^\W_])__(?![^\W_])"  # ___, and "kl. __"
    r"|\b(?:X{2,4}|x{2,4})\b"  # XX, and "kl. xx.xx"
)
_NONCHARACTERS = frozenset(
    {0xFEFF, *range(0xFDD0, 0xFDF0), *range(0xFFFE, 0x110000, 0x10000), *range(0xFFFF, 0x110000, 0x10000)}
)
"""Unicode's noncharacters (The Unicode Standard, 23.7) and the byte order mark, which X refuses."""
_NEEDED = {
    "headline": "Say in one line what it is about.",
    "what_happened": "Say what is known, and what is not known yet.",
    "where": "Name the place, so that people know whether it concerns them.",
    "what_to_do": "Say at least one thing people should do.",
    "leads": "Say who leads, such as the police.",
    "contact": "Say whom people can reach, and how.",
}


def clean(text: str) -> str:
    """The text composed (Unicode NFC), with newline as its only line break and nothing but words at its ends."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def tidy(text: str, *, lines: bool = False) -> str:
    """The text :func:`clean`, on one line unless it may have ``lines``."""
    return clean(text) if lines else re.sub(r"[ \n]+", " ", clean(text))


def unusable(text: str) -> list[str]:
    """Names of the characters no channel can carry: control characters except newline, half pairs, noncharacters."""
    return [f"U+{ord(c):04X}" for c in dict.fromkeys(text) if _is_unusable(c)]


def _is_unusable(character: str) -> bool:
    point = ord(character)
    if character == "\n":
        return False
    return unicodedata.category(character) in {"Cc", "Cs"} or point in _NONCHARACTERS


def is_blank(text: str) -> bool:
    """Nothing to see: only spaces, or only characters that show nothing."""
    return all(unicodedata.category(c)[0] in "ZC" for c in text)


def _faults(text: str, most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is wrong with one text: a key of ``_SAID``, and what its sentence names."""
    if strange := unusable(text):
        yield "strange", {"characters": ", ".join(strange)}
    if is_blank(text):
        yield "empty", {}
    if len(text) > most:
        yield "long", {"length": len(text), "most": most, "over": len(text) - most}
    if left := placeholders(text):
        yield "placeholder", {"placeholders": ", ".join(left)}


def placeholders(text: str) -> list[str]:
    """What of the text waits to be written: ``{område}``, ``[sted]``, ``___``, ``XX``; each once."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def _checked(most: int, *, lines: bool = False, optional: bool = False) -> Callable[[str], str]:
    """A validator: the text cleaned, on one line unless it may have ``lines``; every fault of it at once."""

    def check(value: str) -> str:
        text = tidy(value, lines=lines)
        if optional and is_blank(text):
            return ""
        if faults := list(_faults(text, most)):
            raise PydanticCustomError("faults", "{said}", {"said": faults[0][0], "faults": faults})
        return text

    return check


def _schema(most: int) -> Any:
    return Field(json_schema_extra={"minLength": 1, "maxLength": most})


class Content(BaseModel):
    """One language of one message. Every field but ``short`` is needed; texts are NFC and trimmed, and all but
    ``what_happened`` are one line.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    headline: Annotated[str, AfterValidator(_checked(120)), _schema(120)]
    what_happened: Annotated[str, AfterValidator(_checked(2000, lines=True)), _schema(2000)]
    where: Annotated[str, AfterValidator(_checked(200)), _schema(200)]
    what_to_do: Annotated[
        list[Annotated[str, AfterValidator(_checked(300)), _schema(300)]],
        Field(min_length=1, max_length=MOST_ADVICE),
    ]
    """Advice, the most important first; each one sentence that begins with a verb."""
    leads: Annotated[str, AfterValidator(_checked(200)), _schema(200)]
    """Who leads the response, such as "Politiet"."""
    contact: Annotated[str, AfterValidator(_checked(200)), _schema(200)]
    short: Annotated[str, AfterValidator(_checked(300, optional=True)), Field(json_schema_extra={"maxLength": 300})] = (
        ""
    )
    """What SMS and X say between who sends it and when more comes. Made of headline, place and advice where it is empty."""

    def kept(self) -> dict[str, Any]:
        """As JSON, without what is left empty."""
        return self.model_dump(mode="json", exclude_defaults=True)


FIELDS: Final = tuple(Content.model_fields)
_SAID: Final = {
    "missing": "{name} is missing. {needed}",
    "too_short": "{name} is empty. {needed}",
    "too_long": f"{{name}} has {{count}} items, and at most {MOST_ADVICE} fit. Keep the most important.",
    "list_type": "{name} is not a list. Give one text for each thing people should do.",
    "string_type": "{name}{item} is not a text.",
    "extra_forbidden": f"{{name}} is not a field of a message. The fields are {', '.join(FIELDS)}.",
    "strange": "{name}{item} has a character that cannot be sent ({characters}). Delete it, or type the text again.",
    "empty": "{name}{item} is empty. {needed}",
    "long": "{name}{item} is {length} characters, and at most {most} fit. Shorten it by {over}.",
    "placeholder": "{name}{item} still has the placeholder {placeholders}. Write what belongs there.",
}
"""What is wrong, in our words: pydantic's types of errors, and ours."""
_CODES: Final = {"missing": "empty", "too_short": "empty", "too_long": "many"}
"""The same to whoever mends it."""


def parse_contents(raw: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Content]:
    """``{language: fields}`` as contents, in the order of ``languages``. The first language is the primary and is needed.

    A translation nobody has begun (nothing, or every field blank) counts as not there.
    Raises :class:`crisis.errors.Invalid` with every problem of every language.
    """
    contents, faults = read_contents(raw, languages)
    if faults:
        said = [fault.said for fault in faults]
        raise Invalid("The message cannot be used as it stands. Mend this and try again:", said)
    return contents


def read_contents(raw: Mapping[str, Any], languages: Sequence[str]) -> tuple[dict[str, Content], list[Fault]]:
    """The languages that are whole, as :func:`parse_contents` has them, and everything it would object to."""
    contents: dict[str, Content] = {}
    faults: list[Fault] = []
    for language in languages:
        fields = raw.get(language)
        if is_untouched(fields):
            if language == languages[0]:
                said = f"{language}: the text is missing. It is the primary language, which every message needs."
                faults.append(Fault("no_text", said, language))
        elif not isinstance(fields, Mapping):
            said = f"{language}: the text is not a set of fields. Give {', '.join(FIELDS)}."
            faults.append(Fault("no_fields", said, language))
        else:
            try:
                contents[language] = Content.model_validate(dict(fields))
            except ValidationError as error:
                faults += [each for detail in error.errors() for each in _of(detail, language)]
    known = ", ".join(languages)
    faults += [
        Fault(
            "no_language",
            f"{each} is not one of the message languages here, which are {known}. Leave it out, or correct its tag.",
            each,
        )
        for each in raw
        if each not in languages
    ]
    return contents, faults


def is_untouched(fields: object) -> bool:
    """Nobody has begun it: nothing, or nothing but blanks."""
    if isinstance(fields, Mapping):
        return all(is_untouched(value) for value in fields.values())
    if isinstance(fields, list):
        return all(is_untouched(value) for value in fields)
    return fields is None or (isinstance(fields, str) and is_blank(fields))


def _of(error: ErrorDetails, language: str) -> Iterator[Fault]:
    """One of pydantic's errors as ours."""
    name, *rest = (str(part) for part in error["loc"])
    item = int(rest[0]) if rest else None
    words = {
        "name": name,
        "item": "" if item is None else f" item {item + 1}",
        "needed": "Write it, or take it out of the list." if rest else _NEEDED.get(name, ""),
    }
    context = error.get("ctx", {})
    found = context["faults"] if error["type"] == "faults" else [(error["type"], {})]
    for kind, more in found:
        values = {"count": context["actual_length"]} | more if "actual_length" in context else more
        pattern = _SAID.get(kind, "{name}{item}: {message}.")
        said = pattern.format(**words, **values, message=error["msg"])
        yield Fault(_CODES.get(kind, kind), f"{language}: {said}", language, name, item, values)
