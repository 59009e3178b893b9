"""A page on Facebook, and what Graph answers about it."""

from datetime import UTC, datetime
from typing import Any

from tests.adapters.scripted import Answer
from tests.adapters.setups import (
    PAGE_TOKEN,
    a_message,
    an_account,
)

PAGE = "1234567890"
POST = f"{PAGE}_55"
TEXT = "Leirskred på Øvre Fjordvik.\n\nForlat området nå og gå mot skolen."
ACCOUNT = an_account("facebook", PAGE, {"page_token": PAGE_TOKEN})
MESSAGE = a_message(TEXT)
SINCE = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)


def refusal(code: int, status: int = 400, **more: Any) -> Answer:
    return Answer(status, {"error": {"message": f"(#{code}) no", "type": "OAuthException", "code": code, **more}})


def listing(*posts: dict[str, Any], after: str | None = None) -> Answer:
    paging = {
        "paging": {"cursors": {"after": after}, "next": f"https://graph.facebook.com/x?access_token={PAGE_TOKEN}"}
    }
    return Answer(200, {"data": list(posts), **(paging if after else {})})


def live(message: str = TEXT, at: str = "2026-11-20T03:00:01+0000", **more: Any) -> dict[str, Any]:
    return {"id": POST, "message": message, "created_time": at, "is_published": True, **more}
