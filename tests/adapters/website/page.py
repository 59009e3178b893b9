"""The crisis page's adapter in a folder, and how its tests read what it wrote."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from crisis.channels import (
    AccountRef,
    ChannelSetup,
    Outgoing,
)
from crisis.mode import Mode

ACCOUNT = AccountRef(1, "website", "Krisesiden", None)
TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
AT = datetime(2026, 11, 20, 4, 58, tzinfo=UTC)
MARKER = "ØVELSE ØVELSE ØVELSE"
ATOM = "{http://www.w3.org/2005/Atom}"
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


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def wipe(folder: Path) -> None:
    for path in folder.glob("[!.]*"):
        path.unlink()
