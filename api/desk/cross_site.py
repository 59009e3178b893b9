"""Cross-site: whether an act was asked for by one of our own pages, or by somebody else's in the same browser.

Three walls, each enough by itself: the session's cookie is not sent along from other sites (SameSite=Lax), the browser says
where a request comes from, and a form carries a token that only the session's own pages know. OWASP ASVS 5.0, 3.5.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from crisis.errors import NotAllowed

FIELD = "csrf"
MARK = "."
"""In that field, between the session's token and the mark of whose page it is (:mod:`crisis.users.kept_forms`)."""
HEADER = "x-csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class FromElsewhere(NotAllowed):
    """Another site's page asked for it, or a page of ours that is older than the session."""

    def __init__(self) -> None:
        super().__init__("This was not asked for by one of the desk's own pages, so nothing was done.")


class FromOlderPage(FromElsewhere):
    """One of our own pages, and not of this session: somebody signed in again since it was opened."""


def check_origin(request: Request) -> None:
    """Raise :class:`FromElsewhere` unless the browser says that one of our own pages asks, or if it says nothing at all."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise FromElsewhere
        return
    origin = request.headers.get("origin") or request.headers.get("referer")
    if not origin or urlsplit(origin).netloc != request.headers.get("host"):
        raise FromElsewhere


def token_of(address: str, secret: str) -> str:
    """The token that stands in the address of a form with a file, so that it is known before a byte of the file is read.

    It is good for that address alone: addresses are written into logs, and this one tells nothing of the session's own.
    """
    return hmac.new(secret.encode(), address.encode(), hashlib.sha256).hexdigest()[:32]


def check_token(expected: str, given: str) -> None:
    """Raise :class:`FromOlderPage` unless it is the session's own."""
    if not hmac.compare_digest(expected.encode(), given.partition(MARK)[0].encode()):
        raise FromOlderPage
