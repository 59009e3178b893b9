"""Feeds: what any other site publishes, as Atom or (``?format=rss``) RSS. One is there as soon as somebody asks for it.

``PUT /sandbox/posts/<id>`` with ``"provider": "feeds"`` puts an item in the feed that ``account`` names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b

from jinja2 import Environment

from adapters.sandbox.exchange import Answer, Asked, Verb, say
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.foreign import ForeignPost
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene

MOST = 200
_ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>{{ name }}</title><id>urn:feed:{{ name }}</id>
{% for item in items %}<entry><id>{{ item.id }}</id><title>{{ item.title or item.text }}</title>
<link rel="alternate" href="{{ item.link }}"/><published>{{ item.iso }}</published><updated>{{ item.iso }}</updated>
{% if item.author %}<author><name>{{ item.author }}</name></author>{% endif %}<summary>{{ item.text }}</summary></entry>
{% endfor %}</feed>"""
_RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>{{ name }}</title>
{% for item in items %}<item><guid isPermaLink="false">{{ item.id }}</guid><title>{{ item.title or item.text }}</title>
<link>{{ item.link }}</link><pubDate>{{ item.rfc }}</pubDate>
{% if item.author %}<dc:creator>{{ item.author }}</dc:creator>{% endif %}<description>{{ item.text }}</description></item>
{% endfor %}</channel></rss>"""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One item, its times by the feed's clock."""

    id: str
    title: str
    text: str
    author: str
    link: str
    at: datetime

    @property
    def iso(self) -> str:
        """As Atom writes it."""
        return self.at.isoformat()

    @property
    def rfc(self) -> str:
        """As RSS writes it."""
        return format_datetime(self.at)


class Feeds:
    """All feeds of the stand-in."""

    name = "feeds"

    def __init__(self, records: Records, scene: Scene) -> None:
        self._records, self._scene = records, scene
        self._items: dict[str, list[Record]] = {}
        environment = Environment(autoescape=True)
        self._templates = {"atom": environment.from_string(_ATOM), "rss": environment.from_string(_RSS)}

    def verb(self, asked: Asked) -> Verb:  # noqa: ARG002 - a feed can only be read
        return Verb.READ

    def facts(self, asked: Asked) -> Facts:  # noqa: ARG002 - a read has none
        return None, None

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:  # noqa: ARG002 - no callbacks
        name = asked.path.strip("/")
        if asked.method != "GET" or not name or "/" in name or name in self._scene.gone:
            return self.refusal(404, None, f"There is no feed at {asked.path}.")
        kind = "rss" if asked.query.get("format") == "rss" else "atom"
        body = self._templates[kind].render(name=name, items=self._shown(name)).encode()
        tag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        headers = [(b"content-type", f"application/{kind}+xml; charset=utf-8".encode()), (b"etag", tag.encode())]
        if asked.headers.get("if-none-match") == tag:
            return Answer(304, b"", headers)
        return Answer(200, body, headers)

    def refusal(self, status: int, code: int | str | None, message: str) -> Answer:  # noqa: ARG002 - sites have no codes
        return say(status, {"detail": message})

    def throttled(self, seconds: float | None) -> Answer:
        answer = self.refusal(429, None, "Too Many Requests")
        if seconds is not None:
            answer.headers.append((b"retry-after", str(max(1, round(seconds))).encode()))
        return answer

    def failing(self, status: int | None) -> Answer:
        return self.refusal(status or 503, None, "Service Unavailable")

    def take_foreign(self, post: ForeignPost, asked: Asked) -> str:
        """An item that somebody else published."""
        if post.due_in_seconds is not None:
            raise ValueError("A feed shows nothing that is not out.")
        reference = f"urn:feed:{post.account}:{self._records.next_index}"
        facts = {"title": post.title, "author": post.author, "link": post.link, "age": post.age_seconds}
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=post.account, reference=reference, text=post.text, facts=facts
        )
        self.replay(record)
        return reference

    def replay(self, record: Record) -> None:
        self._items.setdefault(record.account, []).append(record)

    def clear(self) -> None:
        self._items.clear()

    def _shown(self, name: str) -> Sequence[FeedItem]:
        items = [
            FeedItem(
                each.reference, each.facts["title"], each.text or "", each.facts["author"],
                each.facts["link"] or f"https://{name}.example/{each.index}",
                datetime.fromtimestamp(int(self._scene.shown(each.published - each.facts["age"])), UTC),
            )
            for each in self._items.get(name, ())
        ]  # fmt: skip
        return sorted(items, key=lambda each: each.at, reverse=True)[:MOST]
