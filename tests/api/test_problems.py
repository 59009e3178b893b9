"""Problem details: every refusal in one form, in plain words, and nothing of the inside in a failure."""

import io
import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message

from api import errors
from api.shell import Shell
from crisis.bootstrap import Crisis
from crisis.errors import CrisisError
from crisis.roles import Role
from crisis.settings import Settings
from crisis.tokens.service import NotAuthenticated
from tests import factories
from tests.api.conftest import As
from tests.api.server import ApiServer, Client

ACTIVATION = {"mode": "actual", "title": "Skred"}


def test_every_class_of_error_has_its_status() -> None:
    direct = {kind for kind in CrisisError.__subclasses__() if kind.__module__.startswith(("crisis.", "api."))}
    assert direct <= set(errors.STATUS)
    assert NotAuthenticated in errors.STATUS


async def test_a_request_that_cannot_be_read_names_each_field_in_plain_words(as_role: As) -> None:
    unit = await as_role(Role.UNIT)
    answered = await unit("POST", "/v1/posts", {"account_id": "x" * 50, "publish_at": "i morgen", "farge": "rød"})
    assert (answered.status, answered.headers["Content-Type"]) == (422, "application/problem+json")
    assert sorted(answered.json["problems"]) == [
        "account_id must be a whole number.",
        "farge is not known here.",
        "publish_at must be a time such as 2026-11-20T08:30:00+01:00.",
        "text is missing.",
    ]
    assert "xxx" not in answered.body.decode()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/posts?limit=0", "limit must be 1 or more."),
        ("/v1/posts?limit=501", "limit must be 500 or less."),
        ("/v1/posts?mode=drill", "mode must be one of 'actual' or 'exercise'."),
        ("/v1/posts/99999999999999999999", "post_id must be 2147483647 or less."),
        ("/v1/posts/x", "post_id must be a whole number."),
    ],
)
async def test_an_address_that_cannot_be_used_says_why(as_role: As, path: str, said: str) -> None:
    unit = await as_role(Role.UNIT)
    answered = await unit("GET", path)
    assert (answered.status, answered.json["problems"]) == (422, [said])


@pytest.mark.parametrize("cursor", ["x", "%00", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "æøå", "MQ===="])
async def test_a_cursor_of_somebody_elses_making_is_refused(as_role: As, cursor: str) -> None:
    unit = await as_role(Role.UNIT)
    answered = await unit("GET", f"/v1/posts?after={cursor}")
    assert (answered.status, answered.json["type"]) == (422, "urn:problem-type:crisis:invalid")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'"x"', b"null", b'{"mode": "actual", "title": NaN}', b"[]"]
)
async def test_a_body_that_is_no_request_is_a_problem_and_no_failure(as_role: As, body: bytes) -> None:
    director = await as_role(Role.DIRECTOR)
    answered = await director("POST", "/v1/activations", data=body, headers={"Content-Type": "application/json"})
    assert answered.status in {400, 422}
    assert answered.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("title", ["Skred\x00", "Skred \ud83d", "\x00"])
async def test_what_cannot_be_stored_is_a_problem_and_no_failure(as_role: As, title: str) -> None:
    director = await as_role(Role.DIRECTOR)
    body = json.dumps({"mode": "actual", "title": title}).encode()
    answered = await director("POST", "/v1/activations", data=body, headers={"Content-Type": "application/json"})
    assert (answered.status, answered.json["type"]) == (422, "urn:problem-type:crisis:invalid")
    assert (await director("GET", "/v1/activations")).json["items"] == []


async def test_a_body_over_one_megabyte_is_refused_said_or_not(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    large = json.dumps(ACTIVATION | {"title": "x" * (1 << 20)}).encode()

    async def piece_by_piece() -> AsyncIterator[bytes]:
        for at in range(0, len(large), 65_536):
            yield large[at : at + 65_536]

    for data in (io.BytesIO(large), piece_by_piece()):
        answered = await director("POST", "/v1/activations", data=data, headers={"Content-Type": "application/json"})
        assert (answered.status, answered.json["type"]) == (413, "urn:problem-type:crisis:too-large")
    assert (await director("GET", "/v1/activations")).json["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v2", 404), ("DELETE", "/v1/posts", 405), ("GET", "/docs", 404)]
)
async def test_what_is_not_there_is_a_problem_too(as_role: As, method: str, path: str, status: int) -> None:
    nobody = await as_role(None)
    answered = await nobody(method, path)
    assert (answered.status, answered.headers["Content-Type"]) == (status, "application/problem+json")
    assert answered.json["status"] == status


async def test_every_answer_has_the_security_headers(as_role: As) -> None:
    nobody = await as_role(None)
    for path in ("/healthz", "/v1/posts", "/nothing", "/metrics", "/openapi.json"):
        headers = (await nobody("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Cache-Control"] == "no-store", path
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Frame-Options"] == "DENY", path


async def test_an_unforeseen_failure_tells_its_id_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = FastAPI()
    errors.install(app)
    app.add_middleware(Shell)

    @app.get("/")
    async def fail() -> None:
        raise ZeroDivisionError("the number is +4790000001")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "headers": []}
    with caplog.at_level(logging.ERROR):
        await app(scope, receive, send)
    body = json.loads(sent[1]["body"])
    assert (sent[0]["status"], body["title"]) == (500, "An unexpected failure")
    assert "4790000001" not in sent[1]["body"].decode()
    assert f"unexpected failure {body['error_id']}" in caplog.text


async def test_with_the_database_away_it_says_so_and_when_to_come_back(
    api_settings: Settings, session: aiohttp.ClientSession
) -> None:
    away = api_settings.model_copy(update={"database_url": SecretStr("postgresql://x@127.0.0.1:9/x")})
    with ApiServer(away) as server:
        client = Client(session, server.url, "crisis_" + "a" * 43)
        answered = await client("GET", "/v1/posts")
        assert (answered.status, answered.headers["Retry-After"]) == (503, "5")
        assert answered.json["type"] == "urn:problem-type:crisis:unready"
        assert "127.0.0.1" not in answered.body.decode()
        assert (await client("GET", "/healthz")).status == 200
        ready = await client("GET", "/readyz")
        assert (ready.status, ready.json["parts"]) == (503, ["database"])


async def test_a_locked_unit_is_told_who_and_since_when(as_role: As, crisis: Crisis) -> None:
    unit = await as_role(Role.UNIT)
    account = await factories.account(crisis, "facebook", unit="biblioteket")
    activation = await factories.activation(crisis.db)
    answered = await unit("POST", "/v1/posts", {"account_id": account, "text": "Åpent i dag."})
    assert (answered.status, answered.json["type"]) == (423, "urn:problem-type:crisis:activation-locked")
    assert (answered.json["held_by"], answered.json["activation"]) == (activation.activated_by, activation.id)
    assert answered.json["since"] == activation.activated_at.isoformat()
    assert "kept as number" in answered.json["detail"]
    kept = (await unit("GET", "/v1/posts")).json["items"]
    assert [post["state"] for post in kept] == ["blocked"]
