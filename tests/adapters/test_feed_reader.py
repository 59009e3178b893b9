"""The feed reader over a real socket: ages, what has not changed, redirects, sizes and times."""

import gzip
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.feed_reader import MOST_BYTES, FeedReader
from adapters.transport import ForbiddenHost
from crisis.channels import (
    AccountRef,
    ChannelError,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from tests.adapters.contract import ENOUGH_SECONDS
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.setups import a_setup

WITHIN = 3600.0


def feed(*items: str) -> str:
    return f"<rss><channel>{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"


def item(identity: str, at: datetime | None = None, date: str = "") -> str:
    date = format_datetime(at) if at else date
    return f"<guid>{identity}</guid><title>Nr. {identity}</title><pubDate>{date}</pubDate>"


def ago(**time_ago: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time_ago)


@pytest.fixture
def account(server: Scripted) -> AccountRef:
    return AccountRef(7, "youtube", "Kanalen", f"{server.url}/feed?channel_id=abc")


@pytest.fixture
def reader(server: Scripted) -> FeedReader:
    return FeedReader(a_setup(server.url, server.address, call_seconds=ENOUGH_SECONDS))


def answer(body: str | bytes, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(200, body, named, content_type="application/rss+xml")


async def test_what_is_new_is_listed_and_what_is_old_is_not(
    reader: FeedReader, server: Scripted, account: AccountRef
) -> None:
    server.script(answer(feed(item("old", ago(days=3)), item("b", ago(minutes=9)), item("a", ago(minutes=1)))))
    found = await reader.list_posted(account, WITHIN)
    assert [(each.reference, round(each.age_seconds / 60)) for each in found] == [("a", 1), ("b", 9)]
    (seen,) = server.requests
    assert seen.target == "/feed?channel_id=abc"
    assert "atom" in seen.headers["accept"]
    assert "authorization" not in seen.headers
    assert "cookie" not in seen.headers


async def test_what_comes_out_of_a_cache_is_older_than_its_date(
    reader: FeedReader, server: Scripted, account: AccountRef
) -> None:
    server.script(answer(feed(item("a", ago(minutes=5))), Age="600"))
    (found,) = await reader.list_posted(account, WITHIN)
    assert round(found.age_seconds / 60) == 15


async def test_what_has_not_changed_is_not_read_again_and_grows_older(
    reader: FeedReader, server: Scripted, account: AccountRef
) -> None:
    tags = {"ETag": '"v1"', "Last_Modified": "Fri, 27 Nov 2026 05:00:00 GMT"}
    server.script(answer(feed(item("a", ago(minutes=5))), **tags), Answer(304, b"", content_type=None))
    first = await reader.list_posted(account, WITHIN)
    again = await reader.list_posted(account, WITHIN)
    assert [each.reference for each in again] == [each.reference for each in first] == ["a"]
    assert again[0].age_seconds >= first[0].age_seconds
    assert server.requests[1].headers["if-none-match"] == '"v1"'
    assert server.requests[1].headers["if-modified-since"] == "Fri, 27 Nov 2026 05:00:00 GMT"


async def test_not_modified_to_one_who_knows_nothing_is_no_answer(
    reader: FeedReader, server: Scripted, account: AccountRef
) -> None:
    server.script(Answer(304, b"", content_type=None))
    with pytest.raises(OutcomeUnknown):
        await reader.list_posted(account, WITHIN)


@pytest.mark.parametrize("date", ["", "i går", format_datetime(datetime(2099, 1, 1, tzinfo=UTC))])
async def test_an_item_without_a_date_of_use_is_new_when_it_appears_later(
    reader: FeedReader, server: Scripted, account: AccountRef, date: str
) -> None:
    there, later = item("there", date=date), item("later", date=date)
    server.script(answer(feed(there)), answer(feed(later, there)), answer(feed(later, there)))
    assert list(await reader.list_posted(account, WITHIN)) == []
    for _ in range(2):
        (found,) = await reader.list_posted(account, WITHIN)
        assert found.reference == "later"
        assert found.age_seconds < 60


async def test_a_date_a_little_ahead_is_new_and_one_without_a_zone_the_youngest_it_can_be(
    reader: FeedReader, server: Scripted, account: AccountRef
) -> None:
    oslo = (datetime.now(UTC) + timedelta(minutes=50)).replace(
        tzinfo=None
    )  # ten minutes ago there, in winter; else an hour more
    items = [item("ahead", ago(minutes=-5)), item("no-zone", date=f"{ago(minutes=7):%Y-%m-%dT%H:%M:%S}")]
    server.script(answer(feed(*items, item("local", date=f"{oslo:%Y-%m-%dT%H:%M:%S}"))))
    found = {each.reference: each.age_seconds for each in await reader.list_posted(account, 3 * WITHIN)}
    assert found["ahead"] == 0
    assert round(found["no-zone"] / 60) == 7
    assert round(found["local"] / 60) in {10, 70}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Answer(404), Gone),
        (Answer(410), Gone),
        (Answer(401), Misconfigured),
        (Answer(403), Misconfigured),
        (Answer(429, headers={"Retry-After": "30"}), Throttled),
        (Answer(400), Rejected),
        (Answer(503), OutcomeUnknown),
        (Answer(200, "<html><p>Vedlikehold</p></html>", content_type="text/html"), OutcomeUnknown),
        (Answer(200, feed(item("a")), cut=30), OutcomeUnknown),
        (Answer(200, ""), OutcomeUnknown),
        (Answer(200, feed(), after=4.0), OutcomeUnknown),
        (Answer(200, feed(item("a")), drip=0.1), OutcomeUnknown),
        (Reset(), OutcomeUnknown),
    ],
)
async def test_what_cannot_be_read_is_said(
    server: Scripted, account: AccountRef, given: Answer | Reset, expected: type[ChannelError]
) -> None:
    server.script(given)
    hasty = FeedReader(a_setup(server.url, server.address, call_seconds=1.0))
    began = time.monotonic()
    with pytest.raises(expected) as caught:
        await hasty.list_posted(account, WITHIN)
    assert type(caught.value) is expected
    assert time.monotonic() - began < 3
    assert "channel_id" not in str(caught.value)


