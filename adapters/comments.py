"""Comments: what a page says under its own post when it has changed it, once.

Graph has no key that makes a comment unique, so it is looked for by its text before it is added. What is looked through is the
newest first, and bounded: under a post with more comments than that, a second one of ours is better than none.
"""

import logging
import unicodedata
from collections.abc import Mapping
from typing import Any

from adapters.graph import Graph
from adapters.phrases import phrases
from crisis.channels import OutcomeUnknown, Outgoing, Rejected, Throttled, Unavailable
from crisis.clock import now

log = logging.getLogger(__name__)

PAGE_OF_COMMENTS = 100
MOST_PAGES = 3


def comment_on(outgoing: Outgoing) -> str:
    """What to say under a post whose text became ``outgoing``. The headline comes first, and with it an exercise's marker."""
    say, at = phrases(outgoing.language), outgoing.issued_at or now()
    said = say.post_withdrawn if outgoing.kind == "retraction" else say.post_corrected
    return f"{outgoing.title}\n\n{said.format(at=say.moment(at))}"


class Comments:
    """The comments of one Graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    async def has(self, token: str, page: str, post: str, text: str) -> bool:
        """Whether the page has said this under the post. Raises as :meth:`Graph.ask`."""
        asked = {"fields": "id,message,from", "order": "reverse_chronological", "limit": str(PAGE_OF_COMMENTS)}
        for _ in range(MOST_PAGES):
            listing = await self._graph.ask(token, "GET", f"{post}/comments", asked)
            comments = listing.get("data")
            if not isinstance(comments, list):
                raise OutcomeUnknown(
                    "Facebook's list of comments is not in the form it documents, so it proves nothing."
                )
            if any(_is(comment, page, text) for comment in comments):
                return True
            paging = listing.get("paging")
            if not isinstance(paging, dict) or not paging.get("next"):
                return False
            try:
                asked |= {"after": str(paging["cursors"]["after"])}
            except (KeyError, TypeError):
                raise OutcomeUnknown("Facebook's list of comments goes on, but gave no cursor to go on from.") from None
        return False

    async def add(self, token: str, page: str, post: str, text: str) -> str | None:
        """Say it under the post unless it is said already. Returns why not, where Facebook will not have it: that changes
        nothing about the post itself.

        Raises :class:`Unavailable` while nobody can tell whether it is there, and :class:`OutcomeUnknown` when it may be.
        """
        try:
            if await self.has(token, page, post, text):
                return None
        except Rejected as error:
            return _why(error)
        except Throttled:
            raise
        except OutcomeUnknown as error:  # of a read: surely nothing was added
            raise Unavailable(
                f"The post has its new text. Whether the comment is there could not be read, so none was added. {error.reason}",
                code=error.code,
            ) from None
        try:
            answer = await self._graph.ask(token, "POST", f"{post}/comments", {"message": text})
        except Rejected as error:
            return _why(error)
        if not isinstance(answer.get("id"), str):
            raise OutcomeUnknown(
                "The post has its new text. Facebook answered 200 to the comment but gave no id of one."
            )
        return None


def _is(comment: Any, page: str, text: str) -> bool:
    if not isinstance(comment, Mapping) or _plain(comment.get("message")) != _plain(text):
        return False
    author = comment.get("from")
    return not isinstance(author, Mapping) or author.get("id") == page


def _why(error: Rejected) -> str:
    log.warning("Facebook: no comment could be added: %s", error.reason)
    return f"The post has its new text, but no comment says so: {error.reason} Comment on it by hand."


def _plain(value: Any) -> str:
    whole = unicodedata.normalize("NFC", str(value or "")).strip()
    return "\n".join(line.rstrip() for line in whole.splitlines())
