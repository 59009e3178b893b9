"""What a reader's browser gets: whole, small, legible, in their language."""

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

import pytest

from adapters.phrases import phrases
from adapters.website import Website, build
from crisis.channels import (
    Unsupported,
)
from tests.adapters.website.page import (
    ACCOUNT,
    AT,
    ATOM,
    MESSAGE,
    TEMPLATES,
    feed,
    later,
    names_in,
    page,
    setup_for,
    words,
)


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def published(folder: Path) -> list[Path]:
    return [*folder.glob("*.html"), *folder.glob("*.atom")]


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
from adapters.website import Website
from tests.adapters.website.page import ACCOUNT, later, setup_for
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
