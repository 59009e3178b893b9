"""WordPress's REST API for posts, with or without pretty links, and the public page of each post.

Sites are told apart by what comes between ``/wp`` and the route: ``/wp/``, ``/wp/bibliotek/`` and so on.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any
from zlib import crc32

from adapters.sandbox.article import Article, Revision, slugify
from adapters.sandbox.exchange import Answer, Asked, Verb, say, say_html
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.records import Record, Records

STATUSES = frozenset({"publish", "future", "draft", "pending", "private"})
POSTS = "/wp/v2/posts"
READER = "subscriber"
"""Logins that begin so may log in and may not write: 403 where no login gets 401."""
MOST = 100
FIRST_REVISION = 1_000_000
"""Ids of revisions are apart from those of posts here; at WordPress both come from one row of numbers."""
# A post's HTML comes from a client: its page may style itself and do nothing else.
POLICY = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")


class WordPress:
    """All sites of the stand-in."""

    name = "wordpress"

    def __init__(self, records: Records) -> None:
        self._records = records
        self._last_id = 0
        self.posts: dict[int, Article] = {}
        self.removed: list[tuple[Article, float]] = []
        """Posts that were deleted for good, with the time; nobody but the page of the sandbox can still see them."""

    def verb(self, asked: Asked) -> Verb:
        if asked.method in {"POST", "PUT", "PATCH"}:
            return Verb.CREATE if _route(asked)[1] == POSTS else Verb.EDIT
        return Verb.DELETE if asked.method == "DELETE" else Verb.READ

    def facts(self, asked: Asked) -> Facts:
        return None, f"{_text(asked.fields.get('title'))}\n{_text(asked.fields.get('content'))}"

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:  # noqa: ARG002, PLR0911 - no callbacks; a line a route
        site, route = _route(asked)
        if route is None:
            return self._public(asked)
        user = asked.basic
        login = user[0] if user and all(user) else None
        if route == "/wp/v2/users/me":
            if login is None:
                return self.refusal(401, "rest_not_logged_in", "You are not currently logged in.")
            return say(200, {"id": _user_id(login), "name": login, "slug": slugify(login), "roles": _roles(login)})
        if route == POSTS:
            return self._list(asked, site, login) if asked.method == "GET" else self._create(asked, site, login)
        number, _, below = route.removeprefix(f"{POSTS}/").partition("/")
        if not route.startswith(POSTS) or not number.isdigit() or below not in {"", "revisions"}:
            return self.refusal(404, "rest_no_route", "No route was found matching the URL and request method.")
        post = self.posts.get(int(number))
        if post is None or post.site != site:
            return self.refusal(404, "rest_post_invalid_id", "Invalid post ID.")
        if below:
            return self._revisions(asked, post, login)
        if asked.method == "GET":
            return self._read(asked, post, login)
        if (refused := self._may_not(login, "delete" if asked.method == "DELETE" else "edit")) is not None:
            return refused
        return self._delete(asked, post, login or "") if asked.method == "DELETE" else self._edit(asked, post)

    def _create(self, asked: Asked, site: str, login: str | None) -> Answer:
        if (refused := self._may_not(login, "create")) is not None:
            return refused
        fields = _facts(asked)
        if not any(fields.get(name) for name in ("title", "content", "excerpt")):
            return self.refusal(400, "empty_content", "Content, title, and excerpt are empty.")
        if fields.setdefault("status", "draft") not in STATUSES:
            return self.refusal(400, "rest_invalid_param", "Invalid parameter(s): status")
        number = self._last_id + 1
        wanted = fields.get("slug") or ("" if fields["status"] in {"draft", "pending"} else fields.get("title", ""))
        fields["slug"] = self._free_slug(site, slugify(wanted), number, fields["status"])
        facts = {**fields, "origin": asked.origin, "site": site, "user": login}
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=_account(site), reference=str(number),
            text=fields.get("content", ""), facts=facts,
        )  # fmt: skip
        self.replay(record)
        location = f"{asked.origin}{site}/?rest_route={POSTS}/{number}".encode()
        return say(201, self.posts[number].show(raw=True), [(b"location", location)])

    def _edit(self, asked: Asked, post: Article) -> Answer:
        fields = _facts(asked)
        if fields.get("status", post.status) not in STATUSES | {"trash"}:
            return self.refusal(400, "rest_invalid_param", "Invalid parameter(s): status")
        status, slug = fields.get("status", post.status), fields.get("slug", post.slug.removesuffix("__trashed"))
        slug = slugify(slug or fields.get("title", post.title)) if status == "publish" else slugify(slug)
        fields["slug"] = self._free_slug(post.site, slug, post.id, status)
        record = self._records.accept(
            asked, self.name, Verb.EDIT, account=_account(post.site), reference=str(post.id),
            text=fields.get("content"), facts=fields,
        )  # fmt: skip
        self.replay(record)
        return say(200, post.show(raw=True))

    def _delete(self, asked: Asked, post: Article, login: str) -> Answer:
        force = str({**asked.query, **asked.fields}.get("force", "")).lower() in {"true", "1"}
        if not force and post.status == "trash":
            return self.refusal(410, "rest_already_trashed", "The post has already been deleted.")
        before = post.show(raw=True)
        record = self._records.accept(
            asked, self.name, Verb.DELETE, account=_account(post.site), reference=str(post.id),
            facts={"force": force, "user": login},
        )  # fmt: skip
        self.replay(record)
        return say(200, {"deleted": True, "previous": before} if force else post.show(raw=True))

    def _read(self, asked: Asked, post: Article, login: str | None) -> Answer:
        edit = asked.query.get("context") == "edit"
        if login is None and (post.status != "publish" or edit):
            return self.refusal(401, "rest_forbidden", "Sorry, you are not allowed to do that.")
        return say(200, post.show(raw=edit, fields=asked.query.get("_fields")))

    def _revisions(self, asked: Asked, post: Article, login: str | None) -> Answer:
        if asked.method != "GET":
            return self.refusal(404, "rest_no_route", "No route was found matching the URL and request method.")
        if (refused := self._may_not(login, "read")) is not None:
            return refused
        return say(200, [revision.show(post.id) for revision in reversed(post.revisions)])

    def _list(self, asked: Asked, site: str, login: str | None) -> Answer:
        query = asked.query
        edit, statuses = query.get("context") == "edit", set(query.get("status", "publish").split(","))
        if login is None and edit:
            return self.refusal(
                401, "rest_forbidden_context", "Sorry, you are not allowed to edit posts in this post type."
            )
        if (login is None and statuses != {"publish"}) or not statuses <= STATUSES | {"any", "trash"}:
            return self.refusal(400, "rest_invalid_param", "Invalid parameter(s): status")
        try:
            per_page, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
            found = list(self._matching(query, site, statuses))
        except ValueError:
            return self.refusal(400, "rest_invalid_param", "Invalid parameter(s)")
        if not 1 <= per_page <= MOST or page < 1:
            return self.refusal(400, "rest_invalid_param", "Invalid parameter(s): per_page")
        pages = -(-len(found) // per_page)
        if page > max(1, pages):
            return self.refusal(400, "rest_post_invalid_page_number", "The page number requested is too large.")
        shown = found[(page - 1) * per_page : page * per_page]
        headers = [(b"x-wp-total", str(len(found)).encode()), (b"x-wp-totalpages", str(pages).encode())]
        return say(200, [post.show(raw=edit, fields=query.get("_fields")) for post in shown], headers)

    def _matching(self, query: dict[str, str], site: str, statuses: set[str]) -> Iterator[Article]:
        authors, others = (
            {int(number) for number in query.get(name, "").split(",") if number}
            for name in ("author", "author_exclude")
        )
        slugs = set(query["slug"].split(",")) if "slug" in query else None
        bounds = {
            name: _moment(query[name])
            for name in ("after", "before", "modified_after", "modified_before")
            if name in query
        }
        for post in sorted(
            self.posts.values(), key=lambda post: (post.created, post.id), reverse=query.get("order") != "asc"
        ):
            if (
                post.site == site
                and (post.status in statuses or ("any" in statuses and post.status != "trash"))
                and (slugs is None or post.slug in slugs)
                and (not authors or post.author in authors)
                and post.author not in others
                and query.get("search", "").lower() in f"{post.title} {post.content}".lower()
                and post.created > bounds.get("after", 0.0)
                and post.modified > bounds.get("modified_after", 0.0)
                and post.created < bounds.get("before", float("inf"))
                and post.modified < bounds.get("modified_before", float("inf"))
            ):
                yield post

    def _public(self, asked: Asked) -> Answer:
        number = asked.query.get("p", "")
        post = self.posts.get(int(number)) if number.isdigit() else None
        found = post is not None and post.status == "publish"
        title = escape(post.title) if post is not None and found else "Nothing here"
        content = post.content if post is not None and found else ""
        page = f'<!doctype html><html lang="nb"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>{content}'
        return say_html(200 if found else 404, page, [POLICY])

    def _free_slug(self, site: str, slug: str, number: int, status: str) -> str:
        if status in {"draft", "pending"} or not slug:
            return slug
        taken = {post.slug for post in self.posts.values() if post.site == site and post.id != number}
        free, count = slug, 1
        while free in taken:
            count += 1
            free = f"{slug}-{count}"
        return free

    def _may_not(self, login: str | None, act: str) -> Answer | None:
        if login is None or login.startswith(READER):
            message = f"Sorry, you are not allowed to {act} posts as this user."
            return self.refusal(401 if login is None else 403, f"rest_cannot_{act}", message)
        return None

    def refusal(self, status: int, code: int | str | None, message: str) -> Answer:
        return say(status, {"code": str(code or "error"), "message": message, "data": {"status": status}})

    def throttled(self, seconds: float | None) -> Answer:
        answer = self.refusal(429, "too_many_requests", "Too Many Requests")
        if seconds is not None:
            answer.headers.append((b"retry-after", str(max(1, round(seconds))).encode()))
        return answer

    def failing(self, status: int | None) -> Answer:
        return self.refusal(status or 500, "internal_server_error", "There has been a critical error on this website.")

    def replay(self, record: Record) -> None:
        number, facts = int(record.reference), record.facts
        if record.verb is Verb.CREATE:
            self._last_id = number
            self.posts[number] = Article(
                number, facts["origin"], facts["site"], facts["user"], _user_id(facts["user"]), facts.get("title", ""),
                facts.get("content", ""), facts.get("excerpt", ""), facts["slug"], facts["status"],
                bool(facts.get("sticky")), record.published, record.published,
            )  # fmt: skip
        elif record.verb is Verb.EDIT:
            post = self.posts[number]
            before = (post.title, post.content)
            for name, value in facts.items():
                setattr(post, name, value)
            post.modified = record.published
            if (post.title, post.content) != before:
                kept = Revision(FIRST_REVISION + record.index, post.author, post.title, post.content, record.published)
                post.revisions.append(kept)
        elif facts["force"]:
            self.removed.append((self.posts.pop(number), record.published))
        else:
            post = self.posts[number]
            post.status, post.slug, post.modified = "trash", f"{post.slug}__trashed", record.published

    def clear(self) -> None:
        self.posts.clear()
        self.removed.clear()


def _route(asked: Asked) -> tuple[str, str | None]:
    """The site's path (``/wp``, ``/wp/name``) and the REST route, without the slash at its end; no route for public pages."""
    if "rest_route" in asked.query:
        return f"/wp{asked.path}".rstrip("/"), asked.query["rest_route"].rstrip("/")
    site, found, route = asked.path.partition("/wp-json")
    return f"/wp{site}".rstrip("/"), route.rstrip("/") if found else None


def _facts(asked: Asked) -> dict[str, Any]:
    fields: dict[str, Any] = {name: asked.query[name] for name in ("status", "slug") if name in asked.query}
    fields |= asked.fields
    facts: dict[str, Any] = {
        name: _text(fields[name]) for name in ("title", "content", "excerpt", "slug", "status") if name in fields
    }
    if "sticky" in fields:
        facts["sticky"] = str(fields["sticky"]).lower() in {"true", "1"}
    return facts


def _text(value: Any) -> str:
    return str(value.get("raw", "")) if isinstance(value, dict) else "" if value is None else str(value)


def _account(site: str) -> str:
    return site.removeprefix("/wp").strip("/") or "wp"


def _user_id(login: str) -> int:
    return crc32(login.encode()) % 1_000_000 + 1


def _roles(login: str) -> list[str]:
    return ["subscriber" if login.startswith(READER) else "author"]


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
