"""Every address of the desk under attack, found by asking the desk which it has: no act from elsewhere, no act by a mere GET, no
page in anybody's frame, nobody in without signing in, and nothing that is asked for coming back as markup.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from api.desk import desk
from api.desk.cross_site import SAFE
from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn

OPEN = re.compile(r"/(login|logout|enrol|demo|language|answer|k)\b")
"""What nobody has to be signed in for."""
MARKUP = "\"'><script>window.__xss=1</script><img src=x onerror=window.__xss=1>{{7*7}}"
ASKED = (
    "mode",
    "title",
    "next",
    "unit",
    "channel",
    "q",
    "text",
    "kind",
    "who",
    "state",
    "before",
    "after",
    "language",
    "said",
)


@dataclass(frozen=True)
class Address:
    """One way into the desk, with a number where its path has a blank."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def addresses() -> Iterator[Address]:
    """All of them, as the desk has them."""
    for noun in desk.NOUNS:
        for route in noun.router.routes:
            assert isinstance(route, APIRoute)
            path = re.sub(r"\{\w+:int\}", "1", route.path)
            path = re.sub(r"\{language\w*(:\w+)?\}", "nb", path)
            path = re.sub(r"\{\w+(:\w+)?\}", "x", path)
            yield from (Address(method, path) for method in sorted(route.methods))


ALL = tuple(dict.fromkeys(addresses()))
ACTS = tuple(each for each in ALL if each.method not in SAFE)
STREAMS = tuple(each for each in ALL if each.path.endswith("/live"))
"""They last as long as somebody is signed in: :mod:`tests.api.desk.test_streams`."""
PAGES = tuple(each for each in ALL if each.method == "GET" and each not in STREAMS)


async def record(crisis: Crisis) -> tuple[object, ...]:
    """What is on record: the audit log's head, and a count of everything that people write."""
    async with crisis.db.transaction() as session:
        tables = ("audit", "activations", "revisions", "posts", "accounts", "audiences", "users")
        counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        return tuple((await session.execute(text(f"SELECT {counts}, (SELECT max(seq) FROM audit)"))).one())


@pytest.fixture
async def busy(crisis: Crisis) -> Crisis:
    """A municipality in a crisis, with something behind every number 1."""
    for channel in ("website", "facebook", "sms"):
        await factories.account(crisis, channel)
    await factories.account(crisis, "facebook", unit="biblioteket")
    audience = await factories.audience(crisis, 2)
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id, audience_id=audience)
    return crisis


def test_the_desk_has_addresses_to_try() -> None:
    assert len(ACTS) > 1
    assert len(PAGES) > 3


async def test_no_act_is_done_that_another_site_or_an_old_page_asks_for(sign_in: SignIn, busy: Crisis) -> None:
    director, gone = await sign_in(Role.DIRECTOR), await sign_in(Role.DIRECTOR)
    own = director.csrf
    before = await record(busy)
    tries = {
        "no word of where it comes from": ({}, own),
        "another site": ({"Origin": "https://elsewhere.example"}, own),
        "another site of the same name": ({"Sec-Fetch-Site": "same-site", "Origin": director.url}, own),
        "a page in a sandbox": ({"Origin": "null"}, own),
        "no token": ({"Origin": director.url}, ""),
        "the token of another session": ({"Origin": director.url}, gone.csrf),
        "a token of the right length": ({"Origin": director.url}, hashlib.sha256(b"").hexdigest()),
    }
    for act in ACTS:
        if OPEN.match(act.path):
            continue
        for what, (headers, token) in tries.items():
            page = await director.bare_post(act.path, headers, csrf=token, title="Skred", mode="actual")
            assert page.status == 403, f"{act}, asked for by {what}: {page.status}"
    assert await record(busy) == before


async def test_signing_in_and_out_cannot_be_asked_for_by_another_site_either(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    for act in ACTS:
        if OPEN.match(act.path):
            page = await nobody.bare_post(act.path, {"Origin": "https://elsewhere.example"}, login="kari", password="x")
            assert page.status == 403, act


async def test_nobody_sees_a_page_or_does_an_act_without_signing_in(sign_in: SignIn, busy: Crisis) -> None:
    nobody = await sign_in(None)
    before = await record(busy)
    for each in STREAMS:
        for path in (each.path, each.path.replace("1", "999")):
            page = await nobody.get(path)
            assert page.body.split("\n\n")[1:] == ["event: ended\ndata: ", ""], "it tells nobody what there is"
    for each in set(ALL) - set(STREAMS):
        if OPEN.match(each.path):
            continue
        if each.method == "GET":
            page = await nobody.get(each.path)
        else:
            page = await nobody.bare_post(each.path, {"Origin": nobody.url}, title="Skred", mode="actual")
        assert page.status == 303, each
        assert page.location is not None
        assert page.location.startswith("/login"), each
    assert await record(busy) == before


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.EDITOR, Role.ADMIN])
async def test_no_get_does_anything_and_no_page_can_be_framed_or_kept(
    sign_in: SignIn, busy: Crisis, role: Role
) -> None:
    somebody = await sign_in(role)
    before = await record(busy)
    for each in PAGES:
        page = await somebody.get(each.path)
        assert page.status < 500, each
        assert page.headers["X-Frame-Options"] == "DENY", each
        assert page.headers["X-Content-Type-Options"] == "nosniff", each
        assert page.headers["Referrer-Policy"] == "no-referrer", each
        assert "no-store" in page.headers["Cache-Control"], each
        assert "'unsafe" not in page.headers["Content-Security-Policy"], each
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"], each
    assert await record(busy) == before


async def test_nothing_that_is_asked_for_comes_back_as_markup(sign_in: SignIn, busy: Crisis) -> None:  # noqa: ARG001
    director = await sign_in(Role.DIRECTOR)
    asked = "&".join(f"{name}={quote(MARKUP)}" for name in ASKED)
    for each in PAGES:
        page = await director.get(f"{each.path}?{asked}")
        assert page.status < 500, each
        assert "<script>window" not in page.body, each
        assert "<img src=x" not in page.body, each
    for act in ACTS:
        if act.path == "/logout":
            continue
        sent = dict.fromkeys(ASKED, MARKUP) | {"csrf": director.csrf}
        page = await director.bare_post(act.path, {"Origin": director.url}, **sent)
        assert page.status < 500, act
        assert "<script>window" not in page.body, act
        assert "<img src=x" not in page.body, act


async def test_no_answer_splits_or_leads_away(sign_in: SignIn) -> None:
    """Where somebody is to go after signing in is a path of ours, whatever the address says."""
    nobody = await sign_in(None)
    for path in ("//elsewhere.example/", "/\\elsewhere.example", "/%0d%0aSet-Cookie:%20a=b", "/..//elsewhere.example"):
        page = await nobody.get(path)
        assert "elsewhere.example" not in (page.location or "").removeprefix("/login?next="), path
        assert "a=b" not in str(page.headers.get("Set-Cookie", "")), path


async def test_the_desk_ends_with_its_session(sign_in: SignIn, crisis: Crisis) -> None:
    director = await sign_in(Role.DIRECTOR)
    assert (await director.get("/help")).status == 200
    async with crisis.db.transaction() as session:
        await session.execute(text("DELETE FROM sessions"))
    assert (await director.get("/help")).status == 303
    page = await director.bare_post(
        "/activations", {"Origin": director.url}, csrf=director.csrf, title="x", mode="actual"
    )
    assert (page.status, (page.location or "").startswith("/login")) == (303, True)
