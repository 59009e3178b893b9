"""WordPress's REST API for posts, pages and users, with or without pretty links, and the public page of each post.

Sites are told apart by what comes between ``/wp`` and the route: ``/wp/``, ``/wp/bibliotek/`` and so on. Each has its users
(:mod:`adapters.sandbox.wordpress_users`), and each user may do what the role allows.
"""

from html import escape
from typing import Any

from adapters.sandbox.article import Article, Revision, slugify
from adapters.sandbox.exchange import Answer, Asked, Verb, say, say_html
from adapters.sandbox.faults import Facts, Fault
from adapters.sandbox.foreign import ForeignPost
from adapters.sandbox.records import Record, Records
from adapters.sandbox.scene import Scene
from adapters.sandbox.wordpress_address import name_of, route_of, site_of
from adapters.sandbox.wordpress_listing import STATUSES, listed, may_change, may_read, moment
from adapters.sandbox.wordpress_members import USERS, Members
from adapters.sandbox.wordpress_users import User, Users
from adapters.sandbox.wordpress_words import WordPressWords

KINDS = {"/wp/v2/posts": "posts", "/wp/v2/pages": "pages"}
FIRST_REVISION = 1_000_000
"""Ids of revisions are apart from those of posts here; at WordPress both come from one row of numbers."""
# A post's HTML comes from a client: its page may style itself and do nothing else.
POLICY = (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")


class WordPress(WordPressWords):
    """All sites of the stand-in."""

    name = "wordpress"

    def __init__(self, records: Records, scene: Scene | None = None) -> None:
        self._records = records
        self._scene = scene or Scene()
        self._last_id = 0
        self.posts: dict[int, Article] = {}
        self.removed: list[tuple[Article, float]] = []
        """Posts that were deleted for good, with the time; nobody but the page of the sandbox can still see them."""
        self._users = Users()
        self._members = Members(records, self._scene, self._users, self.refusal)

    def verb(self, asked: Asked) -> Verb:
        route = route_of(asked)[1] or ""
        if route.startswith(USERS):
            return Verb.READ if asked.method == "GET" else Verb.RIGHT
        if asked.method in {"POST", "PUT", "PATCH"}:
            return Verb.CREATE if route in KINDS else Verb.EDIT
        return Verb.DELETE if asked.method == "DELETE" else Verb.READ

    def facts(self, asked: Asked) -> Facts:
        """Of a user's rights, ``to`` is the user's login."""
        site, route = route_of(asked)
        if route is not None and route.startswith(f"{USERS}/"):
            number = route.removeprefix(f"{USERS}/").partition("/")[0]
            user = self._users.one(site, int(number)) if number.isdigit() else None
            return (user.login if user else None), None
        return None, f"{_text(asked.fields.get('title'))}\n{_text(asked.fields.get('content'))}"

    def answer(self, asked: Asked, faults: list[Fault]) -> Answer:  # noqa: ARG002, PLR0911 - no callbacks; a line a route
        site, route = route_of(asked)
        if name_of(site) in self._scene.gone:
            return say_html(404, "<!doctype html><title>404 Not Found</title><h1>Not Found</h1>")
        self._publish_due()
        if route is None:
            return self._public(asked)
        signed = asked.basic
        me = self._users.log_in(site, signed[0]) if signed and all(signed) else None
        if me is not None and me.is_deleted:
            return self.refusal(401, "invalid_username", "Unknown username. Check again or try your email address.")
        if route.startswith(USERS):
            return self._members.answer(asked, site, route, me)
        base, number, below = _parts(route)
        if base and not number:
            return self._list(asked, site, base, me) if asked.method == "GET" else self._create(asked, site, base, me)
        if not number.isdigit() or below not in {"", "revisions"}:
            return self.refusal(404, "rest_no_route", "No route was found matching the URL and request method.")
        post = self.posts.get(int(number))
        if post is None or post.site != site or KINDS[base] != _kind(post):
            return self.refusal(404, "rest_post_invalid_id", "Invalid post ID.")
        return self._revisions(asked, post, me) if below else self._one(asked, post, me)

    def _one(self, asked: Asked, post: Article, me: User | None) -> Answer:
        if asked.method == "GET":
            return self._read(asked, post, me)
        if me is None or not may_change(me, post):
            return self.may_not(me, "delete" if asked.method == "DELETE" else "edit")
        return self._delete(asked, post, me) if asked.method == "DELETE" else self._edit(asked, post, me)

    def _create(self, asked: Asked, site: str, base: str, me: User | None) -> Answer:
        if me is None or not me.may(f"edit_{KINDS[base]}"):
            return self.may_not(me, "create")
        fields = self._facts(asked)
        if not any(fields.get(name) for name in ("title", "content", "excerpt")):
            return self.refusal(400, "empty_content", "Content, title, and excerpt are empty.")
        if fields.setdefault("status", "draft") not in STATUSES:
            return self.refusal(400, "rest_invalid_param", "Invalid parameter(s): status")
        if fields["status"] not in {"draft", "pending"} and not me.may(f"publish_{KINDS[base]}"):
            return self.may_not(me, "publish")
        fields["status"] = self._timely(fields["status"], fields.get("created"))
        number = self._last_id + 1
        wanted = fields.get("slug") or ("" if fields["status"] in {"draft", "pending"} else fields.get("title", ""))
        fields["slug"] = self._free_slug(site, slugify(wanted), number, fields["status"])
        facts = {**fields, "origin": asked.origin, "site": site, "user": me.login, "is_page": KINDS[base] == "pages"}
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=name_of(site), reference=str(number),
            text=fields.get("content", ""), facts=facts,
        )  # fmt: skip
        self.replay(record)
        location = f"{asked.origin}{site}/?rest_route={base}/{number}".encode()
        return say(201, self._show(asked, self.posts[number], raw=True), [(b"location", location)])

    def _edit(self, asked: Asked, post: Article, me: User) -> Answer:
        fields = self._facts(asked)
        status = fields.get("status", post.status)
        if status not in STATUSES | {"trash"}:
            return self.refusal(400, "rest_invalid_param", "Invalid parameter(s): status")
        if status not in {post.status, "draft", "pending", "trash"} and not me.may(f"publish_{_kind(post)}"):
            return self.may_not(me, "publish")
        slug = fields.get("slug", post.slug.removesuffix("__trashed"))
        slug = slugify(slug or fields.get("title", post.title)) if status == "publish" else slugify(slug)
        status = self._timely(status, fields.get("created", None if post.is_undated else post.created))
        fields |= {"slug": self._free_slug(post.site, slug, post.id, status), "status": status}
        record = self._records.accept(
            asked, self.name, Verb.EDIT, account=name_of(post.site), reference=str(post.id),
            text=fields.get("content"), facts=fields,
        )  # fmt: skip
        self.replay(record)
        return say(200, self._show(asked, post, raw=True))

    def _delete(self, asked: Asked, post: Article, me: User) -> Answer:
        force = str({**asked.query, **asked.fields}.get("force", "")).lower() in {"true", "1"}
        if not force and post.status == "trash":
            return self.refusal(410, "rest_already_trashed", "The post has already been deleted.")
        before = self._show(asked, post, raw=True)
        record = self._records.accept(
            asked, self.name, Verb.DELETE, account=name_of(post.site), reference=str(post.id),
            facts={"force": force, "user": me.login},
        )  # fmt: skip
        self.replay(record)
        return say(200, {"deleted": True, "previous": before} if force else self._show(asked, post, raw=True))

    def _read(self, asked: Asked, post: Article, me: User | None) -> Answer:
        edit = asked.query.get("context") == "edit"
        if not (may_change(me, post) if edit else may_read(me, post)):
            code = "rest_forbidden_context" if edit else "rest_forbidden"
            return self.refusal(401 if me is None else 403, code, "Sorry, you are not allowed to do that.")
        return say(200, self._show(asked, post, raw=edit))

    def _revisions(self, asked: Asked, post: Article, me: User | None) -> Answer:
        if asked.method != "GET":
            return self.refusal(404, "rest_no_route", "No route was found matching the URL and request method.")
        if not may_change(me, post):
            return self.may_not(me, "read")
        return say(200, [each.show(post.id, self._scene.skew_seconds) for each in reversed(post.revisions)])

    def _list(self, asked: Asked, site: str, base: str, me: User | None) -> Answer:
        articles = [each for each in self.posts.values() if each.site == site and _kind(each) == KINDS[base]]
        raw = asked.query.get("context") == "edit"
        return listed(asked, articles, me, self._scene, self.refusal, lambda post: self._show(asked, post, raw=raw))

    def _show(self, asked: Asked, post: Article, *, raw: bool) -> dict[str, Any]:
        embedded = None
        if "author" in asked.query.get("_embed", "").split(","):
            author = self._users.one(post.site, post.author)
            gone = {"code": "rest_user_invalid_id", "message": "Invalid user ID.", "data": {"status": 404}}
            embedded = {"author": [author.show(edit=False) if author else gone]}
        return post.show(raw=raw, fields=asked.query.get("_fields"), skew=self._scene.skew_seconds, embedded=embedded)

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

    def _timely(self, status: str, date: float | None) -> str:
        """What is published ahead of time waits, and what should wait for a time that is past does not."""
        if status not in {"publish", "future"}:
            return status
        return "future" if date is not None and self._scene.shown(date) > self._scene.now() else "publish"

    def _publish_due(self) -> None:
        """As the site's own clock does it (wp-cron), whatever its author may do by now."""
        for post in self.posts.values():
            post.status = self._timely(post.status, post.created) if post.status == "future" else post.status

    def replay(self, record: Record) -> None:
        facts = record.facts
        if record.verb is Verb.RIGHT:
            self._members.replay(record)
            return
        number = int(record.reference)
        if record.verb is Verb.CREATE:
            self._last_id = number
            author = self._users.log_in(facts["site"], facts["user"], facts.get("name", ""), facts.get("roles", ()))
            out = record.published - facts.get("age", 0.0)
            self.posts[number] = Article(
                number, facts["origin"], facts["site"], author.login, author.id, facts.get("title", ""),
                facts.get("content", ""), facts.get("excerpt", ""), facts["slug"], facts["status"],
                bool(facts.get("sticky")), facts.get("created", out), out, is_page=facts.get("is_page", False),
                is_undated="created" not in facts and facts["status"] in {"draft", "pending"},
            )  # fmt: skip
        elif record.verb is Verb.EDIT:
            post = self.posts[number]
            before = (post.title, post.content)
            if post.is_undated and facts.get("status") == "publish":
                post.created, post.is_undated = record.published, False
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

    def take_foreign(self, post: ForeignPost, asked: Asked) -> str:
        """A post written in wp-admin by one of the site's editors, or scheduled there."""
        site, number = site_of(post.account), self._last_id + 1
        waits = post.due_in_seconds is not None
        status = "future" if waits else "publish"
        content = escape(post.text) if post.link is None else f'{escape(post.text)} <a href="{escape(post.link)}">'
        facts: dict[str, Any] = {
            "title": post.title, "content": f"<p>{content}</p>", "status": status, "origin": asked.origin, "site": site,
            "slug": self._free_slug(site, slugify(post.title or post.text[:40]), number, status), "age": post.age_seconds,
            "user": slugify(post.author) or "redaktor", "name": post.author, "roles": ["editor"],
        }  # fmt: skip
        if post.due_in_seconds is not None:
            facts["created"] = asked.arrived + post.due_in_seconds
        record = self._records.accept(
            asked, self.name, Verb.CREATE, account=name_of(site), reference=str(number), text=content, facts=facts
        )
        self.replay(record)
        return str(number)

    def set_rights(self, account: str, rights: object, asked: Asked) -> None:
        """Let exactly these be users of a site, beside its administrator and an exercise's publishing user."""
        self._members.put(site_of(account), rights, asked)

    def rights(self, account: str) -> object:
        """The users of a site."""
        return list(self._users.told(site_of(account)))

    def clear(self) -> None:
        self.posts.clear()
        self.removed.clear()
        self._users.clear()

    def _facts(self, asked: Asked) -> dict[str, Any]:
        fields: dict[str, Any] = {name: asked.query[name] for name in ("status", "slug") if name in asked.query}
        fields |= asked.fields
        facts: dict[str, Any] = {
            name: _text(fields[name]) for name in ("title", "content", "excerpt", "slug", "status") if name in fields
        }
        if "sticky" in fields:
            facts["sticky"] = str(fields["sticky"]).lower() in {"true", "1"}
        if date := fields.get("date_gmt") or fields.get("date"):
            facts["created"] = moment(str(date)) - self._scene.skew_seconds
        return facts


def _text(value: Any) -> str:
    return str(value.get("raw", "")) if isinstance(value, dict) else "" if value is None else str(value)


def _parts(route: str) -> tuple[str, str, str]:
    """The list that a route is of, the id in it, and what is below that; all empty where it is neither posts nor pages."""
    for base in KINDS:
        if route == base or route.startswith(f"{base}/"):
            return (base, *route.removeprefix(base).strip("/").partition("/")[::2])
    return "", "", ""


def _kind(post: Article) -> str:
    return "pages" if post.is_page else "posts"
