"""Faults: what is wrong with a request's form, in plain words that name the field and never repeat its value."""

from collections.abc import Mapping, Sequence
from typing import Any

_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be an object of names and values",
    "model_attributes_type": "must be a JSON object (send it with Content-Type: application/json)",
    "list_type": "must be a list",
    "enum": "must be one of {expected}",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "timezone_aware": "must say its time zone, as in 2026-11-20T08:30:00+01:00",
    "datetime_parsing": "must be a time such as 2026-11-20T08:30:00+01:00",
    "datetime_from_date_parsing": "must be a time such as 2026-11-20T08:30:00+01:00",
    "datetime_type": "must be a time such as 2026-11-20T08:30:00+01:00",
}
_PLACES = {"body", "query", "path", "header"}


def sentences(faults: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence for each of pydantic's faults."""
    return [f"{_name(fault['loc'])} {_said(fault)}." for fault in faults]


def _said(fault: Mapping[str, Any]) -> str:
    words = _WORDS.get(fault["type"])
    return words.format(**fault.get("ctx", {})) if words else f"cannot be used ({fault['type'].replace('_', ' ')})"


def _name(loc: Sequence[str | int]) -> str:
    inner = [str(part) for part in (loc[1:] if loc and loc[0] in _PLACES else loc)]
    return ".".join(inner) or "The body"
