"""An account at Twilio, a text message for it, and what Twilio answers."""

from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from crisis.channels import AccountRef, ChannelSetup, Outgoing
from crisis.mode import Mode
from tests.adapters.scripted import Answer

SID = "AC" + "1" * 32
TOKEN = "the-twilio-token"
NUMBER = "+4790000001"
ACCOUNT = AccountRef(1, "sms", "Varsling", "Fjordvik")
SINCE = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
TEXT = "Fjordvik kommune: SKRED ved Moen & Elvesletta. GÅ UT nå. 100 % + mer"
SMS = Outgoing(
    key="17", mode=Mode.ACTUAL, kind="alert", language="nb", title="", text=TEXT, to=NUMBER, valid_seconds=1800
)


def setup_for(url: str, **changed: Any) -> ChannelSetup:
    setup = ChannelSetup(
        mode=Mode.ACTUAL,
        graph_url="",
        graph_version="v26.0",
        x_url="",
        twilio_url=url,
        callback_url="https://krise.example.no/receipts/actual",
        public_dir=Path("public"),
        templates_dir=Path("templates"),
        municipality="Fjordvik kommune",
        crisis_page_host="krise.example.no",
        languages=("nb",),
        allowed_hosts=None,
        twilio_account_sid=SID,
        twilio_auth_tokens=(TOKEN, "the-next-token"),
        sms_concurrency=40,
        call_seconds=2.0,
    )
    return replace(setup, **changed)


def created(sid: str = "SM1", **more: Any) -> Answer:
    return Answer(201, {"sid": sid, "status": "queued", **more})


def refused(status: int, code: int, **headers: str) -> Answer:
    body = {"code": code, "message": f"The 'To' number {NUMBER} is wrong", "status": status}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def listed(sid: str, body: str, at: datetime, direction: str = "outbound-api") -> dict[str, Any]:
    return {"sid": sid, "body": body, "direction": direction, "date_created": format_datetime(at), "status": "queued"}
