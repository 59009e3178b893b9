"""The crisis page when there is no crisis, and after one."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.website import Website
from crisis.channels import Found, Misconfigured, OutcomeUnknown
from tests.adapters.crisis_page.files import FIRST, OVER
from tests.adapters.told import site, tell, told
from tests.adapters.website.page import ACCOUNT, ATOM, feed, page, words


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("[!.]*")}


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
