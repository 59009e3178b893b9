"""Assets: the styles and scripts of the desk's pages, each under an address that changes when its bytes do.

So a browser may keep them for good, and fetches nothing twice. Ours lie in ``templates/static``; what others wrote comes by
npm lock file at set-up. Nothing is fetched from anywhere else, which the pages' policy holds.
"""

import gzip
import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.public import takes_gzip

log = logging.getLogger(__name__)

FETCHED: Final = {
    "designsystemet.css": "@digdir/designsystemet-css/dist/src/index.css",
    "designsystemet-theme.css": "@digdir/designsystemet-css/dist/theme/designsystemet.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "sse.js": "htmx-ext-sse/dist/sse.min.js",
}
"""What npm fetched, by the name it is served under."""
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOREVER: Final = "public, max-age=31536000, immutable"
_IMPORT: Final = re.compile(rb"/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S+")


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    packed: bytes
    digest: str
    type: str


class Assets:
    """Everything there is, read once. A file that is missing is named in the log, and the pages do without it."""

    def __init__(self, own: Path, fetched: Path) -> None:
        paths = {path.name: path for path in sorted(own.glob("*")) if path.suffix in _TYPES}
        paths |= {name: fetched / place for name, place in FETCHED.items()}
        self._held: Mapping[str, _Asset] = {name: found for name, path in paths.items() if (found := _read(path))}
        if missing := sorted(paths.keys() - self._held.keys()):
            log.error("The desk's pages do without %s: run `make .venv`, which fetches them.", ", ".join(missing))

    def address(self, name: str) -> str:
        """Where a page finds it."""
        held = self._held.get(name)
        return f"/static/{held.digest if held else 'missing'}/{name}"

    def route(self) -> Route:
        """Where the application serves them."""
        return Route("/static/{digest}/{name}", self._serve, name="static")

    async def _serve(self, request: Request) -> Response:
        held = self._held.get(request.path_params["name"])
        if held is None or held.digest != request.path_params["digest"]:
            return Response(None, 404)
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding", "Content-Type": held.type}
        if takes_gzip(request.headers.get("accept-encoding", "").encode("latin-1")):
            return Response(held.packed, headers=headers | {"Content-Encoding": "gzip"})
        return Response(held.body, headers=headers)


def _read(path: Path) -> _Asset | None:
    try:
        body = _IMPORT.sub(
            b"", path.read_bytes()
        )  # a browser with its tools open would ask for maps that are not served
    except OSError:
        return None
    digest = hashlib.sha256(body).hexdigest()[:16]
    return _Asset(body, gzip.compress(body, mtime=0), digest, _TYPES[path.suffix])
