"""What is published, edited and withdrawn on the crisis page, and in its feed."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.website import Website
from crisis.channels import (
    Found,
    ReceiptStatus,
    Rejected,
)
from tests.adapters.website.page import ACCOUNT, AT, ATOM, MESSAGE, feed, later, names_in, page, snapshot, words


async def test_a_message_is_on_the_page_and_in_the_feed(website: Website, folder: Path) -> None:
    receipt = await website.publish(ACCOUNT, MESSAGE)
    assert (receipt.reference, receipt.key, receipt.status) == ("nb/1", "1", ReceiptStatus.ACCEPTED)
    assert receipt.url == "https://krise.fjordvik.kommune.no/"
    html = page(folder)
    assert "<li>Møt på Fjordhallen.</li>" in html
    assert '<time datetime="2026-11-20T04:58:00+00:00">20. november kl. 05.58</time>' in html
    assert "<title>Skred ved Moen: Gå ut av området nå | Kriseinformasjon fra Fjordvik kommune</title>" in html
    (entry,) = feed(folder).findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == MESSAGE.title
    assert entry.findtext(f"{ATOM}content") == MESSAGE.html


async def test_each_language_has_its_own_files(website: Website, folder: Path) -> None:
    nynorsk = replace(MESSAGE, key="2", language="nn", title="Skred ved Moen: Gå ut av området no")
    receipt = await website.publish(ACCOUNT, nynorsk)
    assert receipt.url == "https://krise.fjordvik.kommune.no/nn.html"
    assert names_in(folder) == {
        "index.html", "nn.html", "en.html", "feed.atom", "feed.nn.atom", "feed.en.atom", ".entries",
        "feed.json", "feed.nn.json", "feed.en.json", "noticeboard.html", "noticeboard.nn.html", "noticeboard.en.html",
        "message-2.nn.html", "banner.json", "banner.js",
    }  # fmt: skip
    html = page(folder, "nn.html")
    assert '<html lang="nn">' in html
    assert re.search(r'lang="nn" dir="ltr">\s*<h3>Skred ved Moen', html)
    assert "Kriseinformasjon frå Fjordvik kommune" in html


async def test_a_language_without_a_message_points_to_those_that_have_one(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, MESSAGE)
    english = words(page(folder, "en.html"))
    assert "There is no message in this language yet" in english
    assert "You can read in: Bokmål" in english
    assert "no ongoing crisis" not in english


async def test_before_the_first_message_the_page_says_that_all_is_quiet(website: Website, folder: Path) -> None:
    await website.keep({})
    assert "Det er ingen pågående krise" in words(page(folder))
    assert "Det er inga pågåande krise" in words(page(folder, "nn.html"))
    assert feed(folder).find(f"{ATOM}updated") is not None


async def test_the_latest_is_shown_first_and_the_earlier_below_newest_first(website: Website, folder: Path) -> None:
    for number in (2, 1, 3):
        await website.publish(ACCOUNT, later(number))
    html = words(page(folder))
    assert html.index("Siste melding") < html.index("Melding 3") < html.index("Tidligere meldinger")
    assert html.index("Tidligere meldinger") < html.index("Melding 2") < html.index("Melding 1")


async def test_the_next_message_is_announced_with_its_date_only_on_another_day(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, replace(MESSAGE, next_update_at=AT + timedelta(minutes=92)))
    assert "Neste melding kommer kl. 07.30." in words(page(folder))
    late = replace(MESSAGE, key="2", issued_at=AT + timedelta(hours=16), next_update_at=AT + timedelta(hours=20))
    await website.publish(ACCOUNT, late)
    assert "Neste melding kommer 21. november kl. 01.58." in words(page(folder))
    assert "07.30" not in words(page(folder)), "what an earlier message promised is past"


async def test_publishing_a_key_again_leaves_one_entry_and_the_same_bytes(website: Website, folder: Path) -> None:
    first = await website.publish(ACCOUNT, MESSAGE)
    before = snapshot(folder)
    times = {name: (folder / name).stat().st_mtime_ns for name in before if name != ".entries/lock"}
    assert await website.publish(ACCOUNT, MESSAGE) == first
    assert snapshot(folder) == before
    assert all((folder / name).stat().st_mtime_ns == at for name, at in times.items()), "its ETag stays too"


async def test_a_repeat_after_an_edit_does_not_bring_the_old_text_back(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, MESSAGE)
    await website.edit(ACCOUNT, "nb/1", replace(MESSAGE, html="<p>Nytt.</p>", issued_at=AT + timedelta(minutes=9)))
    await website.publish(ACCOUNT, MESSAGE)
    assert "Nytt." in page(folder)
    assert "Fjordhallen" not in page(folder)


async def test_an_edit_keeps_the_place_and_says_when(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, later(1))
    await website.publish(ACCOUNT, later(2))
    changed = replace(later(1), key="9", title="Melding 1, rettet", issued_at=AT + timedelta(minutes=90))
    receipt = await website.edit(ACCOUNT, "nb/1", changed)
    assert receipt.reference == "nb/1"
    html = words(page(folder))
    assert "Publisert 20. november kl. 05.58 . Endret 20. november kl. 07.28" in html
    assert html.index("Melding 2") < html.index("Melding 1, rettet")
    again = snapshot(folder)
    await website.edit(ACCOUNT, "nb/1", replace(changed, issued_at=AT + timedelta(hours=9)))
    assert snapshot(folder) == again, "the same text again is no change"


async def test_a_message_that_is_not_there_cannot_be_edited(website: Website) -> None:
    with pytest.raises(Rejected, match="Publish"):
        await website.edit(ACCOUNT, "nb/1", MESSAGE)


async def test_withdrawing_takes_it_off_every_file_and_twice_is_done(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, later(1))
    await website.publish(ACCOUNT, later(2))
    for _ in range(2):
        await website.withdraw(ACCOUNT, "nb/2")
        assert "Melding 2" not in page(folder)
        assert "Melding 2" not in page(folder, "feed.atom")
    assert "Melding 1" in page(folder)
    await website.withdraw(ACCOUNT, "nb/1")
    assert "Det er ingen pågående krise" in words(page(folder))


async def test_only_the_newest_thread_is_shown_in_every_language(website: Website, folder: Path) -> None:
    for number, language in enumerate(("nb", "en"), start=1):
        await website.publish(ACCOUNT, later(number, language=language, thread="old"))
    await website.publish(ACCOUNT, replace(later(3, thread="new"), title="Ny krise"))
    assert "Ny krise" in page(folder)
    assert "Melding 1" not in page(folder)
    assert "Melding 2" not in page(folder, "en.html")
    assert "There is no message in this language yet" in page(folder, "en.html")


async def test_a_late_message_of_an_older_thread_does_not_bring_it_back(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, later(1, thread="old"))
    await website.publish(ACCOUNT, replace(later(2, thread="new"), title="Ny krise"))
    late = later(3, thread="old")
    await website.publish(ACCOUNT, late)
    assert "Ny krise" in page(folder)
    assert "Melding 3" not in page(folder)
    assert (await website.reconcile(ACCOUNT, late, AT)).found is Found.YES
