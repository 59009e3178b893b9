"""What lies beside the crisis page: a page per message, archives, feeds, the banner and the sheet; in peace, and in two places."""

import asyncio
import gzip
import json
import logging
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.second_place import SecondPlace
from adapters.website import Website
from crisis.channels import Found, Misconfigured, OutcomeUnknown
from tests.adapters.test_website import ACCOUNT, ATOM, MESSAGE, feed, later, names_in, page, setup_for, snapshot, words
from tests.adapters.told import IMPRINT, in_language, site, tell, told

OVER = {"activation-7": datetime(2026, 11, 28, tzinfo=UTC)}
FIRST = "message-2026-0007-31.html"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def website(folder: Path) -> Website:
    return site(folder)


def public(folder: Path) -> dict[str, bytes]:
    """What readers see."""
    return {name: content for name, content in snapshot(folder).items() if not name.startswith(".")}


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("[!.]*")}


def own_words(folder: Path, name: str) -> str:
    """The message on its own page, without what is said about it."""
    return page(folder, name).partition('<div id="t-')[2].partition("</article>")[0]


async def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


# A page per message


async def test_every_message_has_a_page_of_its_own_that_the_page_links_to(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    for number in (31, 32):
        for tail, name in (("", "index.html"), (".en", "en.html")):
            assert f'href="message-2026-0007-{number}{tail}.html"' in page(folder, name)
            assert "<article" in page(folder, f"message-2026-0007-{number}{tail}.html")
    assert 'href="index.html">Les det siste</a>' in page(folder, FIRST)
    assert 'href="en.html">Read the latest</a>' in page(folder, "message-2026-0007-31.en.html")
    assert 'rel="canonical" href="https://krise.fjordvik.kommune.no/message-2026-0007-31.html"' in page(folder, FIRST)


async def test_its_words_never_change_and_a_line_in_front_says_what_became_of_it(
    website: Website, folder: Path
) -> None:
    alert, *rest = [each for each in told(("alert", "correction", "update", "retraction")) if each.language == "nb"]
    await website.publish(ACCOUNT, alert)
    before = own_words(folder, FIRST)
    assert "Møt på Fjordhallen" in before
    said = []
    for each in rest:
        await website.publish(ACCOUNT, each)
        assert own_words(folder, FIRST) == before
        said.append(words(page(folder, FIRST)))
    await website.keep(OVER)
    assert own_words(folder, FIRST) == before
    assert "Rettet 27. november kl. 06.28. Les rettelsen" in said[0]
    assert "Trukket tilbake 27. november kl. 07.28. Dette gjelder ikke. Les hvorfor" in said[2]
    assert 'href="message-2026-0007-34.html">Les hvorfor</a>' in page(folder, FIRST)
    assert "Denne krisen er over." in words(page(folder, FIRST))


async def test_a_withdrawn_message_takes_its_page_and_its_cap_file_with_it(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    await website.withdraw(ACCOUNT, "nb/32nb")
    assert "message-2026-0007-32.html" not in names_in(folder)
    assert "message-2026-0007-32.cap.xml" in names_in(folder), "it is out in another language"
    await website.withdraw(ACCOUNT, "en/32en")
    assert {name for name in names_in(folder) if "-32" in name} == set()
    assert FIRST in names_in(folder)


async def test_what_is_withdrawn_after_a_crisis_leaves_its_archive_too(website: Website, folder: Path) -> None:
    await tell(website, ("alert",))
    await website.keep(OVER)
    await website.withdraw(ACCOUNT, "en/31en")
    assert {name for name in names_in(folder) if name.startswith("archive-")} == {"archive-activation-7.html"}
    await website.withdraw(ACCOUNT, "nb/31nb")
    assert not {name for name in names_in(folder) if name.startswith(("archive-", "message-"))}
    assert "archive" not in page(folder)


async def test_24_whole_messages_of_60_words_stay_under_14_kilobytes_with_all_there_is_beside_them(
    website: Website, folder: Path
) -> None:
    chance = random.Random(11)

    def sentence(count: int) -> str:
        return " ".join(
            "".join(chance.choices("abdefghijklmnoprstuvyøæå", k=chance.randint(3, 10))) for _ in range(count)
        )

    for number in range(24):
        content = {"headline": sentence(7), "what_happened": sentence(29), "where": sentence(4)}
        content |= {"what_to_do": [sentence(6) for _ in range(3)], "leads": sentence(1), "contact": sentence(1)}
        outgoing = told(("alert",), {"nb": content}, first=60 + number, message=60 + number)[0]
        assert outgoing.issued_at
        at = outgoing.issued_at + timedelta(minutes=20 * number)
        await website.publish(ACCOUNT, replace(outgoing, kind="update" if number else "alert", issued_at=at))
    assert page(folder).count("<article") == 24
    assert len(gzip.compress(page(folder).encode(), 6)) < 14_000


async def test_a_publication_that_is_tried_again_writes_the_same_page(website: Website, folder: Path) -> None:
    alert = told(("alert",))[0]
    await website.publish(ACCOUNT, alert)
    (folder / FIRST).unlink()
    before = public(folder)
    await website.publish(ACCOUNT, alert)
    assert public(folder).keys() - before.keys() == {FIRST}


# In peace


async def test_before_the_first_message_there_is_a_page_a_feed_a_sheet_and_a_quiet_banner(
    website: Website, folder: Path
) -> None:
    assert await website.faults()
    await website.keep({})
    assert await website.faults() == []
    assert "Det er ingen pågående krise" in words(page(folder))
    assert 'href="https://www.sikkerhverdag.no/"' in page(folder)
    assert "Fikk du ikke SMS?" not in page(folder)
    assert "Det er ingen pågående krise" in words(page(folder, "noticeboard.html"))
    assert json.loads(page(folder, "banner.json"))["state"] == "quiet"
    assert json.loads(page(folder, "feed.json"))["items"] == []


async def test_when_a_crisis_is_over_all_is_quiet_and_what_was_said_is_kept(website: Website, folder: Path) -> None:
    made = await tell(website, ("alert", "all_clear"))
    assert "Faren er over" in words(page(folder)).split("Kriseinformasjon")[0]
    await website.keep(OVER)
    front = words(page(folder))
    assert "Det er ingen pågående krise" in front
    assert "Pågående krise" not in front
    assert "Skred ved Moen: Gå ut av området nå 27. november kl. 05.58 . Faren er over 27. november kl. 06.28" in front
    assert 'href="archive-activation-7.html"' in page(folder)
    assert re.search(r'href="archive-activation-7.html"\s+lang="nb"', page(folder, "nn.html")), "in a language it has"
    archive = words(page(folder, "archive-activation-7.en.html"))
    assert archive.index("The danger is over") < archive.index("Important message")
    assert "This crisis is over." in archive
    assert len(feed(folder).findall(f"{ATOM}entry")) == 2, "a reader who was offline still gets the all-clear"
    assert json.loads(page(folder, "banner.json"))["state"] == "quiet"
    assert (await website.reconcile(ACCOUNT, made[-1], datetime.now(UTC))).found is Found.YES


async def test_a_new_crisis_is_shown_at_once_although_nobody_has_been_told_of_it(
    website: Website, folder: Path
) -> None:
    await tell(website, ("alert",))
    await website.keep(OVER)
    await tell(website, ("alert",), activation=8, first=40, message=5)
    assert "Pågående krise" in words(page(folder))
    await website.keep(OVER)
    assert "Pågående krise" in words(page(folder))


async def test_what_comes_late_for_a_crisis_that_is_over_is_archived_and_brings_nothing_back(
    website: Website, folder: Path
) -> None:
    first, second = (each for each in told(("alert", "update")) if each.language == "nb")
    await website.publish(ACCOUNT, first)
    await website.keep(OVER)
    receipt = await website.publish(ACCOUNT, second)
    assert "Det er ingen pågående krise" in words(page(folder))
    assert page(folder, "archive-activation-7.html").count("<article") == 2
    assert (await website.read_back(ACCOUNT, receipt.reference)).found is Found.YES


async def test_upkeep_writes_nothing_while_nothing_changes_and_mends_what_was_deleted(
    website: Website, folder: Path
) -> None:
    await tell(website, ("alert",))
    await website.keep({})
    before = times(folder)
    await website.keep({})
    await site(folder).keep({})
    assert times(folder) == before
    (folder / "en.html").unlink()
    await website.keep({})
    assert "Leave the area at once" in page(folder, "en.html")


async def test_what_was_left_half_written_is_written_at_the_next_upkeep(website: Website, folder: Path) -> None:
    await website.keep({})
    (folder / "en.html").unlink()
    (folder / "en.html").mkdir()
    alert, _, update, _ = told(("alert", "update"))
    with pytest.raises(OutcomeUnknown):
        await website.publish(ACCOUNT, alert)
    (folder / "en.html").rmdir()
    await website.publish(ACCOUNT, update)
    await website.keep({})
    assert "There is no message in this language yet" in words(page(folder, "en.html"))
    assert "Moen" in page(folder, FIRST)


async def test_upkeep_that_cannot_write_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="CRISIS_PUBLIC_DIR"):
        await site(tmp_path / "file" / "public").keep({})


# What it says beside the messages


async def test_the_page_says_whom_to_call_and_where_else_to_look(website: Website, folder: Path) -> None:
    await tell(website, ("alert",))
    html = page(folder)
    for number in ("110", "112", "113", "116117", "74000000"):
        assert f'href="tel:{number}"' in html, number
    shown = words(html)
    assert "Fikk du ikke SMS?" in shown
    assert "NRK P1 sender også viktig informasjon." in shown
    for address in (IMPRINT.accessibility_url, IMPRINT.privacy_url):
        assert f'href="{address}"' in html
    assert "Siden bruker ikke informasjonskapsler." in shown


async def test_what_nobody_has_said_leaves_its_line_out(folder: Path) -> None:
    website = Website(setup_for(folder))
    await website.keep({})
    html = page(folder)
    for absent in ("Tilgjengelighetserklæring", "Personvern", "sender også", "None", 'href=""', "Råd om egenberedskap"):
        assert absent not in html, absent


async def test_a_page_in_a_language_it_speaks_has_its_own_words_and_a_sami_one_the_primarys(folder: Path) -> None:
    website = site(folder, languages=("nn", "nb"))
    message = told(("alert",))[0]
    for language, said, spoken in (("pl", "Najnowszy komunikat", "pl"), ("uk", "Останнє повідомлення", "uk"), ("se", "Siste melding", "nn"), ("ti", "Latest message", "en")):  # fmt: skip
        await website.publish(ACCOUNT, in_language(message, language))
        html = page(folder, f"{language}.html")
        assert f'<html lang="{spoken}">' in html
        assert said in words(html)
        assert re.search(rf'lang="{language}" dir="ltr">\s*<h3>', html)


# Feeds and banner


async def test_the_json_feed_says_what_the_atom_feed_says(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "correction"))
    held = json.loads(page(folder, "feed.json"))
    assert held["version"] == "https://jsonfeed.org/version/1.1"
    assert held["feed_url"] == "https://krise.fjordvik.kommune.no/feed.json"
    for item, entry in zip(held["items"], feed(folder).findall(f"{ATOM}entry"), strict=True):
        assert item["id"] == entry.findtext(f"{ATOM}id")
        assert item["title"] == entry.findtext(f"{ATOM}title")
        assert item["content_html"] == entry.findtext(f"{ATOM}content")
        assert datetime.fromisoformat(item["date_modified"]).isoformat() == entry.findtext(f"{ATOM}updated")
        assert item["attachments"][0]["mime_type"] == "application/cap+xml"
        assert item["url"] == entry.find(f"{ATOM}link[@type='text/html']").attrib["href"]  # type: ignore[union-attr]
    assert held["items"][1]["title"].startswith("Rettet 27. november kl. 06.28.")


