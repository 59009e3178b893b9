import asyncio
import gzip
import os
import random
import re
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from adapters.phrases import phrases
from adapters.website import Website, build
from crisis.channels import (
    AccountRef,
    ChannelSetup,
    Found,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    ReceiptStatus,
    Rejected,
    Unavailable,
    Unsupported,
)
from crisis.mode import Mode

ACCOUNT = AccountRef(1, "website", "Krisesiden", None)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
AT = datetime(2026, 11, 20, 4, 58, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
MARKER = "ØVELSE ØVELSE ØVELSE"
MESSAGE = Outgoing(
    key="1",
    mode=Mode.ACTUAL,
    kind="alert",
    language="nb",
    title="Skred ved Moen: Gå ut av området nå",
    text="Gå ut av området. Møt på Fjordhallen.",
    html="<p>Gå ut av området.</p><h4>Gjør dette nå</h4><ul><li>Møt på Fjordhallen.</li></ul>",
    thread="2026-7",
    issued_at=AT,
)


def setup_for(folder: Path, **changed: Any) -> ChannelSetup:
    setup = ChannelSetup(
        mode=Mode.ACTUAL,
        graph_url="",
        graph_version="v26.0",
        x_url="",
        twilio_url="",
        callback_url="",
        public_dir=folder,
        templates_dir=TEMPLATES,
        municipality="Fjordvik kommune",
        crisis_page_host="krise.fjordvik.kommune.no",
        languages=("nb", "nn", "en"),
        allowed_hosts=None,
        call_seconds=8.0,
    )
    return replace(setup, **changed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def website(folder: Path) -> Website:
    return Website(setup_for(folder))


def later(number: int, **changed: Any) -> Outgoing:
    """The message number ``number`` of a crisis, half an hour after the one before."""
    at = AT + timedelta(minutes=30 * (number - 1))
    kind = "alert" if number == 1 else "update"
    return replace(MESSAGE, key=str(number), kind=kind, title=f"Melding {number}", issued_at=at, **changed)


def page(folder: Path, name: str = "index.html") -> str:
    return (folder / name).read_text(encoding="utf-8")


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("</head>")[2]).split())


def feed(folder: Path, name: str = "feed.atom") -> ET.Element:
    return ET.parse(folder / name).getroot()  # noqa: S314 - we have written it ourselves


def wipe(folder: Path) -> None:
    for path in folder.glob("[!.]*"):
        path.unlink()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def published(folder: Path) -> list[Path]:
    return [*folder.glob("*.html"), *folder.glob("*.atom")]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


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


async def test_files_can_be_read_by_the_web_server(website: Website, folder: Path) -> None:
    before = os.umask(0o077)
    try:
        await website.publish(ACCOUNT, MESSAGE)
    finally:
        os.umask(before)
    assert len(published(folder)) == 10
    assert mode_of(folder) == 0o755
    assert {mode_of(path) for path in published(folder)} == {0o644}


async def test_a_reader_never_sees_half_a_page(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, later(1))
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(page(folder))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, 30):
            await website.publish(ACCOUNT, later(number))
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert len(seen) > 28
    assert all(html.startswith("<!DOCTYPE html>") and html.endswith("</html>\n") for html in seen)


PUBLISHER = """
import asyncio, sys
from pathlib import Path
from tests.adapters.test_website import ACCOUNT, Website, later, setup_for
async def main():
    website = Website(setup_for(Path(sys.argv[1]), call_seconds=60.0))
    for number in range(int(sys.argv[2]), 25, 3):
        await website.publish(ACCOUNT, later(number))
asyncio.run(main())
"""


def start_publisher(folder: Path, first: int) -> subprocess.Popen[bytes]:
    root = str(TEMPLATES.parent)
    command = [sys.executable, "-c", PUBLISHER, str(folder), str(first)]
    return subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": root})


