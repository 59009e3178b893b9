"""Facebook Graph: a page's feed, its posts, what is scheduled on it, and who may publish there."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from adapters.sandbox.exchange import Answer, Asked, Verb, say
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.foreign import ForeignPost
from adapters.sandbox.graph_words import GraphWords
from adapters.sandbox.page_access import EDGES, PageAccess
from adapters.sandbox.page_people import SERVICE
from adapters.sandbox.pagepost import Comment, PagePost
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene

VERSION = re.compile(r"^v\d+\.\d+$")
LISTS = frozenset({"feed", "posts", "published_posts", "scheduled_posts"})
FIRST_ID = 122_100_000_000_000_000
APP_IN_TOKEN = re.compile(r"^(\d+)\|")
SOONEST, LATEST = 600, 30 * 86_400
"""How many seconds ahead a post may be scheduled (developers.facebook.com/docs/pages-api/posts)."""
OWN_WINDOW = "350685531728"
"""The app of what somebody posts in Facebook's own."""


class Graph(GraphWords):
    """All pages of the stand-in. Any token opens any page.

    A token shaped like an app's own (``<app id>|...``) was issued to that app, any other to ours. A post can only be changed
    by the app that made it (developers.facebook.com/docs/pages-api/posts); which code Meta refuses it with is not documented,
    and 200, a lack of permission, is taken here.
    """

    name = "graph"

    def __init__(self, records: Records, app: str, scene: Scene) -> None:
        self._records = records
        self._app = app
        self._scene = scene
        self._access = PageAccess(records, scene, self.name)
        self.posts: dict[str, PagePost] = {}
        self.removed: list[tuple[PagePost, float]] = []
        """Posts that were taken down, with the time; nobody but the page of the sandbox can still see them."""

    def verb(self, asked: Asked) -> Verb:
        parts = self._parts(asked)
        if asked.method != "GET" and parts[1:] and parts[1] in EDGES:
            return Verb.RIGHT
        if asked.method == "DELETE":
            return Verb.DELETE
        if asked.method == "POST" and parts[1:] == ["comments"]:
            return Verb.COMMENT
        if asked.method == "POST":
            return Verb.CREATE if len(parts) > 1 else Verb.EDIT
        return Verb.READ

    def facts(self, asked: Asked) -> Facts:
        return None, asked.fields.get("message")

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:  # noqa: ARG002, C901, PLR0911 - no callbacks; a line a route
        if not _token(asked):
            message = "Invalid OAuth access token - Cannot parse access token"
            return self.refusal(400, 190, message)
        parts = self._parts(asked)
        if parts and parts[0].partition("_")[0] in self._scene.gone:
            return self.missing(asked.method.lower(), parts[0])
        self._publish_due()
        match asked.method, parts:
            case _, [page, edge] if edge in EDGES:
                is_page_token = _token(asked) == self._page_token(page)
                answer = self._access.answer(asked, page, edge, is_page_token=is_page_token)
                return self.refusal(400, *answer) if isinstance(answer, tuple) else answer
            case "GET", ["me"]:
                return say(200, {"id": SERVICE, "name": "Sandbox"})
            case "GET", [page, edge] if edge in LISTS:
                return self._list(asked, page, edge)
            case "GET", [identity, "comments"]:
                return self._comments(asked, identity)
            case "POST", [identity, "comments"]:
                return self._comment(asked, identity)
            case "GET", [identity]:
                return self._read(asked, identity)
            case "POST", [page, "feed"]:
                return self._create(asked, page)
            case "POST", [identity]:
                return self._edit(asked, identity)
            case "DELETE", [identity]:
                return self._delete(asked, identity)
        return self.refusal(400, 2500, f"Unknown path components: {asked.path}")

    @staticmethod
    def _parts(asked: Asked) -> list[str]:
        parts = [part for part in asked.path.split("/") if part]
        return parts[1:] if parts and VERSION.match(parts[0]) else parts

    def _create(self, asked: Asked, page: str) -> Answer:
        message = str(asked.fields.get("message") or "")
        link = asked.fields.get("link")
        if not message and not link:
            return self.refusal(400, 100, "(#100) The status you are trying to publish is empty.")
        last = next((post for post in reversed(self.posts.values()) if post.page == page and post.published), None)
        if message and last is not None and last.message == message:
            return self.refusal(400, 506, "Duplicate status message", subcode=1455006)
        published = str(asked.fields.get("published", "true")).lower() not in {"false", "0"}
        scheduled = asked.fields.get("scheduled_publish_time")
        if scheduled is not None and not _is_ahead(scheduled, self._scene.now()):
            return self.refusal(400, 100, "(#100) The specified scheduled publish time is invalid.")
        identity = f"{page}_{FIRST_ID + self._records.next_index}"
        facts = {
            "link": link, "published": published, "scheduled": scheduled and int(scheduled), "app": self._app_of(asked),
        }  # fmt: skip
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=page, reference=identity, text=message, facts=facts
        )
        self.replay(record)
        return say(200, {"id": identity})

    def _edit(self, asked: Asked, identity: str) -> Answer:
        post = self.posts.get(identity)
        if post is None:
            return self.missing("post", identity)
        names = ("is_hidden", "is_published", "timeline_visibility")
        facts = {name: str(asked.fields[name]).lower() for name in names if name in asked.fields}
        message = asked.fields.get("message")
        if message is None and not facts:
            return self.refusal(400, 100, "(#100) At least one parameter to change must be given.")
        if post.app != self._app_of(asked):
            return self.refusal(403, 200, "(#200) A post can only be changed by the app that made it.")
        record = self._records.accept(
            asked, self.name, Verb.EDIT, account=post.page, reference=identity, text=message, facts=facts
        )
        self.replay(record)
        return say(200, {"success": True})

    def _comment(self, asked: Asked, identity: str) -> Answer:
        post = self.posts.get(identity)
        if post is None:
            return self.missing("post", identity)
        message = str(asked.fields.get("message") or "")
        if not message.strip():
            return self.refusal(400, 100, "(#100) A comment needs a message.")
        number = f"{identity.partition('_')[2]}_{FIRST_ID + self._records.next_index}"
        facts = {"comment": number, "app": self._app_of(asked)}
        record = self._records.accept(
            asked, self.name, Verb.COMMENT, account=post.page, reference=identity, text=message, facts=facts
        )
        self.replay(record)
        return say(200, {"id": number})

    def _comments(self, asked: Asked, identity: str) -> Answer:
        post = self.posts.get(identity)
        if post is None:
            return self.missing("get", identity)
        newest_first = asked.query.get("order") == "reverse_chronological"
        found = post.comments[::-1] if newest_first else post.comments
        return self._paged(asked, f"{identity}/comments", found)

    def _delete(self, asked: Asked, identity: str) -> Answer:
        post = self.posts.get(identity)
        if post is None:
            return self.missing("delete", identity)
        self.replay(self._records.accept(asked, self.name, Verb.DELETE, account=post.page, reference=identity))
        return say(200, {"success": True})

    def _read(self, asked: Asked, identity: str) -> Answer:
        post = self.posts.get(identity)
        if post is not None:
            return say(200, post.show(asked.query.get("fields"), self._scene.skew_seconds))
        if identity.isdigit():
            page = {"id": identity, "name": f"Page {identity}"}
            if "access_token" in asked.query.get("fields", ""):
                page["access_token"] = self._page_token(identity)
            return say(200, page)
        return self.missing("get", identity)

    def _list(self, asked: Asked, page: str, edge: str) -> Answer:
        try:
            since, until = (_moment(asked.query.get(name)) for name in ("since", "until"))
        except ValueError:
            return self.refusal(400, 100, "(#100) since or until is not a time.")
        if edge == "scheduled_posts":
            waiting = [
                post for post in self.posts.values() if post.page == page and not post.published and post.scheduled
            ]
            return self._paged(asked, f"{page}/{edge}", waiting)
        found = [
            post
            for post in reversed(self.posts.values())
            if post.page == page
            and post.published
            and (not post.hidden or asked.query.get("include_hidden") == "true")
            and (since is None or self._scene.shown(post.created) >= since)
            and (until is None or self._scene.shown(post.created) <= until)
        ]
        found.sort(key=lambda post: -post.created)
        return self._paged(asked, f"{page}/{edge}", found)

    def _paged(self, asked: Asked, path: str, found: Sequence[PagePost | Comment]) -> Answer:
        try:
            limit = min(int(asked.query.get("limit", "25")), 100)
        except ValueError:
            return self.refusal(400, 100, "(#100) limit is not a number.")
        after = asked.query.get("after")
        if after is not None:
            ids = [post.id for post in found]
            found = found[ids.index(after) + 1 :] if after in ids else []
        shown = found[:limit]
        answer: dict[str, Any] = {
            "data": [post.show(asked.query.get("fields"), self._scene.skew_seconds) for post in shown]
        }
        if shown:
            answer["paging"] = {"cursors": {"before": shown[0].id, "after": shown[-1].id}}
            if len(found) > len(shown):
                answer["paging"]["next"] = f"{asked.origin}/graph/{path}?limit={limit}&after={shown[-1].id}"
        return say(200, answer)

    def replay(self, record: Record) -> None:
        identity, facts = record.reference, record.facts
        if record.verb is Verb.RIGHT:
            self._access.replay(record)
        elif record.verb is Verb.CREATE:
            created = record.published - facts.get("age", 0.0)
            self.posts[identity] = PagePost(
                identity, record.account, facts.get("app", self._app), record.text or "", facts["link"],
                created, created, facts["published"], scheduled=facts["scheduled"], author=facts.get("author", ""),
            )  # fmt: skip
        elif record.verb is Verb.DELETE:
            if (removed := self.posts.pop(identity, None)) is not None:
                self.removed.append((removed, record.published))
        elif record.verb is Verb.COMMENT:
            comment = Comment(facts["comment"], record.account, facts["app"], record.text or "", record.published)
            self.posts[identity].comments.append(comment)
        else:
            post = self.posts[identity]
            post.updated = record.published
            if record.text is not None:
                post.message = record.text
                post.edits.append(record.published)
            if "is_published" in facts:
                post.published = facts["is_published"] == "true"
            if "is_hidden" in facts or "timeline_visibility" in facts:
                post.hidden = facts.get("is_hidden") == "true" or facts.get("timeline_visibility") == "hidden"

    def take_foreign(self, post: ForeignPost, asked: Asked) -> str:
        """A post made, or scheduled, in Facebook's own window."""
        due = None if post.due_in_seconds is None else int(self._scene.now() + post.due_in_seconds)
        identity = f"{post.account}_{FIRST_ID + self._records.next_index}"
        facts = {
            "link": post.link, "published": due is None, "scheduled": due, "app": OWN_WINDOW, "author": post.author,
            "age": post.age_seconds,
        }  # fmt: skip
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=post.account, reference=identity, text=post.text, facts=facts
        )
        self.replay(record)
        return identity

    def set_rights(self, account: str, rights: object, asked: Asked) -> None:
        """Let exactly these people have access to a page."""
        self._access.put(account, rights, asked)

    def rights(self, account: str) -> object:
        """Who has access to a page, beside this service."""
        return [each.model_dump() for each in self._access.people.of(account)]

    def clear(self) -> None:
        self.posts.clear()
        self.removed.clear()
        self._access.people.clear()

    def _publish_due(self) -> None:
        for post in self.posts.values():
            if not post.published and post.scheduled is not None and post.scheduled <= self._scene.now():
                post.published, post.created = True, post.scheduled - self._scene.skew_seconds

    def _app_of(self, asked: Asked) -> str:
        named = APP_IN_TOKEN.match(_token(asked))
        return named.group(1) if named else self._app

    def _page_token(self, page: str) -> str:
        return f"{self._app}|page-{page}"


def _token(asked: Asked) -> str:
    return str(asked.bearer or asked.query.get("access_token") or asked.fields.get("access_token") or "")


def _is_ahead(scheduled: object, now: float) -> bool:
    return str(scheduled).isdigit() and SOONEST <= int(str(scheduled)) - now <= LATEST


def _moment(text: str | None) -> float | None:
    if text is None:
        return None
    return float(text) if text.isdigit() else datetime.fromisoformat(text).timestamp()
