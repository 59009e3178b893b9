"""An account on X, and what X answers about it."""

from datetime import UTC, datetime
from typing import Any

from tests.adapters.scripted import Answer
from tests.adapters.setups import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_SECRET,
    a_message,
    an_account,
)

USER = "2244994945"
POST = "1445880548472328192"
TEXT = "Leirskred på Øvre Fjordvik. Forlat området & gå mot skolen. krise.fjordvik.kommune.no"
CREDENTIALS = {"access_token": ACCESS_TOKEN, "access_token_secret": ACCESS_TOKEN_SECRET}
ACCOUNT = an_account("twitter", USER, CREDENTIALS)
MESSAGE = a_message(TEXT)
SINCE = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)
CREATED = {"data": {"id": POST, "text": TEXT, "edit_history_post_ids": [POST]}}
NOT_THERE = {
    "errors": [
        {
            "detail": f"Could not find tweet with id: [{POST}].",
            "title": "Not Found Error",
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
    ]
}


def problem(status: int, detail: str = "no", headers: dict[str, str] | None = None) -> Answer:
    body = {"title": "A problem", "detail": detail, "type": "about:blank", "status": status}
    return Answer(status, body, headers or {}, content_type="application/problem+json")


def live(text: str | None = None, at: str = "2026-11-20T03:00:01.000Z", **more: Any) -> dict[str, Any]:
    """The text as X gives it back: the bare host name as a t.co link, and ``&`` escaped."""
    given = TEXT.replace("krise.fjordvik.kommune.no", "https://t.co/abc").replace("&", "&amp;")
    links = [{"url": "https://t.co/abc", "expanded_url": "http://krise.fjordvik.kommune.no"}]
    return {"id": POST, "text": text or given, "created_at": at, "entities": {"urls": links}, **more}


def timeline(*posts: dict[str, Any], following: str | None = None) -> Answer:
    meta = {"result_count": len(posts), **({"next_token": following} if following else {})}
    return Answer(200, {"data": list(posts), "meta": meta} if posts else {"meta": meta})
