"""The page that shows what the stand-ins display now: "Facebook", "X", the website, a phone and e-mail."""

from collections.abc import Sequence
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from adapters.sandbox.article import Article
from adapters.sandbox.exchange import Answer, Asked, say_html
from adapters.sandbox.graph import Graph
from adapters.sandbox.mail import Mailbox
from adapters.sandbox.pagepost import PagePost
from adapters.sandbox.residents import Residents
from adapters.sandbox.tweet import Tweet
from adapters.sandbox.twilio import Twilio
from adapters.sandbox.wordpress import WordPress
from adapters.sandbox.x import X
from crisis.clock import OSLO

Post = TypeVar("Post", PagePost, Tweet, Article)

MOST = 20
BLOCKS = frozenset({"p", "li", "h1", "h2", "h3", "h4", "br", "div", "ul", "ol", "dt", "dd", "tr"})
UNSEEN = frozenset({"script", "style", "template"})
REFRESH_SECONDS = 5


class Page:
    """Reads the stand-ins, renders the template."""

    def __init__(
        self,
        templates: Path,
        *,
        graph: Graph,
        x: X,
        twilio: Twilio,
        wordpress: WordPress,
        mailbox: Mailbox,
        residents: Residents,
        page_url: str,
    ) -> None:
        if page_url and urlsplit(page_url).scheme not in {"http", "https"}:
            raise ValueError(f"CRISIS_SANDBOX_PAGE_URL must be an http or https address, not {page_url!r}.")
        self._environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["clock"] = _clock
        self._graph = graph
        self._x = x
        self._twilio = twilio
        self._wordpress = wordpress
        self._mailbox = mailbox
        self._residents = residents
        self._page_url = page_url

    def answer(self, asked: Asked) -> Answer:
        """The page as it is now; with ``?oppdater=1`` it reloads itself."""
        template = self._environment.get_template("pages/sandbox.html")
        html = template.render(
            facebook=self._facebook(),
            x=self._posts(),
            articles=self._articles(),
            texts=self._texts(),
            letters=self._mailbox.letters[: -MOST - 1 : -1],
            residents={channel: self._residents.on(channel) for channel in ("facebook", "twitter")},
            page_url=self._page_url,
            refresh=REFRESH_SECONDS if asked.query.get("oppdater") else 0,
            now=datetime.now(OSLO),
        )
        parts = urlsplit(self._page_url)
        frame = f"{parts.scheme}://{parts.netloc}" if self._page_url else "'none'"
        policy = (
            f"default-src 'none'; style-src 'unsafe-inline'; frame-src {frame}; base-uri 'none'; form-action 'none'"
        )
        return say_html(200, html, [(b"content-security-policy", policy.encode()), (b"cache-control", b"no-store")])

    def _facebook(self) -> list[dict[str, Any]]:
        seen = [(post, None) for post in self._graph.posts.values() if post.published and not post.hidden]
        return [
            {"page": post.page, "text": post.message, "link": post.link, "at": post.created, "removed": removed,
             "edited": post.edits[-1] if post.edits else None,
             "comments": [{"page": each.page, "text": each.message, "at": each.created} for each in post.comments]}
            for post, removed in _latest([*seen, *self._graph.removed])
        ]  # fmt: skip

    def _posts(self) -> list[dict[str, Any]]:
        seen = [(tweet, None) for tweet in self._x.tweets.values()]
        return [
            {"author": tweet.author, "text": tweet.text, "at": tweet.created, "edited": len(tweet.history) > 1,
             "removed": removed}
            for tweet, removed in _latest([*seen, *self._x.removed])
        ]  # fmt: skip

    def _articles(self) -> list[dict[str, Any]]:
        seen = [(post, None) for post in self._wordpress.posts.values() if post.status == "publish"]
        return [
            {"site": post.site.removeprefix("/wp").strip("/"), "title": post.title, "text": _plain(post.content),
             "link": post.link, "at": post.created, "edited": post.modified if post.modified > post.created else None,
             "versions": len(post.revisions), "removed": removed}
            for post, removed in _latest([*seen, *self._wordpress.removed])
        ]  # fmt: skip

    def _texts(self) -> list[dict[str, Any]]:
        texts = list(self._twilio.texts.items())[-MOST:]
        return [
            {"text": text, "recipients": count, "from": last.record.facts.get("from") or "Meldingstjenesten",
             "last": (last.record.to or "")[-2:], "at": last.record.published}
            for text, (count, last) in reversed(texts)
        ]  # fmt: skip


def _latest(seen: Sequence[tuple[Post, float | None]]) -> list[tuple[Post, float | None]]:
    """The newest posts, those that are gone among them, each with the time it went."""
    return sorted(seen, key=lambda each: each[0].created, reverse=True)[:MOST]


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, OSLO).strftime("%H:%M:%S")


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:  # noqa: ARG002 - the signature is the parser's
        self._unseen += tag in UNSEEN
        self.text += "\n" if tag in BLOCKS else ""

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.text += data


def _plain(html: str) -> str:
    """The text of a post, line by line."""
    reader = _Plain()
    reader.feed(html)
    lines = (" ".join(line.split()) for line in reader.text.splitlines())
    return "\n".join(line for line in lines if line)
