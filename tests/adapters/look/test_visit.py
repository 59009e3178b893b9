"""A visit as the public makes one: what each answer proves, where it may lead, and which words a reader sees."""

import asyncio
from datetime import timedelta

import pytest

from adapters.visit import MOST_BYTES, Visitor, has_time, words
from crisis.channels import Found
from tests.adapters.look.page import ISSUED
from tests.adapters.scripted import Answer, Reset, Scripted

HTML = "text/html; charset=utf-8"


def plain(answer: str) -> Answer:
    return Answer(200, answer, content_type=HTML)


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