async def test_the_banner_has_the_newest_headline_of_each_language(website: Website, folder: Path) -> None:
    await tell(website, ("alert", "update"))
    held = json.loads(page(folder, "banner.json"))
    assert (held["state"], held["exercise"], held["primary"]) == ("ongoing", False, "nb")
    assert held["languages"]["en"] == {
        "kind": "Update",
        "title": "Landslide at Moen: Leave the area now",
        "at": "27 November at 06:28",
        "url": "https://krise.fjordvik.kommune.no/en.html",
    }
    await tell(website, ("alert", "update", "all_clear"))
    assert json.loads(page(folder, "banner.json"))["state"] == "over"
    assert len((folder / "banner.js").read_bytes()) < 1000


# Two places


def two(folder: Path, second: Path) -> Website:
    return Website(replace(setup_for(folder, imprint=IMPRINT), second_public_dir=second))


async def test_the_second_place_gets_every_file_and_loses_what_was_withdrawn(folder: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    website = two(folder, second)
    await tell(website, ("alert", "update"))
    await eventually(lambda: public(second) == public(folder))
    for reference in ("nb/32nb", "en/32en"):
        await website.withdraw(ACCOUNT, reference)
    await eventually(lambda: public(second) == public(folder))
    assert ".entries" not in names_in(second), "what the page remembers stays at home"
    assert await website.faults() == []
    assert {path.stat().st_mode & 0o777 for path in second.iterdir()} == {0o644}


async def test_a_second_place_that_is_away_holds_nothing_up_is_said_once_and_mended_later(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    second = tmp_path / "second"
    website = two(folder, second)
    with caplog.at_level(logging.WARNING, "adapters.second_place"):
        for number in range(1, 4):
            await website.publish(ACCOUNT, later(number))
            await website.keep({})
            await eventually(lambda: "is behind" in caplog.text)
        assert "Melding 3" in page(folder)
        assert caplog.text.count("is behind") == 1
        ((fault, advice),) = await website.faults()
        assert "second cannot be written" in fault
        assert "mounted" in advice
        second.mkdir()
        await website.keep({})
        await eventually(lambda: public(second) == public(folder))
        await eventually(lambda: "up to date again" in caplog.text)
    assert await website.faults() == []


async def test_a_second_place_that_answers_nothing_holds_nobody_up(folder: Path, tmp_path: Path) -> None:
    """A pipe that nobody writes to, in a file's place: whoever reads it waits for ever, as in a mount whose far end is gone."""
    second = tmp_path / "second"
    second.mkdir()
    os.mkfifo(second / "index.html")
    website = Website(replace(setup_for(folder, call_seconds=0.4), second_public_dir=second))
    began = time.monotonic()
    for number in range(1, 4):
        await website.publish(ACCOUNT, later(number))
        await website.keep({})
    assert "Melding 3" in page(folder)
    ((fault, _),) = await website.faults()
    assert "does not answer" in fault
    assert time.monotonic() - began < 5


async def test_what_somebody_changed_there_is_put_right_and_an_empty_first_place_removes_nothing(
    folder: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    await two(folder, second).publish(ACCOUNT, MESSAGE)
    await eventually(lambda: public(second) == public(folder))
    (second / "index.html").write_text("hijacked")
    SecondPlace(folder, second).nudge()
    await eventually(lambda: public(second) == public(folder))
    empty = tmp_path / "empty"
    empty.mkdir()
    before = public(second)
    place = SecondPlace(empty, second)
    place.nudge()
    await eventually(lambda: place._thread is None)
    assert public(second) == before


async def test_a_promise_that_is_days_away_has_its_date_everywhere(website: Website, folder: Path) -> None:
    alert = told(("alert",))[0]
    assert alert.issued_at
    await website.publish(ACCOUNT, replace(alert, next_update_at=alert.issued_at + timedelta(days=1)))
    for name in ("index.html", "noticeboard.html", "feed.atom", "feed.json"):
        assert "Neste melding kommer 28. november kl. 05.58." in page(folder, name), name
