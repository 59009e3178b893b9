"""What the public sees of a post: each channel looks from outside, at the sandbox over real sockets, and says what it saw."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.guard import Guard
from adapters.visit import MOST_BYTES, Visitor, has_time, words
from crisis.channels import Channel, ChannelError, ChannelSetup, Found, Misconfigured, Outgoing, Sighting, Unsupported
from tests.adapters.contract import ENOUGH_SECONDS, OUTLETS, TWILIO_TOKEN, CrisisPageOutlet, Outlet
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.scripted import Answer, Reset, Scripted

PUBLIC = [name for name, each in OUTLETS.items() if each.name != "sms"]
ISSUED = datetime(2026, 11, 20, 4, 58, 7, 123456, tzinfo=UTC)
HTML = "text/html; charset=utf-8"


class PageOutlet(CrisisPageOutlet):
    """The crisis page of exercises, where the sandbox serves it."""

    def __init__(self, sandbox: SandboxServer, folder: Path) -> None:
        super().__init__(sandbox, folder, "http://127.0.0.1:9")
        self.folder = folder

    def setup(self, url: str | None = None, **changes: Any) -> ChannelSetup:
        return super().setup(url, **{"crisis_page_url": f"{self.sandbox.url}/crisis-page/", **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "exercise" / "public"


@pytest.fixture(scope="module")
def sandbox(folder: Path) -> Iterator[SandboxServer]:
    with SandboxServer(TWILIO_TOKEN, CRISIS_EXERCISE_PUBLIC_DIR=str(folder)) as running:
        yield running


@pytest.fixture(params=PUBLIC)
def outlet(request: pytest.FixtureRequest, sandbox: SandboxServer, folder: Path, tmp_path: Path) -> Outlet:
    sandbox.clear()
    if request.param == "website":
        return PageOutlet(sandbox, folder)
    return OUTLETS[request.param](sandbox, tmp_path, "http://127.0.0.1:9")


@pytest.fixture
async def channel(outlet: Outlet) -> AsyncIterator[Channel]:
    async with outlet.opened() as channel:
        yield channel


def message(outlet: Outlet, number: int = 1, **changes: Any) -> Outgoing:
    return outlet.message(number, issued_at=ISSUED, **changes)


def plain(answer: str) -> Answer:
    return Answer(200, answer, content_type=HTML)


async def test_what_is_out_is_seen(outlet: Outlet, channel: Channel) -> None:
    out = message(outlet)
    receipt = await channel.publish(outlet.account(), out)
    assert await channel.look(outlet.account(), receipt.reference, out) == Sighting(Found.YES)
    assert channel.capabilities.look_seconds


async def test_what_is_out_with_another_text_is_not_seen(outlet: Outlet, channel: Channel) -> None:
    receipt = await channel.publish(outlet.account(), message(outlet))
    other = message(outlet, text="Ras 1: Bli inne! Lukk vinduene.")
    sighting = await channel.look(outlet.account(), receipt.reference, other)
    assert sighting.found is Found.NO
    assert sighting.why


async def test_what_was_taken_down_is_not_seen_any_more(outlet: Outlet, channel: Channel) -> None:
    out = message(outlet, 2)
    receipt = await channel.publish(outlet.account(), out)
    await channel.withdraw(outlet.account(), receipt.reference)
    assert (await channel.look(outlet.account(), receipt.reference, out)).found is Found.NO


async def test_an_edit_is_seen_and_what_it_replaced_is_not(outlet: Outlet, channel: Channel) -> None:
    if not channel.capabilities.edit:
        pytest.skip(f"{outlet.name} edits nothing")
    old = message(outlet, 3)
    receipt = await channel.publish(outlet.account(), old)
    new = replace(message(outlet, 4), issued_at=ISSUED + timedelta(hours=1))
    await channel.edit(outlet.account(), receipt.reference, new)
    assert (await channel.look(outlet.account(), receipt.reference, new)).found is Found.YES


async def test_a_look_sends_nothing(outlet: Outlet, channel: Channel) -> None:
    out = message(outlet, 5)
    receipt = await channel.publish(outlet.account(), out)
    before = outlet.sandbox.records()
    await channel.look(outlet.account(), receipt.reference, out)
    assert outlet.sandbox.records() == before


@pytest.mark.parametrize("kind", ["5xx", "drop", "garbage", "wrong_type", "html", "bare", "json_503", "huge"])
async def test_a_look_that_fails_says_nothing_about_what_is_out(outlet: Outlet, channel: Channel, kind: str) -> None:
    if outlet.provider is None:
        pytest.skip("the crisis page's own failures are below")
    out = message(outlet, 6)
    receipt = await channel.publish(outlet.account(), out)
    outlet.sandbox.fault(outlet.provider, f"{kind}_before", match={"verb": "read"})
    try:
        sighting = await channel.look(outlet.account(), receipt.reference, out)
    except ChannelError:
        return  # the port says: the same as CANNOT_TELL
    finally:
        outlet.sandbox.clear()
    assert sighting.found is not Found.YES
    assert sighting.found is Found.CANNOT_TELL or kind == "wrong_type"


async def test_an_sms_is_nowhere_to_be_looked_at(sandbox: SandboxServer, tmp_path: Path) -> None:
    outlet = OUTLETS["sms"](sandbox, tmp_path, "http://127.0.0.1:9")
    async with outlet.opened() as channel:
        assert channel.capabilities.look_seconds == ()
        with pytest.raises(Unsupported):
            await channel.look(outlet.account(), "SM1", message(outlet))


# The crisis page


@pytest.fixture
def page(sandbox: SandboxServer, folder: Path) -> PageOutlet:
    return PageOutlet(sandbox, folder)


async def test_a_folder_that_is_not_the_one_served_is_seen_to_be_so(page: PageOutlet, tmp_path: Path) -> None:
    """The files are written, the channel says done, and the public reads something else."""
    out = message(page, 7)
    async with page.opened(public_dir=tmp_path / "exercise" / "elsewhere") as channel:
        receipt = await channel.publish(page.account(), out)
        sighting = await channel.look(page.account(), receipt.reference, out)
    assert sighting.found is Found.NO
    assert "folder" in (sighting.why or "")


async def test_the_same_words_with_an_older_time_are_not_this_revision(page: PageOutlet) -> None:
    out = message(page, 8)
    async with page.opened() as channel:
        receipt = await channel.publish(page.account(), out)
        later = replace(out, issued_at=ISSUED + timedelta(minutes=30))
        sighting = await channel.look(page.account(), receipt.reference, later)
    assert (sighting.found, "time" in (sighting.why or "")) == (Found.NO, True)


async def test_each_language_is_looked_at_on_its_own_page(page: PageOutlet) -> None:
    async with page.opened() as channel:
        out = message(page, 9, language="nn")
        receipt = await channel.publish(page.account(), out)
        assert (await channel.look(page.account(), receipt.reference, out)).found is Found.YES
        assert (await channel.look(page.account(), f"en/{out.key}", out)).found is Found.NO


async def test_a_page_that_is_about_a_newer_crisis_says_nothing_against_the_older(page: PageOutlet) -> None:
    async with page.opened() as channel:
        old = message(page, 10, thread="1")
        receipt = await channel.publish(page.account(), old)
        await channel.publish(
            page.account(), replace(message(page, 11, thread="2"), issued_at=ISSUED + timedelta(days=1))
        )
        sighting = await channel.look(page.account(), receipt.reference, old)
        await channel.withdraw(page.account(), f"nb/{message(page, 11).key}")
    assert (sighting.found, "newer" in (sighting.why or "")) == (Found.CANNOT_TELL, True)


async def test_without_an_address_it_says_what_to_set(page: PageOutlet) -> None:
    async with page.opened(crisis_page_url="") as channel:
        out = message(page, 12)
        receipt = await channel.publish(page.account(), out)
        sighting = await channel.look(page.account(), receipt.reference, out)
    assert sighting.found is Found.CANNOT_TELL
    assert "CRISIS_CRISIS_PAGE_URL" in (sighting.why or "")


async def test_an_exercise_looks_nowhere_but_at_the_sandbox(page: PageOutlet) -> None:
    with Scripted() as elsewhere:
        async with page.opened(crisis_page_url=f"{elsewhere.url}/") as channel:
            out = message(page, 13)
            receipt = await channel.publish(page.account(), out)
            sighting = await channel.look(page.account(), receipt.reference, out)
        assert elsewhere.requests == []
    assert sighting.found is Found.CANNOT_TELL


async def test_the_sandbox_serves_pages_and_nothing_that_lies_beside_them(sandbox: SandboxServer, folder: Path) -> None:
    visitor = Visitor(Guard(None), call_seconds=ENOUGH_SECONDS)
    for name in (".entries/nb/1.json", "../public/index.html", ".entries", "feed.atom", "no-such.html", "a/b.html"):
        sighting = await visitor.look(f"{sandbox.url}/crisis-page/{name}", lambda _: None)
        assert sighting.found is not Found.YES, name
    await visitor.close()
    assert await asyncio.to_thread(folder.exists)


# A visit


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    made = Visitor(Guard(None), call_seconds=2.0)
    yield made
    await made.close()


def anything(_: str) -> str | None:
    return None


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (plain("<p>hei</p>"), Found.YES),
        (Answer(404, "", content_type=HTML), Found.NO),
        (Answer(410, "", content_type=HTML), Found.NO),
        (Answer(200, {"a": 1}), Found.NO),
        (Answer(200, "x", content_type=None), Found.NO),
        (Answer(403, "", content_type=HTML), Found.CANNOT_TELL),
        (Answer(503, "", content_type=HTML), Found.CANNOT_TELL),
        (Answer(200, "x" * (MOST_BYTES + 1), content_type=HTML), Found.CANNOT_TELL),
        (Answer(200, "<p>hei</p>" * 100, content_type=HTML, cut=50), Found.CANNOT_TELL),
        (Answer(200, "x" * 100, content_type=HTML, drip=0.1), Found.CANNOT_TELL),
        (Answer(200, "", content_type=HTML, after=5), Found.CANNOT_TELL),
        (Reset(), Found.CANNOT_TELL),
        (Reset(rude=False), Found.CANNOT_TELL),
    ],
    ids=lambda value: repr(value)[:60],
)
async def test_an_answer_is_judged_by_what_it_proves(
    server: Scripted, visitor: Visitor, answer: Answer | Reset, found: Found
) -> None:
    server.script(answer)
    async with asyncio.timeout(4):
        sighting = await visitor.look(f"{server.url}/side", anything)
    assert sighting.found is found
    assert (sighting.why is None) == (found is Found.YES)
    assert len(server.requests) == 1


async def test_a_redirect_is_followed_on_its_own_host_and_nowhere_else(
    server: Scripted, other: Scripted, visitor: Visitor
) -> None:
    server.script(Answer(301, "", {"Location": "/ny"}), plain("<p>hei</p>"))
    assert (await visitor.look(f"{server.url}/gammel", anything)).found is Found.YES
    server.script(Answer(302, "", {"Location": other.url.replace("127.0.0.1", "localhost")}))
    sighting = await visitor.look(server.url, anything)
    assert (sighting.found, other.requests) == (Found.CANNOT_TELL, [])
    server.script(*[Answer(302, "", {"Location": "/runde"})] * 9)
    assert "circles" in ((await visitor.look(server.url, anything)).why or "")


async def test_no_cookie_and_no_credential_goes_along(server: Scripted, visitor: Visitor) -> None:
    server.script(Answer(200, "", {"Set-Cookie": "a=b"}, content_type=HTML), plain(""))
    for _ in range(2):
        await visitor.look(server.url, anything)
    assert not {"cookie", "authorization"} & server.requests[1].headers.keys()


@pytest.mark.parametrize("address", ["", "ftp://x/", "http://", "http://[", "/side"])
async def test_an_address_that_is_none_is_no_answer(visitor: Visitor, address: str) -> None:
    assert (await visitor.look(address, anything)).found is Found.CANNOT_TELL


def test_words_are_what_a_reader_sees() -> None:
    page = (
        "<h1>Gå&nbsp;ut &#8220;nå&#8221;</h1><script>skjult</script><!-- også --><STYLE>a{}</STYLE><p>Møt <b>opp</b>."
    )
    assert list(words(page)) == ["Gå", "ut", "nå", "Møt", "opp"]


@pytest.mark.parametrize("junk", ["<", "<script>", "&", "<!--", "<a href='", "\x00", "&#x110000;"])
def test_junk_takes_no_more_time_than_its_length(junk: str) -> None:
    """A quadratic reader would need hours for this; pytest's own limit would end it."""
    assert list(words(junk * 200_000)) is not None


