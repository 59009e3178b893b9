"""An account on a WordPress site, a message for it, and what the site answers."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crisis.channels import AccountRef, ChannelSetup, Outgoing
from crisis.mode import Mode
from tests.adapters.scripted import Answer, Reset

PASSWORD = "abcd EFGH 1234 ijkl"
SINCE = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
MESSAGE = Outgoing(
    key="17",
    mode=Mode.ACTUAL,
    kind="alert",
    language="nb",
    title="Skred ved Moen",
    text="Gå ut nå.",
    html="<p>Gå ut nå.</p><ul><li>Møt på Fjordhallen.</li></ul>",
)
POSTS = "/wp/v2/posts"
EMPTY = Answer(200, [])


def setup_for(**changed: Any) -> ChannelSetup:
    setup = ChannelSetup(
        mode=Mode.ACTUAL,
        graph_url="",
        graph_version="v26.0",
        x_url="",
        twilio_url="",
        callback_url="",
        public_dir=Path("public"),
        templates_dir=Path("templates"),
        municipality="Fjordvik kommune",
        crisis_page_host="krise.example.no",
        languages=("nb",),
        allowed_hosts=None,
        call_seconds=4.0,
    )
    return replace(setup, **changed)


def account(url: str, **changed: Any) -> AccountRef:
    credentials = {"username": "krise", "application_password": PASSWORD}
    return replace(AccountRef(3, "wordpress", "Kommunens nettsted", url, credentials), **changed)


def post(number: int = 5, **changed: Any) -> dict[str, Any]:
    return {
        "id": number,
        "slug": "crisis-17",
        "status": "publish",
        "link": f"https://www.example.no/?p={number}",
        "title": {"raw": "Skred ved Moen", "rendered": "Skred ved Moen"},
        "content": {"raw": MESSAGE.html, "rendered": MESSAGE.html},
        **changed,
    }


def error(status: int, code: str, **headers: str) -> Answer:
    body = {"code": code, "message": "Sorry.", "data": {"status": status}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


BROKEN: list[Answer | Reset] = [
    Answer(500, {"code": "internal_server_error", "message": "There has been a critical error"}),
    Answer(503, "<html>Maintenance</html>", content_type="text/html"),
    Answer(502, ""),
    Answer(200, "<html>Hello</html>", content_type="text/html"),
    Answer(200, ""),
    Answer(200, "null"),
    Answer(201, {"status": "publish"}),
    Answer(403, "<html>A firewall</html>", content_type="text/html"),
    Answer(201, post(), cut=10),
    Reset(),
    Reset(rude=False),
]
