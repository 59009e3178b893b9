"""CSV files over HTTP: read as they come, whole or not at all."""

import asyncio
import io
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests.api.conftest import As
from tests.api.server import Client

CSV = {"Content-Type": "text/csv"}
REGISTER = "channel,name,unit,opened_on,what,why,audience\n"


def rows(count: int) -> Iterator[bytes]:
    yield b"number,language\n"
    for number in range(count):
        yield f"+474{number:07d},nb\n".encode()


async def pieces(lines: Iterator[bytes], of: int = 500) -> AsyncIterator[bytes]:
    held = []
    for line in lines:
        held.append(line)
        if len(held) == of:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)


async def send(client: Client, name: str, data: object, **more: object):  # noqa: ANN201 - an Answer
    return await client("POST", f"/v1/audiences/import?name={name}", data=data, headers=CSV, **more)


@contextmanager
def growth_of_memory(most: int) -> Iterator[None]:
    """At most so many bytes more at the peak."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < most


async def test_20_000_rows_are_read_as_they_come(as_role: As) -> None:
    editor = await as_role(Role.EDITOR)
    answered = await send(editor, "alle", pieces(rows(20_000)))
    assert answered.status == 200, answered.body
    assert answered.json == {
        "read": 20_000, "added": 20_000, "duplicates": 0, "rejected": 0, "unread_columns": [], "rejected_lines": [],
        "rejected_lines_left_out": 0,
    }  # fmt: skip
    listed = (await editor("GET", "/v1/audiences")).json["items"]
    assert [(each["name"], each["recipients"]) for each in listed] == [("alle", 20_000)]


async def test_every_rejected_line_is_named_without_what_it_said(as_role: As) -> None:
    editor = await as_role(Role.EDITOR)
    answered = await send(editor, "alle", b"number\n+4790000001\n74000000\nord\n90 00 00 01\n")
    report = answered.json
    assert (report["read"], report["added"], report["duplicates"], report["rejected"]) == (4, 1, 1, 2)
    assert [line["line"] for line in report["rejected_lines"]] == [3, 4]
    assert "74000000" not in answered.body.decode()


async def test_an_audience_that_is_there_is_replaced_only_when_asked(as_role: As) -> None:
    editor = await as_role(Role.EDITOR)
    for number, path, status in ((1, "alle", 200), (2, "alle", 409), (3, "alle&replace=true", 200)):
        assert (await send(editor, path, f"number\n+479000000{number}\n".encode())).status == status


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfen\x00u\x00", b"number\n\x00\n", b"x" * 20_000, b"number\n74000000\n", b"a,b\n1,2\n"]
)
async def test_a_file_that_cannot_be_used_changes_nothing(as_role: As, crisis: Crisis, body: bytes) -> None:
    editor = await as_role(Role.EDITOR)
    answered = await send(editor, "alle", body)
    assert (answered.status, answered.json["type"]) == (422, "urn:problem-type:crisis:invalid")
    async with crisis.db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM audiences"))).scalar_one() == 0


async def test_an_endless_line_is_given_up_on_in_time(as_role: As) -> None:
    editor = await as_role(Role.EDITOR)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(2_000):
            yield b"x" * 65_536

    with growth_of_memory(100 << 20):
        try:
            answered = await send(editor, "alle", endless())
        except aiohttp.ClientError:  # the connection was closed on us while we went on sending
            return
    assert (answered.status, "longer than" in answered.json["detail"]) == (422, True)


async def test_a_client_that_leaves_in_the_middle_leaves_nothing(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)

    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"".join(rows(6_000))
        raise ConnectionResetError

    with pytest.raises((aiohttp.ClientError, ConnectionResetError)):
        await send(editor, "alle", breaks_off())
    async with asyncio.timeout(10):
        assert (await send(editor, "alle", b"number\n+4790000001\n")).status == 200
    async with crisis.db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM recipients"))).scalar_one() == 1


async def test_the_same_file_with_the_same_key_is_imported_once(as_role: As) -> None:
    editor = await as_role(Role.EDITOR)
    body = b"".join(rows(3))
    first, again = [await send(editor, "alle", io.BytesIO(body), key="k") for _ in range(2)]
    assert (again.status, again.json, again.headers["Idempotent-Replayed"]) == (200, first.json, "true")
    other = await send(editor, "alle", b"number\n+4790000009\n", key="k")
    assert (other.status, "another file" in other.json["detail"]) == (409, True)


async def test_a_register_is_imported_whole_and_shows_each_lock(as_role: As) -> None:
    admin, director = await as_role(Role.ADMIN), await as_role(Role.DIRECTOR)
    register = (
        REGISTER + "facebook,Biblioteket,biblioteket,2011-01-15,Nytt,Nå ut,Alle\nflickr,Bilder,kultur,2010-02-03,,,\n"
    )
    answered = await admin("POST", "/v1/accounts/import", data=register.encode(), headers=CSV)
    assert (answered.status, answered.json) == (200, {"new": 2, "changed": 0, "unchanged": 0})
    found = (await admin("GET", "/v1/accounts")).json["items"]
    await admin("PUT", f"/v1/accounts/{found[0]['id']}/connection", {"address": "1042"})
    await admin("PUT", f"/v1/accounts/{found[0]['id']}/watching", {"feed_url": None, "only_here": True})
    await director("POST", "/v1/activations", {"mode": "actual", "title": "Skred"})
    accounts = (await admin("GET", "/v1/accounts")).json["items"]
    assert [(each["channel"], each["lock"]["words"]) for each in accounts] == [
        ("facebook", "held here"),
        ("flickr", "cannot be enforced here"),
    ]
    assert {each["lock"]["held_by"] for each in accounts} == {"en director"}


async def test_a_bad_register_names_every_line_and_changes_nothing(as_role: As) -> None:
    admin = await as_role(Role.ADMIN)
    bad = REGISTER + "facebook,Biblioteket,biblioteket,2011-01-15,,,\nfjesbok,X,y,i fjor,,,\n"
    answered = await admin("POST", "/v1/accounts/import", data=bad.encode(), headers=CSV)
    assert (answered.status, len(answered.json["problems"])) == (422, 2)
    assert all(problem.startswith("line 3: ") for problem in answered.json["problems"])
    assert (await admin("GET", "/v1/accounts")).json["items"] == []


async def test_a_register_without_end_is_refused(as_role: As) -> None:
    admin = await as_role(Role.ADMIN)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield b"x" * 65_536

    try:
        answered = await admin("POST", "/v1/accounts/import", data=endless(), headers=CSV)
    except aiohttp.ClientError:
        return
    assert answered.status in {413, 422}


async def test_an_account_is_connected_and_its_credentials_never_come_back(as_role: As, crisis: Crisis) -> None:
    admin = await as_role(Role.ADMIN)
    await admin("POST", "/v1/accounts/import", data=(REGISTER + "facebook,B,b,2011-01-15,,,\n").encode(), headers=CSV)
    connection = {"address": "1042", "credentials": {"page_token": "very-secret"}}
    answers = [
        await admin("PUT", "/v1/accounts/1/connection", connection),
        await admin("GET", "/v1/accounts/1"),
        await admin("PUT", "/v1/accounts/1/leader", {"leader": "Kari Nordmann"}),
        await admin("POST", "/v1/accounts/1/close"),
    ]
    assert [answer.status for answer in answers] == [200] * 4
    assert (answers[1].json["address"], answers[3].json["leader"], answers[3].json["state"]) == (
        "1042",
        "Kari Nordmann",
        "closed",
    )
    assert all("very-secret" not in answer.body.decode() for answer in answers)
    assert (await admin("PUT", "/v1/accounts/1/connection", connection)).status == 409
    async with crisis.db.transaction() as session:
        assert "very-secret" not in str((await session.execute(text("SELECT * FROM accounts, audit"))).all())
