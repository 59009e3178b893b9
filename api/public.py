"""The crisis page's files, from the application: a fallback for when no web server stands before it. Asks no database.

The bytes are kept in memory, packed and unpacked, and looked at again whenever the file is another one: adapters replace
files whole, under a temporary name and a rename, so what is read is one version or the next. A file that is gone is gone. A
*folder* that is gone or cannot be read takes nothing down: what was public a moment ago goes on being shown until this
process ends, and the log says so once. Look at the disk then; no message is lost, the page is rebuilt from its entries.
"""

import errno
import gzip
import hashlib
import logging
import mimetypes
import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from api.front import Headers, Ready
from api.shell import HEADERS

log = logging.getLogger(__name__)

MAX_AGE = 15
"""Seconds a reader's copy may be old. Short, since an update may be a matter of life."""
NAME = "crisis-page"
PATH = f"/{NAME}"
CACHE_CONTROL = f"public, max-age={MAX_AGE}, stale-while-revalidate=60, stale-if-error=86400"
"""A cache may show its copy while it fetches the next one (RFC 5861), and for a day when nobody here answers."""
LARGEST = 4 << 20
"""Bytes of a file that is kept in memory. The page is to stay under 14 kB; maps and pictures belong on a web server."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_TYPES = {
    ".cap.xml": "application/cap+xml",
    ".atom": "application/atom+xml",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
"""By how the name ends, the longest first."""
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
"""No folders, and nothing hidden: an adapter's own files lie beside the page under names that begin with a dot."""
_TO_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Whatever has come in the file's place since it was looked at: no link is followed, no pipe is waited for."""
_KEPT_BY = {"Cache-Control": CACHE_CONTROL, "Vary": "Accept-Encoding"}
_GONE = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR})


@dataclass(frozen=True, slots=True)
class _Form:
    """One file as it goes out, packed or not."""

    etag: bytes
    whole: Ready
    bare: Ready
    """To a HEAD."""
    unchanged: Ready
    """304, with what a reader keeps its copy by."""


@dataclass(frozen=True, slots=True)
class _File:
    version: tuple[int, int, int]
    """When it was written, its size and its inode: another file under the same name differs in one of them."""
    modified: datetime
    plain: _Form
    packed: _Form


class CrisisPageFiles:
    """What adapters write for the public. ``shown_by`` is the address of the one page that may frame it: the sandbox's."""

    def __init__(self, folder: Path, shown_by: str | None) -> None:
        self._folder, self._prefix = folder, f"{folder}/"
        policy = f"{_POLICY}; frame-ancestors {shown_by or chr(39) + 'none' + chr(39)}"
        # X-Frame-Options knows no single addresses, as frame-ancestors does; who may read it: everybody.
        left_out = {"X-Frame-Options", "Cross-Origin-Resource-Policy", *_KEPT_BY}
        self._guards = {name: value for name, value in HEADERS.items() if name not in left_out}
        self._guards["Content-Security-Policy"] = policy
        self._guards["Access-Control-Allow-Origin"] = "*"  # the municipality's other sites show the banner
        self._kept: dict[str, _File] = {}
        self._complained = False

    def hatch(self, method: str, path: str, headers: Headers) -> Ready | None:
        """The answer to a GET or HEAD of a file that is there."""
        file = self._find(path[len(NAME) + 1 :] or "index.html") if method in {"GET", "HEAD"} else None
        if file is None:
            return None
        form, known, since = file.plain, None, None
        for name, value in headers:
            if name == b"accept-encoding":
                form = file.packed if takes_gzip(value) else file.plain
            elif name == b"if-none-match":
                known = value
            elif name == b"if-modified-since":
                since = value
        if _is_known(form.etag, known) if known is not None else since is not None and _is_since(file.modified, since):
            return form.unchanged
        return form.whole if method == "GET" else form.bare

    def mount(self) -> Mount:
        """Where the application refuses what the hatch did not answer."""
        return Mount(PATH, refuse, name=NAME)

    def _find(self, name: str) -> _File | None:
        kept = self._kept.get(name)
        if kept is None and not _FILE.fullmatch(name):
            return None
        try:
            found = os.lstat(self._prefix + name)
            if kept is not None and (found.st_mtime_ns, found.st_size, found.st_ino) == kept.version:
                return kept
            return self._read(name) if stat.S_ISREG(found.st_mode) else None
        except OSError as error:
            if error.errno in _GONE and (kept is None or self._folder.is_dir()):
                self._kept.pop(name, None)
                return None
            self._complain(error)
            return kept

    def _read(self, name: str) -> _File | None:
        with os.fdopen(os.open(self._prefix + name, _TO_READ), "rb") as opened:
            found = os.fstat(opened.fileno())
            if found.st_size > LARGEST:
                log.error(
                    "%s%s has %d bytes, more than is kept in memory; it is not shown", self._prefix, name, found.st_size
                )
                return None
            body = opened.read()
        modified = datetime.fromtimestamp(found.st_mtime, UTC).replace(microsecond=0)
        packed = gzip.compress(body, mtime=0)
        kept = _File(
            version=(found.st_mtime_ns, found.st_size, found.st_ino),
            modified=modified,
            plain=self._form(name, body, modified, ""),
            packed=self._form(name, packed, modified, "gzip"),
        )
        self._kept[name] = kept
        self._complained = False
        return kept

    def _form(self, name: str, body: bytes, modified: datetime, encoding: str) -> _Form:
        known = next((kind for ending, kind in _TYPES.items() if name.endswith(ending)), None)
        kind = known or mimetypes.guess_type(name)[0] or "application/octet-stream"
        etag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        kept_by = {"ETag": etag, **_KEPT_BY}
        whole = {"Content-Type": kind, "Content-Length": str(len(body)), **kept_by, **self._guards}
        whole["Last-Modified"] = format_datetime(modified, usegmt=True)
        if encoding:
            whole["Content-Encoding"] = encoding
        headers = _encoded(whole)
        return _Form(
            etag.encode(), Ready(200, headers, body), Ready(200, headers, b""), Ready(304, _encoded(kept_by), b"")
        )

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            log.error(
                "the crisis page's folder %s cannot be read (%s); what is in memory is shown", self._folder, error
            )
            self._complained = True


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's three
    """Say why there is no answer. Raises :class:`HTTPException`, which the application turns into a problem."""
    if scope["method"] not in {"GET", "HEAD"}:
        raise HTTPException(405, headers={"Allow": "GET, HEAD"})
    raise HTTPException(404)


def takes_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding allows gzip: named, or by a star, and not with a weight of nothing."""
    if b";" not in accepted:  # what browsers send
        return b"gzip" in accepted or b"*" in accepted
    weights = {}
    for part in accepted.lower().split(b","):
        coding, _, weight = part.partition(b";")
        weights[coding.strip()] = weight.replace(b" ", b"").removeprefix(b"q=") or b"1"
    weight = weights.get(b"gzip", weights.get(b"*", b"0"))
    return weight.strip(b"0.") != b""


def _is_known(etag: bytes, known: bytes) -> bool:
    if known == etag:
        return True
    return known.strip() == b"*" or etag in {tag.strip().removeprefix(b"W/") for tag in known.split(b",")}


def _is_since(modified: datetime, since: bytes) -> bool:
    try:
        return modified <= parsedate_to_datetime(since.decode("latin-1"))
    except (ValueError, TypeError):  # no date, or one without a zone
        return False


def _encoded(headers: dict[str, str]) -> Headers:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
