"""Exercises marked and apart, names kept in their folder, and every fault told."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.website import Website
from crisis.channels import (
    Found,
    Misconfigured,
    OutcomeUnknown,
    Unavailable,
)
from crisis.mode import Mode
from tests.adapters.website.page import ACCOUNT, AT, ATOM, MARKER, MESSAGE, feed, page, setup_for, words


async def test_another_language_has_english_words_around_its_messages(website: Website, folder: Path) -> None:
    receipt = await website.publish(
        ACCOUNT, replace(MESSAGE, language="ar", title="انهيار أرضي", html="<p>اخرج الآن</p>")
    )
    assert receipt.url == "https://krise.fjordvik.kommune.no/ar.html"
    html = page(folder, "ar.html")
    assert '<html lang="en">' in html
    assert re.search(r'lang="ar" dir="rtl">\s*<h3>', html)
    assert "20 November at 05:58" in html
    assert 'hreflang="ar" dir="rtl">العربية</a>' in " ".join(page(folder).split())


async def test_an_exercise_is_marked_on_every_page_and_feed(tmp_path: Path) -> None:
    folder = tmp_path / "exercise" / "public"
    website = Website(setup_for(folder, mode=Mode.EXERCISE))
    await website.publish(ACCOUNT, replace(MESSAGE, mode=Mode.EXERCISE, title=f"{MARKER}. Skred"))
    for name in ("index.html", "nn.html", "en.html"):
        html = page(folder, name)
        assert html.index(f"<title>{MARKER}") > 0
        assert words(html).startswith(MARKER)
        assert html.count(f"<title>{MARKER}. {MARKER}") == 0
        assert 'content="noindex, nofollow"' in html
    assert "Dette er en øvelse. Det har ikke skjedd noe." in page(folder)
    assert "Dette er ei øving. Det har ikkje skjedd noko." in page(folder, "nn.html")
    assert feed(folder).findtext(f"{ATOM}title", "").startswith(MARKER)


async def test_the_real_page_carries_no_marker(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, MESSAGE)
    assert "ØVELSE" not in page(folder)
    assert "noindex" not in page(folder)


def test_an_exercise_refuses_the_public_folder(tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    disguised = tmp_path / "exercise"
    disguised.symlink_to(public)
    for folder in (public, disguised / "page", tmp_path / "exercises" / "public", tmp_path / "exercise"):
        with pytest.raises(Misconfigured, match="exercise"):
            Website(setup_for(folder, mode=Mode.EXERCISE))
    assert not list(public.iterdir())


def test_missing_templates_are_told_at_once(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="CRISIS_TEMPLATES_DIR"):
        Website(setup_for(folder, templates_dir=tmp_path))


async def test_a_folder_that_cannot_be_made_waits_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="CRISIS_PUBLIC_DIR"):
        await Website(setup_for(tmp_path / "file" / "public")).publish(ACCOUNT, MESSAGE)


async def test_a_page_that_cannot_be_replaced_leaves_the_outcome_unknown_and_is_mended_later(
    website: Website, folder: Path
) -> None:
    (folder / "index.html").mkdir(parents=True)
    with pytest.raises(OutcomeUnknown):
        await website.publish(ACCOUNT, MESSAGE)
    assert (await website.reconcile(ACCOUNT, MESSAGE, AT)).found is not Found.YES
    (folder / "index.html").rmdir()
    await website.publish(ACCOUNT, MESSAGE)
    assert (await website.reconcile(ACCOUNT, MESSAGE, AT)).found is Found.YES


async def test_a_lock_that_is_held_too_long_writes_nothing(folder: Path) -> None:
    website = Website(setup_for(folder, call_seconds=0.2))
    holder = Website(setup_for(folder))
    with holder._page.entries.lock(1.0), pytest.raises(Unavailable, match="lock"):
        await website.publish(ACCOUNT, MESSAGE)
    assert not (folder / "index.html").exists()
    await website.publish(ACCOUNT, MESSAGE)