async def test_fifty_megabytes_are_not_read_packed_or_not(
    reader: FeedReader, server: Scripted, account: AccountRef
) -> None:
    huge = b"<rss>" + b" " * 50_000_000
    for body, headers in ((huge[: MOST_BYTES * 2], {}), (gzip.compress(huge), {"Content_Encoding": "gzip"})):
        server.script(answer(body, **headers))
        with pytest.raises(OutcomeUnknown, match="longer than"):
            await reader.list_posted(account, WITHIN)


async def test_redirects_are_followed_on_the_same_site_alone(
    reader: FeedReader, server: Scripted, other: Scripted, account: AccountRef
) -> None:
    open_reader = FeedReader(a_setup(server.url, None))
    server.script(Answer(301, headers={"Location": "/new"}), answer(feed(item("a", ago(minutes=1)))))
    assert len(await reader.list_posted(account, WITHIN)) == 1
    assert server.requests[-1].path == "/new"
    server.script(Answer(302, headers={"Location": other.url.replace("127.0.0.1", "localhost")}))
    with pytest.raises(Misconfigured, match="another site"):
        await open_reader.list_posted(account, WITHIN)
    server.script(Answer(302, headers={"Location": "file:///etc/passwd"}))
    with pytest.raises(Misconfigured):
        await open_reader.list_posted(account, WITHIN)
    server.script(*[Answer(302, headers={"Location": "/round"})] * 5)
    with pytest.raises(OutcomeUnknown, match="circles"):
        await reader.list_posted(account, WITHIN)
    assert other.requests == []


@pytest.mark.parametrize(
    "address", [None, "", "ftp://a.example/feed", "not an address", "http://", "file:///etc/passwd"]
)
async def test_an_address_that_is_none_is_for_a_person(
    reader: FeedReader, account: AccountRef, address: str | None
) -> None:
    with pytest.raises(Misconfigured):
        await reader.list_posted(replace(account, address=address), WITHIN)


async def test_nobody_there_is_unsent(account: AccountRef) -> None:
    gone = FeedReader(a_setup("http://127.0.0.1:1", "127.0.0.1:1"))
    with pytest.raises(Unavailable):
        await gone.list_posted(replace(account, address="http://127.0.0.1:1/feed"), WITHIN)


async def test_an_exercise_reads_the_sandboxs_feed_and_no_other(
    server: Scripted, other: Scripted, account: AccountRef
) -> None:
    """Both walls: the address is the sandbox's whatever the register says, and the transport reaches no other."""
    exercise = FeedReader(a_setup(server.url, server.address, feeds_url=f"{server.url}/feeds"))
    server.script(answer(feed(item("a", ago(minutes=1)))))
    await exercise.list_posted(replace(account, address=other.url), WITHIN)
    assert server.requests[0].path == "/feeds/7"
    without_the_first = FeedReader(a_setup(server.url, server.address))
    with pytest.raises(ForbiddenHost):
        await without_the_first.list_posted(replace(account, address=other.url), WITHIN)
    assert other.requests == []
