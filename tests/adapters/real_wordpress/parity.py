"""The same questions to two WordPresses, and what matters of their answers: a stand-in is worth what it shares with the real one."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

AHEAD = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
BEHIND = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
EDIT = {"context": "edit"}
USER_FIELDS = {
    "context": "edit",
    "orderby": "id",
    "per_page": "100",
    "_fields": "username,name,roles,extra_capabilities",
}

Asked = tuple[str, str | None, str, str, dict[str, str], dict[str, Any] | None]
"""A name, who asks, method, route, query, body. ``{name}`` in a route is the id in the answer of that name."""

ASKED: tuple[Asked, ...] = (
    ("me", "krise", "GET", "users/me", EDIT, None),
    ("nobody", None, "GET", "users/me", {}, None),
    ("admin me", "sjef", "GET", "users/me", EDIT, None),
    ("library me", "bibliotek", "GET", "users/me", {}, None),
    ("users", "sjef", "GET", "users", USER_FIELDS, None),
    ("users by an editor", "bibliotek", "GET", "users", EDIT, None),
    ("users by nobody", None, "GET", "users", EDIT, None),
    ("passwords", "sjef", "GET", "users/{library me}/application-passwords", {}, None),
    ("passwords by another", "krise", "GET", "users/{library me}/application-passwords", {}, None),
    ("passwords of no one", "sjef", "GET", "users/999999/application-passwords", {}, None),
    ("a role by an editor", "bibliotek", "POST", "users/{library me}", {}, {"roles": ["administrator"]}),
    ("a role by nobody", None, "POST", "users/{library me}", {}, {"roles": ["subscriber"]}),
    ("a role there is not", "sjef", "POST", "users/{library me}", {}, {"roles": ["keiser"]}),
    ("a role of no one", "sjef", "POST", "users/999999", {}, {"roles": ["subscriber"]}),
    ("the administrator's own", "sjef", "POST", "users/{admin me}", {}, {"roles": ["subscriber"]}),
    ("a user twice", "sjef", "POST", "users", {}, {"username": "krise", "email": "k@example.no", "password": "x"}),
    ("a user by an editor", "bibliotek", "POST", "users", {}, {"username": "ny", "email": "n@example.no", "password": "x"}),
    ("deleting without force", "sjef", "DELETE", "users/{library me}", {}, None),
    ("a post", "bibliotek", "POST", "posts", {}, {"title": "En", "content": "Ord", "status": "publish"}),
    ("a future post", "bibliotek", "POST", "posts", {}, {"title": "To", "status": "publish", "date_gmt": AHEAD}),
    ("a post for a time that is past", "bibliotek", "POST", "posts", {}, {"title": "Tre", "status": "future", "date_gmt": BEHIND}),
    ("a page", "bibliotek", "POST", "pages", {}, {"title": "Fire", "status": "publish"}),
    ("a page by an author", "krise", "POST", "pages", {}, {"title": "Fem", "status": "publish"}),
    ("a post by a reader", "leser", "POST", "posts", {}, {"title": "Seks"}),
    ("a post by nobody", None, "POST", "posts", {}, {"title": "Sju"}),
    ("waiting, by an author", "krise", "GET", "posts", {"status": "future"}, None),
    ("waiting, to edit, by an author", "krise", "GET", "posts", {"status": "future", **EDIT}, None),
    ("waiting, to edit", "bibliotek", "GET", "posts", {"status": "future", **EDIT}, None),
    ("waiting, by a reader", "leser", "GET", "posts", {"status": "future"}, None),
    ("waiting, by nobody", None, "GET", "posts", {"status": "future"}, None),
    ("to edit, by a reader", "leser", "GET", "posts", EDIT, None),
    ("to edit, by nobody", None, "GET", "posts", EDIT, None),
    ("the future post by an author", "krise", "GET", "posts/{a future post}", {}, None),
    ("the post to edit, by an author", "krise", "GET", "posts/{a post}", EDIT, None),
    ("the post to edit, by a reader", "leser", "GET", "posts/{a post}", EDIT, None),
    ("the post to edit, by nobody", None, "GET", "posts/{a post}", EDIT, None),
    ("another's post", "krise", "POST", "posts/{a post}", {}, {"content": "Nei"}),
    ("another's post deleted", "krise", "DELETE", "posts/{a post}", {"force": "true"}, None),
    ("a page as a post", "bibliotek", "GET", "posts/{a page}", EDIT, None),
    ("unscheduled", "sjef", "POST", "posts/{a future post}", {}, {"status": "draft"}),
    ("scheduled again", "sjef", "POST", "posts/{a future post}", {}, {"status": "publish"}),
    ("two by id", "krise", "GET", "posts", {"include": "{a post},{a page}", "orderby": "include"}, None),
    ("too far", "krise", "GET", "posts", {"page": "9"}, None),
    ("too many", "krise", "GET", "posts", {"per_page": "101"}, None),
    ("no order", "krise", "GET", "posts", {"orderby": "mood"}, None),
    ("author and words", "krise", "GET", "posts", {"include": "{a post}", "_embed": "author",
                                                   "_fields": "title,status,_links,_embedded"}, None),
    ("no route", "krise", "GET", "nothing", {}, None),
    ("powerless", "sjef", "POST", "users/{library me}", {}, {"roles": ["subscriber"]}),
    ("refused", "bibliotek", "POST", "posts", {}, {"title": "Åtte", "status": "publish"}),
    ("its own post", "bibliotek", "POST", "posts/{a post}", {}, {"content": "Nei"}),
    ("its own post to edit", "bibliotek", "GET", "posts/{a post}", EDIT, None),
    ("its own draft", "bibliotek", "GET", "posts/{a future post}", {}, None),
    ("two roles", "sjef", "POST", "users/{library me}", {}, {"roles": ["author", "editor"]}),
    ("the other way", "sjef", "POST", "users/{library me}", {}, {"roles": ["editor", "author"]}),
    ("given back", "sjef", "POST", "users/{library me}", {}, {"roles": ["editor"]}),
    ("publishes again", "bibliotek", "POST", "posts", {}, {"title": "Ni", "status": "publish"}),
)  # fmt: skip

_KEPT = ("roles", "status", "code", "type", "username", "name", "extra_capabilities", "deleted")


def answered(address: str, passwords: Mapping[str, str]) -> dict[str, Any]:
    """What each question was answered with: the status, how much there is, and the fields that the adapter reads."""
    ids: dict[str, str] = {}
    told: dict[str, Any] = {}
    for name, login, method, route, query, body in ASKED:
        named = {key: value.format_map(ids) for key, value in query.items()}
        said = requests.request(
            method, address, params={"rest_route": f"/wp/v2/{route.format_map(ids)}", **named}, json=body, timeout=20,
            auth=(login, passwords[login]) if login else None,
        )  # fmt: skip
        content = said.json()
        if isinstance(content, dict) and "id" in content:
            ids[name] = str(content["id"])
        if name == "users":  # a stand-in has some of its own
            told[name] = sorted((_kept(each) for each in content if each["username"] in passwords), key=str)
            continue
        listed = [_kept(each) for each in content] if isinstance(content, list) else _kept(content)
        told[name] = (said.status_code, said.headers.get("X-WP-Total"), said.headers.get("X-WP-TotalPages"), listed)
    return told


def _kept(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    kept = {name: item[name] for name in _KEPT if name in item}
    if "extra_capabilities" in kept:
        kept["extra_capabilities"] = sorted(kept["extra_capabilities"])
    for name in ("title", "content"):
        if isinstance(item.get(name), dict) and "raw" in item[name]:
            kept[name] = item[name]["raw"]
    if "_embedded" in item:
        kept["author"] = item["_embedded"]["author"][0].get("name")
    return kept
