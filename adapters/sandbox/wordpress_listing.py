"""Lists of posts or pages: which of them a query asks for, and which of those the one who asks is shown."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.sandbox.article import Article
from adapters.sandbox.exchange import Answer, Asked, say
from adapters.sandbox.paging import paged
from adapters.sandbox.scene import Scene
from adapters.sandbox.wordpress_users import User

STATUSES = frozenset({"publish", "future", "draft", "pending", "private"})
Refusal = Callable[[int, str, str], Answer]
Show = Callable[[Article], dict[str, Any]]


def listed(  # noqa: PLR0911 - a line a refusal
    asked: Asked, articles: Iterable[Article], me: User | None, scene: Scene, refusal: Refusal, show: Show
) -> Answer:
    """A page of the list. What ``me`` may not see is left out of it and counted all the same."""
    query = asked.query
    edit, statuses = query.get("context") == "edit", set(query.get("status", "publish").split(","))
    may_write = me is not None and me.may("edit_posts")
    if edit and not may_write:
        message = "Sorry, you are not allowed to edit posts in this post type."
        return refusal(401 if me is None else 403, "rest_forbidden_context", message)
    if (statuses != {"publish"} and not may_write) or not statuses <= STATUSES | {"any", "trash"}:
        return refusal(400, "rest_invalid_param", "Invalid parameter(s): status")
    if query.get("orderby", "date") not in {"date", "modified", "id", "include"}:
        return refusal(400, "rest_invalid_param", "Invalid parameter(s): orderby")
    try:
        found = [each for each in articles if _is_asked_for(each, query, statuses, scene)]
    except ValueError:
        return refusal(400, "rest_invalid_param", "Invalid parameter(s)")
    by_change = query.get("orderby") == "modified"
    found.sort(key=lambda each: (each.modified if by_change else each.created, each.id))
    if query.get("order") != "asc":
        found.reverse()
    shown = paged(found, query)
    if shown is None:
        return refusal(400, "rest_invalid_param", "Invalid parameter(s): per_page")
    if shown.is_too_far:
        return refusal(400, "rest_post_invalid_page_number", "The page number requested is too large.")
    seen = [each for each in shown.items if (may_change(me, each) if edit else may_read(me, each))]
    return say(200, [show(each) for each in seen], shown.headers)


def may_change(user: User | None, article: Article) -> bool:
    """Whether somebody may change this one."""
    kind = "pages" if article.is_page else "posts"
    if user is None:
        return False
    if user.id != article.author and not user.may(f"edit_others_{kind}"):
        return False
    return user.may(f"edit_published_{kind}" if article.status in {"publish", "future"} else f"edit_{kind}")


def may_read(user: User | None, article: Article) -> bool:
    """Whether somebody is shown this one: what is out, what is their own, and what they may change."""
    is_own = user is not None and user.id == article.author
    return article.status == "publish" or is_own or may_change(user, article)


def moment(text: str) -> float:
    """A time as the API takes it; without a zone it is UTC, which is this site's."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _is_asked_for(article: Article, query: Mapping[str, str], statuses: set[str], scene: Scene) -> bool:
    authors, others, ids = (_numbers(query, name) for name in ("author", "author_exclude", "include"))
    created, modified = scene.shown(article.created), scene.shown(article.modified)
    return (
        (article.status in statuses or ("any" in statuses and article.status != "trash"))
        and ("slug" not in query or article.slug in query["slug"].split(","))
        and (not authors or article.author in authors)
        and (not ids or article.id in ids)
        and article.author not in others
        and query.get("search", "").lower() in f"{article.title} {article.content}".lower()
        and _within(created, query, "after", "before")
        and _within(modified, query, "modified_after", "modified_before")
    )


def _numbers(query: Mapping[str, str], name: str) -> set[int]:
    return {int(number) for number in query.get(name, "").split(",") if number}


def _within(at: float, query: Mapping[str, str], after: str, before: str) -> bool:
    return (after not in query or at > moment(query[after])) and (before not in query or at < moment(query[before]))
