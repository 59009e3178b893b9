"""Content: what one message says in one language, and every reason why it cannot be sent as it stands."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from crisis.errors import Invalid

MOST_ADVICE = 10
"""Pieces of advice in one message."""

EMPTY: Final = "is empty."
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


def unusable(text: str) -> list[str]:
    """Names of the characters no channel can carry: control characters except newline, half pairs, noncharacters."""
    return [f"U+{ord(c):04X}" for c in dict.fromkeys(text) if _is_unusable(c)]


def _is_unusable(character: str) -> bool:
    point = ord(character)
    if character == "\n":
        return False
    return unicodedata.category(character) in {"Cc", "Cs"} or point in _NONCHARACTERS


def _is_blank(text: str) -> bool:
    """Nothing to see: only spaces, or only characters that show nothing."""
    return all(unicodedata.category(c)[0] in "ZC" for c in text)


def _faults(text: str, most: int) -> Iterator[str]:
    """What is wrong with one text, as the rest of a sentence that begins with its name."""
    if strange := unusable(text):
        yield f"has a character that cannot be sent ({', '.join(strange)}). Delete it, or type the text again."
    if _is_blank(text):
        yield EMPTY
    if len(text) > most:
        yield f"is {len(text)} characters, and at most {most} fit. Shorten it by {len(text) - most}."
    if left := list(dict.fromkeys(_PLACEHOLDER.findall(text))):
        yield f"still has the placeholder {', '.join(left)}. Write what belongs there."


def _checked(most: int, *, lines: bool = False) -> Callable[[str], str]:
    """A validator: the text cleaned, on one line unless it may have ``lines``; every fault of it at once."""

    def check(value: str) -> str:
        text = clean(value)
        if not lines:
            text = re.sub(r"[ \n]+", " ", text)
        if faults := list(_faults(text, most)):
            raise PydanticCustomError("faults", "{said}", {"said": " ".join(faults), "faults": faults})
        return text

    return check


def _schema(most: int) -> Any:
    return Field(json_schema_extra={"minLength": 1, "maxLength": most})


class Content(BaseModel):
    """One language of one message. Every field is needed; texts are NFC and trimmed, and all but ``what_happened`` are one line."""

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


FIELDS: Final = tuple(Content.model_fields)
_SAID: Final = {
    "missing": "{name} is missing. {needed}",
    "too_short": "{name} is empty. {needed}",
    "too_long": f"{{name}} has {{count}} items, and at most {MOST_ADVICE} fit. Keep the most important.",
    "list_type": "{name} is not a list. Give one text for each thing people should do.",
    "string_type": "{name}{item} is not a text.",
    "extra_forbidden": f"{{name}} is not a field of a message. The fields are {', '.join(FIELDS)}.",
}
"""Pydantic's types of errors in our words."""


def parse_contents(raw: Mapping[str, Any], languages: Sequence[str]) -> dict[str, Content]:
    """``{language: fields}`` as contents, in the order of ``languages``. The first language is the primary and is needed.

    A translation nobody has begun (nothing, or every field blank) counts as not there.
    Raises :class:`crisis.errors.Invalid` with every problem of every language.
    """
    contents, problems = _read(raw, languages)
    if problems:
        raise Invalid("The message cannot be used as it stands. Mend this and try again:", problems)
    return contents


def content_problems(raw: Mapping[str, Any], languages: Sequence[str]) -> list[str]:
    """Everything :func:`parse_contents` would object to, one sentence or two each; empty when all is well."""
    return _read(raw, languages)[1]


def _read(raw: Mapping[str, Any], languages: Sequence[str]) -> tuple[dict[str, Content], list[str]]:
    contents: dict[str, Content] = {}
    problems: list[str] = []
    for language in languages:
        fields = raw.get(language)
        if _is_untouched(fields):
            if language == languages[0]:
                problems.append(
                    f"{language}: the text is missing. It is the primary language, which every message needs."
                )
        elif not isinstance(fields, Mapping):
            problems.append(f"{language}: the text is not a set of fields. Give {', '.join(FIELDS)}.")
        else:
            try:
                contents[language] = Content.model_validate(dict(fields))
            except ValidationError as error:
                problems += [f"{language}: {each}" for detail in error.errors() for each in _sentences(detail)]
    known = ", ".join(languages)
    problems += [
        f"{each} is not one of the message languages here, which are {known}. Leave it out, or correct its tag."
        for each in raw
        if each not in languages
    ]
    return contents, problems


def _is_untouched(fields: object) -> bool:
    if isinstance(fields, Mapping):
        return all(_is_untouched(value) for value in fields.values())
    if isinstance(fields, list):
        return all(_is_untouched(value) for value in fields)
    return fields is None or (isinstance(fields, str) and _is_blank(fields))


def _sentences(error: ErrorDetails) -> list[str]:
    """One of pydantic's errors in plain words."""
    name, *rest = (str(part) for part in error["loc"])
    item = f" item {int(rest[0]) + 1}" if rest else ""
    needed = "Write it, or take it out of the list." if item else _NEEDED.get(name, "")
    context = error.get("ctx", {})
    if error["type"] == "faults":
        return [f"{name}{item} {fault}{' ' + needed if fault == EMPTY else ''}" for fault in context["faults"]]
    said = _SAID.get(error["type"], "{name}{item}: {message}.")
    return [said.format(name=name, item=item, needed=needed, count=context.get("actual_length"), message=error["msg"])]
