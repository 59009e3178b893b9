"""Rendering: a message to render, and a reader of what came of it."""

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from crisis.channels import Capabilities, Limit, Unit
from crisis.messages.content import Content
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered
from crisis.mode import Mode
from crisis.settings import data_dir

TEMPLATES = data_dir("templates")
HOST = "krise.fjordvik.kommune.no"
MARKER = "ØVELSE ØVELSE ØVELSE"
MARKED = {"nb": MARKER, "nn": MARKER, "en": f"{MARKER} EXERCISE"}
CHANNELS = {
    "website": Capabilities(),
    "wordpress": Capabilities(),
    "facebook": Capabilities(limit=Limit(Unit.CHARACTERS, 63206)),
    "twitter": Capabilities(limit=Limit(Unit.WEIGHTED, 280), short=True),
    "sms": Capabilities(limit=Limit(Unit.SEGMENTS, 4), short=True),
}
NOW = datetime(2026, 11, 20, 5, 58, tzinfo=UTC)  # 06.58 in Norway
NEXT = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)  # 07.30
MOEN: dict[str, Any] = {
    "headline": "Skred ved Moen: Gå ut av området nå",
    "what_happened": "Det har gått et kvikkleireskred ved Moen.\nDet er fare for flere skred.\n\nVi vet ikke om noen er skadd.",
    "where": "Moen og Elvesletta",
    "what_to_do": ["Gå ut av området.", "Møt på Fjordhallen.", "Ring 112 hvis noen er i livsfare."],
    "leads": "Politiet",
    "contact": "Ring kommunen på 74 00 00 00.",
}
RENDERER = Renderer(TEMPLATES, municipality="Fjordvik kommune", crisis_page_host=HOST)


def render(
    channel: str,
    kind: str = "alert",
    *,
    language: str = "nb",
    mode: Mode = Mode.ACTUAL,
    number: int = 1,
    next_update_at: datetime | None = NEXT,
    replaced: int | None = None,
    renderer: Renderer = RENDERER,
    **changed: Any,
) -> Rendered:
    return renderer.render(
        kind,
        channel,
        CHANNELS[channel],
        Content.model_validate(MOEN | changed),
        language=language,
        mode=mode,
        next_update_at=next_update_at,
        number=number,
        now=NOW,
        replaced=replaced,
    )


class Reader(HTMLParser):
    """Reads a fragment and complains when an element is not closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
