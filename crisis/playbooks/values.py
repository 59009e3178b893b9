"""Values: what a single key of a playbook may hold, read from text more strictly than the language does by itself."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from crisis.messages.content import Content

FEW: Final = 10
SOME: Final = 50
MANY: Final = 200
"""Items of one list at most, by what it is a list of: more than any playbook needs, and few enough to be looked through at once."""
DURATION: Final = r"^P(?=\d|T\d)(\d{1,4}D)?(T(?=\d)(\d{1,5}H)?(\d{1,6}M)?(\d{1,8}S)?)?$"

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _duration(said: Any) -> Any:
    if isinstance(said, str) and not re.fullmatch(DURATION, said):
        message = f"“{said}” is no duration. Write it as ISO 8601 does: PT5M for five minutes, PT1H30M, P14D."
        raise ValueError(message)
    return said


def _number(said: Any) -> Any:
    if isinstance(said, str) and not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", said):
        message = f"“{said}” is no number. Write it in digits alone: 60, or 1.5."
        raise ValueError(message)
    return said


def _yes_or_no(said: Any) -> Any:
    if isinstance(said, str) and said not in {"true", "false"}:
        message = f"“{said}” is neither true nor false. Write one of them."
        raise ValueError(message)
    return said


def _day(said: Any) -> Any:
    if isinstance(said, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", said):
        message = f"“{said}” is no date. Write it as year, month and day: 2027-06-01."
        raise ValueError(message)
    return said


Whole = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
Yes = Annotated[bool, BeforeValidator(_yes_or_no)]
Day = Annotated[date, BeforeValidator(_day)]
"""These four are stricter than the language's own reading: ``1_000`` is no number, and ``no`` is not ``false``."""
Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": DURATION}, mode="validation")
]
"""ISO 8601, in drill time: ``PT5M``, ``PT1H30M``, ``P14D``."""


class Part(BaseModel):
    """What every part of a playbook is: read once, never changed, and without a key that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


Channel = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$"), Field(json_schema_extra={"x-of": "channel"})]
"""By the name that the register of accounts has it."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$"), Field(json_schema_extra={"x-of": "language"})]
"""ISO 639: ``nb``, ``nn``, ``en``."""
Fields = Annotated[Mapping[str, str | list[str]], WithJsonSchema(Content.model_json_schema(), mode="validation")]
"""The fields of :class:`crisis.messages.content.Content`; :mod:`crisis.playbooks.wording` tries them as the composer would."""
Kinds = Literal["alert", "update", "correction", "all_clear"]