async def test_several_processes_at_once_lose_no_message(folder: Path) -> None:
    writers = [start_publisher(folder, first) for first in (1, 2, 3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    html = words(page(folder))
    assert [number for number in range(1, 25) if f"Melding {number} " not in html] == []
    assert len(feed(folder).findall(f"{ATOM}entry")) == 24
    assert not [name for name in names_in(folder) if name.endswith(".part")]


async def test_24_long_messages_stay_under_14_kilobytes_and_the_style_under_4(website: Website, folder: Path) -> None:
    rng = random.Random(7)

    def sentence(count: int) -> str:
        return " ".join("".join(rng.choices("abdefghijklmnoprstuvyøæå", k=rng.randint(3, 10))) for _ in range(count))

    for number in range(1, 25):
        body = f"<p>{sentence(20)}</p><ul><li>{sentence(12)}</li><li>{sentence(12)}</li></ul><p>{sentence(16)}</p>"
        await website.publish(ACCOUNT, replace(later(number), title=sentence(7), html=body))
    html = page(folder)
    packed = len(gzip.compress(html.encode(), 6))
    assert html.count("<article") == 24
    assert packed < 14_000, f"{packed} bytes"
    style = html.partition("<style>")[2].partition("</style>")[0]
    assert 500 < len(style.encode()) < 4096


async def test_beyond_24_earlier_messages_the_oldest_are_there_by_title(website: Website, folder: Path) -> None:
    for number in range(1, 28):
        await website.publish(ACCOUNT, later(number, html=f"<p>Tekst {number}.</p>"))
    html = page(folder)
    assert html.count("<article") == 27
    assert "Tekst 3." in html
    assert "Tekst 2." not in html
    assert "<h3>Melding 1</h3>" in html


class Outline(HTMLParser):
    """What a page loads, and how it is built up."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


async def test_the_page_loads_nothing_and_is_built_for_everyone(website: Website, folder: Path) -> None:
    await website.publish(ACCOUNT, later(1))
    await website.publish(ACCOUNT, later(2))
    outline = Outline()
    outline.feed(page(folder))
    names = [tag for tag, _ in outline.tags]
    assert not {"script", "img", "iframe", "object", "video", "form"} & set(names)
    assert not any(name.startswith("on") or name in {"src", "style"} for _, held in outline.tags for name in held)
    style = page(folder).partition("<style>")[2].partition("</style>")[0]
    assert not re.search(r"url\(|@import|@font-face", style)
    assert "@media print" in style
    assert "prefers-color-scheme: dark" in style
    assert [names.count(tag) for tag in ("h1", "main", "header", "footer", "nav")] == [1, 1, 1, 1, 1]
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(below <= above + 1 for above, below in zip([0, *levels], levels, strict=False)), levels
    identifiers = [held["id"] for _, held in outline.tags if "id" in held]
    assert len(identifiers) == len(set(identifiers))
    links = [str(held["href"]) for tag, held in outline.tags if tag == "a"]
    assert links[0] == "#content", "the first thing the keyboard meets is the way past the rest"
    assert {"index.html", "nn.html", "en.html", "feed.atom", "tel:112"} <= set(links)
    current = [held for tag, held in outline.tags if held.get("aria-current") == "page"]
    assert [held["href"] for held in current] == ["index.html"]
    assert next(held for tag, held in outline.tags if held.get("name") == "color-scheme")["content"] == "light dark"


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_colour_has_enough_contrast_in_both_schemes() -> None:
    style = (TEMPLATES / "public/_style.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    schemes = [dict(re.findall(r"--(\w+): (#\w+);", block)) for block in (light, dark)]
    assert all(set(scheme) >= {"paper", "ink", "quiet", "link", "alert", "clear"} for scheme in schemes)
    for scheme in schemes:
        paper = luminance(scheme["paper"])
        for name in ("ink", "quiet", "link", "alert", "clear"):
            bright, dim = sorted((paper, luminance(scheme[name])), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (name, scheme)


def test_times_are_written_in_each_language_by_the_clock_in_oslo() -> None:
    summer = datetime(2026, 7, 1, 22, 5, tzinfo=UTC)
    assert phrases("nb").moment(summer) == "2. juli kl. 00.05"
    assert phrases("nn").moment(AT) == "20. november kl. 05.58"
    assert phrases("en").moment(AT) == "20 November at 05:58"
    assert phrases("pl").moment(summer) == "2 lipca, godz. 00:05"
    assert phrases("uk").moment(summer) == "2 липня, 00:05"
    assert phrases("ar") is phrases("en")
    assert phrases("se", "nn") is phrases("nn"), "who reads Sámi here reads Norwegian"
    assert phrases("nb-NO") is phrases("nb")
    assert phrases("nn").next_update(AT + timedelta(minutes=92), AT) == "Neste melding kjem kl. 07.30."


async def test_nobody_reports_back_about_a_file_of_our_own(website: Website) -> None:
    with pytest.raises(Unsupported):
        website.answer_challenge({})
    await asyncio.gather(website.close(), website.close())


def test_it_claims_what_it_can(folder: Path) -> None:
    capabilities = build(setup_for(folder)).capabilities
    assert capabilities.idempotent
    assert capabilities.edit
    assert capabilities.withdraw
    assert capabilities.reconcile
    assert not capabilities.unit_posts
    assert not capabilities.recipients
    assert capabilities.limit is None