def test_a_time_is_found_to_the_second_in_any_zone() -> None:
    page = (
        '<time datetime="2026-11-20T05:58:07+01:00">x</time><time datetime="junk"></time><time datetime="2026-11-20">'
    )
    assert has_time(page, ISSUED)
    assert not has_time(page, ISSUED + timedelta(seconds=2))


async def test_a_link_to_another_host_is_not_opened(sandbox: SandboxServer, tmp_path: Path) -> None:
    outlet = OUTLETS["wordpress"](sandbox, tmp_path, "http://127.0.0.1:9")
    out = message(outlet, 14)
    with Scripted() as site, Scripted() as elsewhere:
        body = {"id": 7, "slug": "x", "status": "publish", "link": f"{elsewhere.url.replace('127.0.0.1', 'localhost')}/7",
                "title": {"raw": out.title}, "content": {"raw": out.text}}  # fmt: skip
        site.script(Answer(200, body))
        async with outlet.opened(allowed_hosts=None) as channel:
            account = replace(outlet.account(), address=f"{site.url}/")
            sighting = await channel.look(account, "7", out)
        assert elsewhere.requests == []
    assert sighting.found is Found.CANNOT_TELL


async def test_wrong_credentials_are_for_a_person(sandbox: SandboxServer, tmp_path: Path) -> None:
    outlet = OUTLETS["facebook"](sandbox, tmp_path, "http://127.0.0.1:9")
    async with outlet.opened() as channel:
        with pytest.raises(Misconfigured):
            await channel.look(replace(outlet.account(), credentials={}), "1_2", message(outlet))
