"""Structure: whether a document has the keys of a playbook, and each key what it may hold. Every fault is told in our words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from crisis.playbooks.document import Document, Way, named
from crisis.playbooks.faults import MOST, PlaybookFault, PlaybookRefused, nearest
from crisis.playbooks.models import Playbook

_QUOTED: Final = re.compile(r"'([^']*)'")
_SHAPES: Final = {
    "string_type": "This is to be a text, and a list or a map stands here. Is there a quote or a dash too few?",
    "list_type": "This is to be a list: one item a line, each after a dash.",
    "tuple_type": "This is to be a list: one item a line, each after a dash.",
    "dict_type": "This is to be a map of keys and values.",
    "mapping_type": "This is to be a map of keys and values.",
    "model_type": "This is to be a map of keys and values.",
}
_SAID: Final = _SHAPES | {
    "string_too_short": "It is empty. Write it, or leave the key out.",
    "string_too_long": "It is too long: at most {max_length} characters.",
    "too_short": "It is empty, and at least one is needed.",
    "too_long": "There are too many here: at most {max_length}.",
    "greater_than": "It must be more than {gt}.",
    "greater_than_equal": "It must be at least {ge}.",
    "less_than_equal": "It may be at most {le}.",
    "date_from_datetime_parsing": "There is no such day. Write it as year, month and day: 2027-06-01.",
    "date_parsing": "There is no such day. Write it as year, month and day: 2027-06-01.",
}
_PATTERNS: Final = {
    "id": "An id is 1 to 64 of the letters a-z and A-Z, digits, “-” and “_”, and begins with a letter or a digit.",
    "version": "A version is three numbers: 1.0.0.",
    "municipality": "A municipality's number is four digits: 0301, 9999.",
}


def read(document: Document) -> Playbook:
    """The playbook that the document is. Raises :class:`PlaybookRefused` with every fault of structure at once."""
    try:
        return Playbook.model_validate(document.top.plain())
    except ValidationError as error:
        raise PlaybookRefused(document.file, list(_faults(document, error))) from error


def _faults(document: Document, error: ValidationError) -> Iterator[PlaybookFault]:
    found: dict[Way, list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False, include_input=False):
        found.setdefault(_way(document, detail), []).append(detail)
    for number, (way, details) in enumerate(found.items()):
        yield _fault(document, way, _fitting(details), guess=number < MOST)


def _way(document: Document, detail: ErrorDetails) -> Way:
    """Where it stands in the document: without the names that pydantic gives to the alternatives of a key."""
    node, way = document.top, list[str | int]()
    for step in detail["loc"]:
        if isinstance(node.value, dict) and step in node.value:
            node = node.value[str(step)]
        elif isinstance(node.value, list) and isinstance(step, int):
            node = node.value[step]
        elif detail["type"] != "missing" or step != detail["loc"][-1]:
            continue
        way.append(step)
    return tuple(way)


def _fitting(details: Sequence[ErrorDetails]) -> Sequence[ErrorDetails]:
    """Of a key that may hold this or that: the objections of that which fits the shape of what stands there."""
    return [each for each in details if each["type"] not in _SHAPES] or details[:1]


def _fault(document: Document, way: Way, details: Sequence[ErrorDetails], *, guess: bool) -> PlaybookFault:
    detail = details[0]
    kind, context = detail["type"], detail.get("ctx", {})
    key = str(way[-1]) if way else ""
    if kind == "extra_forbidden":
        known = keys_at(way[:-1])
        around = f"of {named(way[:-1])}" if way[:-1] else "of a playbook"
        said = f"“{key[:80]}” is no key {around}. There are: {', '.join(known)}."
        return document.fault(way, said, nearest(key, known) if guess else None)
    if kind == "missing":
        return document.fault(way, f"“{key}” is missing. Write it here.")
    value = _value(document, way)
    if kind in {"enum", "literal_error"}:
        known = [word for each in details for word in _QUOTED.findall(str(each.get("ctx", {}).get("expected", "")))]
        said = f"“{value[:80]}” cannot stand here. It may be: {', '.join(known)}."
        return document.fault(way, said, nearest(value, known) if guess else None)
    if kind == "string_pattern_mismatch":
        said = _PATTERNS.get(key, _PATTERNS["id"])
        return document.fault(way, f"“{value[:80]}” cannot stand here. {said}")
    if kind == "value_error":
        return document.fault(way, str(context.get("error", detail["msg"])))
    return document.fault(way, _SAID.get(kind, detail["msg"] + ".").format(**context))


def _value(document: Document, way: Way) -> str:
    value = document.at(way)
    return value if isinstance(value, str) else ""


def keys_at(way: Sequence[str | int]) -> Sequence[str]:
    """The keys that a map may have there: what the schema knows. None where any key may stand, or no map."""
    whole = _schema()
    here: list[Mapping[str, Any]] = [whole]
    for step in way:
        here = [inner for each in here for inner in _inner(each, step, whole)]
    return list(dict.fromkeys(key for each in here for key in each.get("properties", {})))


@cache
def _schema() -> Mapping[str, Any]:
    return Playbook.model_json_schema()


def _inner(schema: Mapping[str, Any], step: str | int, whole: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inner = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
    if inner is None and not isinstance(step, int):
        inner = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
    if isinstance(inner, Mapping):
        yield from _resolved(inner, whole)


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in schema:
        yield from _resolved(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    for each in schema.get("anyOf", ()):
        yield from _resolved(each, whole)
    if "properties" in schema or "items" in schema or "additionalProperties" in schema or "patternProperties" in schema:
        yield schema
