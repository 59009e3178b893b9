"""Documented: what the description of the API (OpenAPI) says beside what FastAPI sees in the endpoints."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.problems import MEDIA_TYPE, Problem
from crisis.settings import Settings

TAGS = [
    {"name": "activations", "description": "Declare a crisis or an exercise, follow the lock, and stand down."},
    {"name": "messages", "description": "Write, preview and approve what is said, in numbered revisions."},
    {"name": "deliveries", "description": "How it stands: counts that add up, and every delivery."},
    {
        "name": "pointers",
        "description": "The one text that locked accounts may publish: where to look for what is said.",
    },
    {"name": "posts", "description": "What units publish themselves in ordinary times."},
    {
        "name": "breaches",
        "description": "Posts that came out during a lock and are not ours; how well accounts are watched, and what was planned there.",
    },
    {"name": "drills", "description": "Exercises from playbooks: start, lead, play, and see how they stand."},
    {"name": "reports", "description": "What a drill or a crisis leaves behind, and what is to be better next time."},
    {
        "name": "playbooks",
        "description": "What is rehearsed, and the plan when it is real: read them, and what is wrong with them.",
    },
    {"name": "accounts", "description": "The register of every outlet, and the lock on each."},
    {"name": "audiences", "description": "Named lists of recipients."},
    {"name": "contacts", "description": "Who answers for each unit's accounts, and is told of a lock."},
    {"name": "tokens", "description": "Who may use this API."},
    {"name": "audit", "description": "Who did what, when; and whether the log is whole."},
]
_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": (
        "The same key with the same request is done once and answered the same, with `Idempotent-Replayed: true`; with "
        "another request it is refused with 409. Kept for a day."
    ),
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that every address of a router can answer with, as its ``responses``."""
    return {status: _response(status) for status in (401, 403, *statuses, 422, 500, 503)}


def csv_body(description: str, example: str) -> dict[str, Any]:
    """The description of a body that is a CSV file, as an endpoint's ``openapi_extra``."""
    content = {"text/csv": {"schema": {"type": "string"}, "example": example}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def describe(app: FastAPI, settings: Settings) -> None:
    """Make the application describe itself whole."""

    def build() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title="Crisis",
                version="1",
                summary=f"Crisis communication for {settings.municipality}.",
                description=app.description,
                tags=TAGS,
                routes=app.routes,
            )
            shapes = schema["components"]["schemas"]
            shapes["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            for path in schema["paths"].values():
                for method in ("post", "put"):
                    if method in path:
                        path[method]["responses"] |= {str(status): _response(status) for status in (400, 408, 413)}
                if "post" in path:
                    path["post"].setdefault("parameters", []).append(_KEY)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = build  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _response(status: int) -> dict[str, Any]:
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    response: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: reference}}
    if headers := {401: _CHALLENGE, 503: _RETRY}.get(status):
        response["headers"] = headers
    return response
