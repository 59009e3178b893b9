"""Packing: a page goes over the line as gzip, so that a report with a night's log in it opens on a phone in a cellar.

A packed page may give away a secret in it: whoever can make a browser open it with words of theirs in its address, and can see
how many bytes come, may guess the session's token letter by letter (the BREACH attack, https://breachattack.com). So a page
is packed only when the browser says that one of our own pages asked, or the person themself: nobody else can repeat that.
"""

import gzip
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.public import takes_gzip

OURS: Final = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site says where no other site had a hand in it, https://www.w3.org/TR/fetch-metadata/. It is kept through
redirects.
"""
LEAST: Final = 1200
"""Bytes that fit one packet anyway."""
LEVEL: Final = 6
"""Within three hundredths of the smallest that gzip can make of a page, in three quarters of the time (0.6 ms for 150 kB)."""


def answer(request: Request, page: str, status: int, headers: Mapping[str, str]) -> HTMLResponse:
    """A page as this browser may have it."""
    body = page.encode()
    said = request.headers
    if (
        said.get("sec-fetch-site") not in OURS
        or len(body) < LEAST
        or not takes_gzip(said.get("accept-encoding", "").encode("latin-1"))
    ):
        return HTMLResponse(body, status, dict(headers))
    return HTMLResponse(gzip.compress(body, LEVEL, mtime=0), status, {**headers, "Content-Encoding": "gzip"})
