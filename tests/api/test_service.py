"""What surrounds v1: health, metrics, the crisis page's files, and the service's description of itself."""

import os
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from fastapi.openapi.models import OpenAPI
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from crisis.bootstrap import Crisis
from crisis.db import Database
from crisis.roles import Role
from crisis.settings import Settings
from tests import factories
from tests.api.conftest import As
from tests.api.server import ApiServer, Client


async def test_it_is_up_and_ready(as_role: As) -> None:
    nobody = await as_role(None)
    assert (await nobody("GET", "/healthz")).json == {"status": "up"}
    ready = await nobody("GET", "/readyz")
    assert (ready.status, ready.json) == (200, {"status": "ready", "parts": ["database", "broker"]})


async def test_without_a_broker_it_says_what_that_means(api_settings: Settings, session: aiohttp.ClientSession) -> None:
    for url in (None, SecretStr("redis://127.0.0.1:9/0")):
        with ApiServer(api_settings.model_copy(update={"redis_url": url})) as server:
            ready = await Client(session, server.url, None)("GET", "/readyz")
        assert (ready.status, ready.json["parts"]) == (503, ["broker"])
        assert "sweep" in ready.json["problems"][0]


async def test_a_database_behind_the_program_is_not_ready(
    api_settings: Settings, server_url: str, session: aiohttp.ClientSession
) -> None:
    admin = create_async_engine(make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    name = f"behind_{os.getpid()}"
    async with admin.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await admin.dispose()
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    behind = Database(url)
    with ApiServer(api_settings.model_copy(update={"database_url": SecretStr(url)})) as server:
        client = Client(session, server.url, None)
        said = [(await client("GET", "/readyz")).json]
        async with behind.transaction() as changes:
            await changes.execute(text("CREATE TABLE alembic_version AS SELECT 'an older one' AS version_num"))
        said.append((await client("GET", "/readyz")).json)
    await behind.close()
    assert [(each["status"], each["parts"]) for each in said] == [(503, ["database"])] * 2
    assert said[0]["problems"] == ["The database is empty. Bring it to the newest schema: crisis migrate."]
    assert said[1]["problems"][0].startswith("The database is at an older one and this program needs ")


async def test_metrics_say_how_it_stands(
    api_settings: Settings, crisis: Crisis, session: aiohttp.ClientSession
) -> None:
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id)
    with ApiServer(api_settings) as server:
        client = Client(session, server.url, None)
        await client("POST", "/receipts/actual/sms?delivery=1", data={"MessageStatus": "delivered"})
        answered = (await client("GET", "/metrics")).body.decode()
    found = {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answered)
        for sample in family.samples
    }
    assert found["crisis_deliveries", "public", "actual", "ready"] == 1
    assert (found["crisis_gate_locked", "actual"], found["crisis_gate_locked", "exercise"]) == (1, 0)
    assert (found["crisis_gate_epoch", "actual"], found["crisis_permits_open", "actual"]) == (1, 0)
    assert found["crisis_receipts_total", "sms", "actual", "forged"] == 1
    assert found["crisis_sweep_age_seconds", "actual"] > 0
    assert {name for name, *_ in found if not name.startswith("crisis_")} == set()


async def test_the_crisis_page_is_served_as_its_files_are(as_role: As, api_settings: Settings) -> None:
    reader = await as_role(None)
    folder = api_settings.crisis_page_dir
    (folder / ".entries" / "nb").mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text("<h1>Skred</h1>", encoding="utf-8")
    (folder / "feed.atom").write_text("<feed/>", encoding="utf-8")
    (folder / ".entries" / "nb" / "1.json").write_text("{}", encoding="utf-8")
    page = await reader("GET", "/crisis-page/")
    assert (page.status, page.body) == (200, b"<h1>Skred</h1>")
    assert page.headers["Cache-Control"].startswith("public, max-age=15, stale-while-revalidate=60")
    assert "script" not in page.headers["Content-Security-Policy"]
    again = await reader("GET", "/crisis-page/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert (await reader("GET", "/crisis-page/feed.atom")).headers["Content-Type"] == "application/atom+xml"
    for hidden in (".entries/nb/1.json", "%2e%2e/keys.json", "../keys.json", "nn.html", "%00", ".entries/"):
        assert (await reader("GET", f"/crisis-page/{hidden}")).status == 404, hidden
    assert (await reader("POST", "/crisis-page/")).status == 405


async def test_the_crisis_page_needs_no_database(api_settings: Settings, session: aiohttp.ClientSession) -> None:
    away = api_settings.model_copy(update={"database_url": SecretStr("postgresql://x@127.0.0.1:9/x")})
    folder = api_settings.crisis_page_dir
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text("<h1>Skred</h1>", encoding="utf-8")
    with ApiServer(away) as server:
        assert (await Client(session, server.url, None)("GET", "/crisis-page/")).status == 200


@pytest.mark.parametrize(("sandbox", "ancestors"), [(None, "'none'"), ("http://127.0.0.1:9", "http://127.0.0.1:9")])
async def test_nobody_but_the_sandbox_may_frame_the_crisis_page(
    api_settings: Settings, session: aiohttp.ClientSession, sandbox: str | None, ancestors: str
) -> None:
    with ApiServer(api_settings.model_copy(update={"sandbox_url": sandbox})) as server:
        page = await Client(session, server.url, None)("GET", "/crisis-page/")
    assert f"frame-ancestors {ancestors}" in page.headers["Content-Security-Policy"]


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


async def test_it_describes_itself_whole(as_role: As) -> None:
    schema = (await (await as_role(None))("GET", "/openapi.json")).json
    OpenAPI.model_validate(schema)
    shapes = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    assert set(references(schema)) <= shapes
    tags = {tag["name"] for tag in schema["tags"]}
    identities = [operation["operationId"] for _, operation in operations(schema)]
    assert len(set(identities)) == len(identities) > 30
    for name, operation in operations(schema):
        assert operation["summary"], name
        assert operation["description"], name
        assert set(operation["tags"]) <= tags, name
        assert operation["security"] == [{"token": []}], name
        assert {"401", "403", "422", "500", "503"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            if status >= "400":
                reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
                assert response["content"] == {"application/problem+json": reference}, (name, status)
        if name.startswith("post"):
            assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}, name
    for name, operation in operations(schema):
        if name.startswith("post /v1/posts"):
            assert "423" in operation["responses"]


async def test_it_stops_cleanly_in_the_middle_of_a_drain(
    api_settings: Settings, as_role: As, session: aiohttp.ClientSession
) -> None:
    director = await as_role(Role.DIRECTOR)
    with ApiServer(api_settings) as server:
        client = Client(session, server.url, director.token)
        assert (await client("POST", "/v1/activations", {"mode": "exercise", "title": "Øvelse"})).status == 201
