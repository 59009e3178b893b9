"""Unfinished: what is typed so far, kept as it is, and shown as far as it goes.

A draft is saved every two seconds while somebody writes, so it holds empty fields, half sentences and placeholders. Nothing of
that is refused before it is to go out; only what no draft can have is: fields and languages there are none of, and more text
than :data:`MOST` and :data:`MOST_ITEMS`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from crisis import clock
from crisis.errors import Invalid
from crisis.messages import promised
from crisis.messages.content import FIELDS, Content, is_untouched, parse_contents, tidy
from crisis.messages.models import Kind

MOST: Final = 20_000
"""Characters of one field: ten times what any of them may go out with, so that a long text pasted in can be cut down there."""
MOST_ITEMS: Final = 50
_LIST: Final = "what_to_do"
_LINES: Final = "what_happened"
_UNSTORABLE: Final = str.maketrans("", "", "\x00")


def typed(raw: Mapping[str, Any], languages: Sequence[str]) -> dict[str, dict[str, Any]]:
    """``{language: fields}`` as typed, in the order of ``languages`` and without the languages that nobody has begun.

    Raises :class:`crisis.errors.Invalid`, naming everything that no draft can have.
    """
    strangers = [each for each in raw if each not in languages]
    problems = [f"{each} is not one of the message languages here: {', '.join(languages)}." for each in strangers]
    held: dict[str, dict[str, Any]] = {}
    for language in languages:
        if is_untouched(raw.get(language)):
            continue
        try:
            held[language] = typed_text(raw[language])
        except Invalid as error:
            problems += [f"{language}: {problem}" for problem in error.problems]
    if problems:
        raise Invalid("The draft cannot be kept as it is. Nothing was saved; mend this and save again:", problems)
    return held


def typed_text(fields: Any) -> dict[str, Any]:
    """The fields of one language as typed. Raises as :func:`typed`."""
    if not isinstance(fields, Mapping):
        raise Invalid(
            "The text is not a set of fields.", [f"the text is not a set of fields. Give {', '.join(FIELDS)}."]
        )
    problems = [
        f"{name} is not a field of a message. The fields are {', '.join(FIELDS)}."
        for name in fields
        if name not in FIELDS
    ]
    held: dict[str, Any] = {}
    for name in FIELDS:
        value = fields.get(name)
        texts = value if name == _LIST else [value]
        if value is None:
            continue
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            problems.append(f"{name} is not a {'list of texts' if name == _LIST else 'text'}.")
        elif len(texts) > MOST_ITEMS:
            problems.append(f"{name} has {len(texts)} items, and a draft holds {MOST_ITEMS}. Keep the most important.")
        elif any(len(each) > MOST for each in texts):
            problems.append(
                f"{name} is longer than the {MOST:,} characters a draft holds. Cut it down before it is saved."
            )
        else:
            kept = [_storable(each) for each in texts]
            held[name] = kept if name == _LIST else kept[0]
    if problems:
        raise Invalid("The text cannot be kept as it is.", problems)
    return held


def sketch(fields: Mapping[str, Any]) -> Content:
    """What is typed so far as a content that can be shown, whatever is missing. Never for sending."""
    values: dict[str, Any] = {
        name: tidy(str(fields.get(name) or ""), lines=name == _LINES) for name in FIELDS if name != _LIST
    }
    advice = [tidy(each) for each in fields.get(_LIST) or []]
    return Content.model_construct(**values, what_to_do=[each for each in advice if each])


def _storable(text: str) -> str:
    """Without what no database can hold: NUL, and halves of a character pair."""
    return text.translate(_UNSTORABLE).encode("utf-8", "ignore").decode()


def read(
    contents: Mapping[str, Any],
    languages: Sequence[str],
    kind: Kind,
    next_update_at: datetime | None,
    *,
    finished: bool,
) -> dict[str, Any]:
    """What is to be kept of a text, whole or as typed so far. Raises :class:`crisis.errors.Invalid`."""
    if not finished:
        if fault := promised.zone_fault(next_update_at):
            raise Invalid(fault.said)
        return typed(contents, languages)
    held = {language: content.kept() for language, content in parse_contents(contents, languages).items()}
    if fault := promised.fault(kind, next_update_at, clock.now()):
        raise Invalid(fault.said)
    return held
