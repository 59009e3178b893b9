"""Feeds as they are found and as they are made to hurt: what is read of them, and how long it takes."""

import time
from datetime import UTC, datetime

import pytest

from adapters.feed_items import MOST_ITEMS, MOST_TEXT, items_in
from crisis.channels import OutcomeUnknown

AT = datetime(2026, 11, 27, 5, 57, tzinfo=UTC)
QUICK = 2.0
"""Seconds that reading two megabytes of anything may take here, on a machine that does other things too."""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><title>Kanalen</title><entry>
<id>yt:video:abc</id><title>Kunngjøring &amp; info</title><link rel="self" href="https://a.example/self"/>
<link rel="alternate" href="https://www.youtube.com/watch?v=abc"/><author><name>Biblioteket</name><uri>u</uri></author>
<published>2026-11-27T05:57:00+00:00</published><updated>2026-11-27T09:00:00+00:00</updated>
<media:group><media:title>Kunngjøring</media:title><media:description>Vi har åpent</media:description></media:group>
</entry></feed>"""
RSS = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Nettstedet</title>
<item><title>Åpent</title><link>https://a.example/apent</link><dc:creator><![CDATA[En ansatt]]></dc:creator>
<pubDate>Fri, 27 Nov 2026 06:57:00 +0100</pubDate><guid isPermaLink="false">https://a.example/?p=7</guid>
<description><![CDATA[<p>Vi har <b>åpent</b>&nbsp;i dag &amp; i morgen</p>]]></description></item></channel></rss>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>t</title></channel>
<item rdf:about="y"><title>Hei</title><link>https://a.example/y</link><dc:date>2026-11-27T05:57:00Z</dc:date></item></rdf:RDF>"""


def rss(item: str) -> bytes:
    return f"<rss><channel><item>{item}</item></channel></rss>".encode()


def test_atom_as_youtube_has_it() -> None:
    (item,) = items_in(ATOM.encode())
    assert item.reference == "yt:video:abc"
    assert item.text == "Kunngjøring & info\nVi har åpent"
    assert item.url == "https://www.youtube.com/watch?v=abc"
    assert item.author == "Biblioteket"
    assert list(item.moments) == [AT], "an edit does not make it new"


def test_rss_as_wordpress_has_it() -> None:
    (item,) = items_in(RSS.encode())
    assert item.reference == "https://a.example/?p=7"
    assert item.text == "Åpent\nVi har åpent i dag & i morgen"
    assert (item.url, item.author, list(item.moments)) == ("https://a.example/apent", "En ansatt", [AT])


def test_rss_of_the_older_kind() -> None:
    (item,) = items_in(RDF.encode())
    assert (item.text, item.reference, list(item.moments)) == ("Hei", "https://a.example/y", [AT])


@pytest.mark.parametrize(
    ("written", "moments"),
    [
        ("Fri, 27 Nov 2026 05:57:00 GMT", [AT]),
        ("2026-11-27T06:57:00+01:00", [AT]),
        ("2026-11-27T05:57:00", [AT, AT.replace(hour=4)]),
        ("Fri, 27 Nov 2026 05:57:00", [AT, AT.replace(hour=4)]),
        ("Fri, 27 Nov 2026 05:57:00 MET", [AT, AT.replace(hour=4)]),
        ("27.11.2026", []),
        ("", []),
        ("0001-01-01T00:00:00+14:00", []),
        ("Fri, 99 Nov 2026 05:57:00 GMT", []),
        ("9" * 5000, []),
    ],
)
def test_dates_in_every_form_and_in_none(written: str, moments: list[datetime]) -> None:
    (item,) = items_in(rss(f"<title>x</title><pubDate>{written}</pubDate>"))
    assert list(item.moments) == moments


def test_without_an_id_the_same_words_are_the_same_item() -> None:
    first, other, same = (items_in(rss(f"<title>{title}</title>"))[0].reference for title in ("a", "b", "a"))
    assert first == same != other
    assert items_in(rss("<title>a</title><link>javascript:alert(1)</link>"))[0].url is None


@pytest.mark.parametrize(
    "source",
    [
        b"", b" ", b"{}", b"<html><body><p>Hei</p></body></html>", b"<rss", b"\x00\x01", b'{"id": "12',
        b"<opml><body/></opml>", bytes(range(256)) * 100, b"<rss><channel><<<<", "<feed>".encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_feed_or_is_broken_is_never_an_empty_one(source: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        items_in(source)


def test_an_empty_feed_is_empty_and_a_careless_one_is_read() -> None:
    assert items_in(b"<rss version='2.0'><channel><title>x</title></channel></rss>") == []
    (item,) = items_in(rss("<title>Fisk & vilt &nbsp; <b>nå</title><guid>1</guid>"))
    assert item.text.startswith("Fisk")
    assert items_in("<?xml version='1.0' encoding='iso-8859-1'?><rss><item><title>Å</title></item></rss>".encode("latin-1"))[
        0
    ].text == "Å"  # fmt: skip


def _entities(count: int) -> str:
    return "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, count))


HOSTILE = {
    "a billion laughs": f"<!DOCTYPE x [<!ENTITY l0 'lol'>{_entities(10)}]><rss><item><title>&l9;</title></item></rss>",
    "one long entity": f"<!DOCTYPE x [<!ENTITY a '{'a' * 50_000}'>]><rss><item><title>{'&a;' * 50_000}</title></item></rss>",
    "somebody's file": "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><rss><item><title>&f;</title></item></rss>",
    "somebody's address": "<!DOCTYPE x SYSTEM 'http://127.0.0.1:1/x.dtd'><rss><item><title>a</title></item></rss>",
    "deep": "<rss>" + "<item>" * 300_000,
    "many": "<rss>" + "<item><title>a</title></item>" * 60_000 + "</rss>",
    "wide": "<rss><item>" + "<a/>" * 400_000 + "</item></rss>",
    "attributes": "<rss><item><title " + "a='b' " * 250_000 + ">x</title></item></rss>",
    "less-than": "<rss><item><title>" + "&lt;" * 400_000 + "</title></item></rss>",
    "ampersands": "<rss><item><title>" + "&" * 1_000_000,
    "long": "<rss><item><title>" + "æ" * 1_000_000 + "</title></item></rss>",
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_what_is_made_to_hurt_takes_no_time_and_reads_nothing_of_ours(source: str) -> None:
    began = time.monotonic()
    try:
        items = items_in(source.encode())
    except OutcomeUnknown:
        items = []
    assert time.monotonic() - began < QUICK
    assert len(items) <= MOST_ITEMS
    assert all(len(item.text) <= MOST_TEXT and len(item.reference) <= MOST_TEXT for item in items)
    assert not any("root:" in item.text for item in items)
