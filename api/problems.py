"""Problem details (RFC 9457): the one form in which every refusal and failure is answered."""

from http import HTTPStatus
from typing import Any

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What happened, what it means and what to do next."""

    model_config = ConfigDict(title="Problem", extra="allow")

    type: str = Field(examples=["urn:problem-type:crisis:activation-locked"])
    """Names the kind of problem for programs; the same as long as the API is v1."""
    title: str = Field(examples=["An activation holds the account"])
    """The same for every problem of this type."""
    status: int = Field(examples=[423])
    detail: str
    """For the person at the desk."""
    problems: list[str] | None = None
    """Every fault of the input, one sentence each."""
    held_by: str | None = None
    """Who holds the lock."""
    since: AwareDatetime | None = None
    """When the lock was set."""
    activation: int | None = None
    """The activation that holds the lock."""
    post_id: int | None = None
    """The post that was kept as blocked, if it is about one."""
    error_id: str | None = None
    """Of an unexpected failure: the log has what happened under this id."""


def problem(
    status: int, code: str, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """The answer. ``more`` are members beyond the standard's, such as ``problems`` and ``held_by``; ``None`` is left out."""
    body = {"type": f"urn:problem-type:crisis:{code}", "title": title, "status": status, "detail": detail}
    body |= {name: value for name, value in more.items() if value is not None}
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def plain(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem that is no more than its HTTP status, in HTTP's own words."""
    known = HTTPStatus(status)
    return problem(status, known.phrase.lower().replace(" ", "-").replace("'", ""), known.phrase, detail, headers)
