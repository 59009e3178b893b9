"""The page is made from its entries alone: broken ones, repeats and killed processes change nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.website import Website
from crisis.channels import (
    Found,
    Rejected,
)
from tests.adapters.website.page import (
    ACCOUNT,
    AT,
    ATOM,
    MESSAGE,
    feed,
    later,
    names_in,
    page,
    setup_for,
    snapshot,
    wipe,
)


async def test_the_page_is_rebuilt_from_its_entries_alone(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, later(1))
    await website.publish(ACCOUNT, later(2))
    before = snapshot(folder)
    wipe(folder)
    await Website(setup_for(folder)).keep({})
    assert snapshot(folder) == before


async def test_a_broken_entry_does_not_stop_the_next_message(
    website: Website, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await website.publish(ACCOUNT, later(1))
    (folder / ".entries/nb/1.json").write_text("{", encoding="utf-8")
    (folder / ".entries/nb/5.json").write_text('{"key": "5"}', encoding="utf-8")
    await website.publish(ACCOUNT, later(2))
    assert "Melding 2" in page(folder)
    assert "1.json cannot be read" in caplog.text
    await website.publish(ACCOUNT, later(1))
    assert "Melding 1" in page(folder), "publishing again mends it"


async def test_what_a_killed_process_left_behind_is_swept_away(website: Website, folder: Path) -> None:
    await website.keep({})
    left = folder / ".index.html.abc.part"
    left.write_text("half")
    await website.publish(ACCOUNT, MESSAGE)
    assert not left.exists()


async def test_read_back_gives_the_words_of_the_written_page(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, MESSAGE)
    await website.publish(ACCOUNT, later(2))
    finding = await website.read_back(ACCOUNT, "nb/1")
    assert finding.found is Found.YES
    assert finding.text == f"{MESSAGE.title}\nGå ut av området.\nGjør dette nå\nMøt på Fjordhallen."
    assert (await website.read_back(ACCOUNT, "nb/3")).found is Found.NO
    (folder / "index.html").unlink()
    assert (await website.read_back(ACCOUNT, "nb/1")).found is Found.NO, "the entry alone is not public"


async def test_reconcile_believes_the_page_and_not_the_entry_alone(website: Website, folder: Path) -> None:
    assert (await website.reconcile(ACCOUNT, MESSAGE, AT)).found is Found.NO
    await website.publish(ACCOUNT, MESSAGE)
    assert (await website.reconcile(ACCOUNT, MESSAGE, AT)).found is Found.YES
    (folder / "index.html").write_text("<html></html>")
    assert (await website.reconcile(ACCOUNT, MESSAGE, AT)).found is Found.NO
    await website.publish(ACCOUNT, MESSAGE)
    assert "Fjordhallen" in page(folder)


async def test_a_text_without_html_is_escaped_into_paragraphs(website: Website, folder: Path) -> None:
    hostile = "Første <script>alert(1)</script>\nlinje\n\nAndre & siste\x0b\x00"
    await website.publish(ACCOUNT, replace(MESSAGE, html=None, text=hostile, title="<b>&\x08Tittel"))
    html = page(folder)
    assert "<p>Første &lt;script&gt;alert(1)&lt;/script&gt;<br>linje</p>\n<p>Andre &amp; siste</p>" in html
    assert "<h3>&lt;b&gt;&amp;Tittel</h3>" in html
    assert "<script" not in html
    assert feed(folder).find(f"{ATOM}entry") is not None


@pytest.mark.parametrize(
    ("language", "key"),
    [
        ("nb", "../1"),
        ("nb", "a/b"),
        ("..", "1"),
        ("", "1"),
        ("nb", ""),
        ("NB", "1"),
        ("nb", "1.json"),
        ("nb", "x" * 65),
    ],
)
async def test_names_that_could_leave_the_folder_are_refused(
    website: Website, folder: Path, language: str, key: str
) -> None:
    with pytest.raises(Rejected):
        await website.publish(ACCOUNT, replace(MESSAGE, language=language, key=key))
    with pytest.raises(Rejected):
        await website.withdraw(ACCOUNT, f"{language}/{key}")
    assert not names_in(folder.parent)
