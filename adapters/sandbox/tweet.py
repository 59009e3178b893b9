"""One post on X, as v2 shows it: links wrapped as t.co, with the real ones in the entities."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from twitter_text import extract_urls_with_indices

EPOCH_MS = 1_288_834_974_657  # X's ids count milliseconds from here, 22 bits up


def x_time(at: float) -> str:
    """X's way to write a time."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def new_id(at: float, sequence: int) -> str:
    """An id that sorts by time as X's do."""
    return str(((int(at * 1000) - EPOCH_MS) << 22) | (sequence & 0x3FFFFF))


def wrap_links(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text with every link as t.co, and the entities that say what each stands for."""
    shown, entities, last = "", [], 0
    for found in extract_urls_with_indices(text):
        url, (start, end) = found["url"], found["indices"]
        short = "https://t.co/" + blake2b(url.encode(), digest_size=5).hexdigest()
        shown += text[last:start]
        expanded = url if "://" in url else f"http://{url}"
        entities.append(
            {
                "start": len(shown),
                "end": len(shown) + len(short),
                "url": short,
                "expanded_url": expanded,
                "display_url": expanded.partition("://")[2],
            }
        )
        shown += short
        last = end
    return shown + text[last:], entities


@dataclass(slots=True)
class Tweet:
    """``text`` is as it was sent; ``author`` is a user id, or empty when the token did not tell."""

    id: str
    author: str
    text: str
    created: float
    history: tuple[str, ...]
    """Ids of all versions, oldest first; an edit makes a new id."""
    reply_to: str | None = None

    def show(self, fields: str = "", skew: float = 0.0) -> dict[str, Any]:
        """The default fields and those of ``tweet.fields``. ``skew``: how far X's clock is ahead."""
        text, urls = wrap_links(self.text)
        everything: dict[str, Any] = {
            "created_at": x_time(self.created + skew),
            "author_id": self.author or "0",
            "source": "Sandbox",
            "conversation_id": self.reply_to or self.id,
            "lang": "no",
        }
        if urls:
            everything["entities"] = {"urls": urls}
        names = set(fields.split(","))
        shown: dict[str, Any] = {"id": self.id, "text": text, "edit_history_tweet_ids": list(self.history)}
        return shown | {name: value for name, value in everything.items() if name in names}
