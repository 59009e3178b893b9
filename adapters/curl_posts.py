"""Posts: form after form to one address through libcurl, for what goes to a hundred thousand people in minutes.

The rules are those of the rest of the transport: only a host on the list, no redirect, no cookie, certificates checked, a
limit by the clock on the wall, a limit on the answer. And nothing is sent twice: left to itself, libcurl repeats a POST on a
new connection when a kept one ends without an answer, whether or not the provider has acted on it (seen with 8.23). libcurl
looks once a second whether its idle connections still stand, so one that ends without notice and is used within that second
leaves an outcome unknown.
"""

import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pycurl

from adapters import failures
from adapters.curl_loop import CurlLoop
from adapters.guard import Guard, too_long
from adapters.scrubbing import scrub
from adapters.threads import CONNECT_SHARE, PATIENCE
from crisis.channels import ChannelError, OutcomeUnknown, Unavailable

log = logging.getLogger(__name__)

LONGEST_ANSWER = 64 * 2**10
"""Bytes of an answer that are read. An honest one is a hundredth of it, and there may be 2,000 at once."""


READ_AT_ONCE, WRITTEN_AT_ONCE = 4 * 2**10, 16 * 2**10
"""Bytes that each request in flight has set aside: an honest answer and its head in one; and the least that libcurl takes, which a
form is a tenth of. Left to itself libcurl takes 16 and 64 KiB, and there may be 2,000 at once."""


LONGEST_IDLE = 3
"""Seconds after which a connection that nobody used is not used again. Servers close idle ones by themselves (uvicorn after 5,
nginx after 75), and a request that meets such a close is one whose outcome nobody knows."""


class Answer(NamedTuple):
    """What came back. ``head`` is its lines as they came, the status line first."""

    status: int
    body: bytes
    head: Sequence[bytes]

    @property
    def headers(self) -> Mapping[str, str]:
        """By name, in the notation of ``Retry-After``; the last of several counts."""
        pairs = (line.decode("latin-1").partition(":") for line in self.head)
        return {name.strip().title(): value.strip() for name, colon, value in pairs if colon}


class Post:
    """One on its way."""

    __slots__ = ("ended", "handle", "key")

    def __init__(self, key: str, ended: "Ended", handle: "_Handle") -> None:
        self.key = key
        self.ended: Ended | None = ended
        self.handle: _Handle | None = handle


Ended = Callable[[str, Answer | ChannelError], None]
"""Told the key it was begun with, and what became of it."""


class _Handle:
    """One of libcurl's easy handles, used again and again."""

    __slots__ = ("asked", "body", "curl", "head", "post")

    def __init__(self) -> None:
        self.curl = pycurl.Curl()
        self.head: list[bytes] = []
        self.body: list[bytes] = []
        self.asked = False
        self.post: Post | None = None
        self.curl.setopt(pycurl.HEADERFUNCTION, self.head.append)
        self.curl.setopt(pycurl.WRITEFUNCTION, self.body.append)
        self.curl.setopt(pycurl.PREREQFUNCTION, self._before_asking)

    def _before_asking(self, *_: object) -> int:
        """Called with a connection in hand, before a byte of the request leaves. The second time would be a repeat."""
        if self.asked:
            return int(pycurl.PREREQFUNC_ABORT)
        self.asked = True
        return int(pycurl.PREREQFUNC_OK)


class Posts:
    """Posts to ``url``, from the running loop. Close it.

    ``ca_file`` holds the authorities to trust, in PEM; without it, those the machine trusts, and where it has none those that
    come with requests. ``secrets`` are blotted out of every error.
    """

    def __init__(
        self,
        url: str,
        guard: Guard,
        *,
        limit: int,
        call_seconds: float,
        headers: Mapping[str, str],
        secrets: Sequence[str] = (),
        ca_file: str | None = None,
    ) -> None:
        guard.check(url)
        self._url, self._secrets = url, secrets
        self._proxy = (_proxy_for(url) or "") if guard.allowed_hosts is None else ""
        self._seconds = call_seconds
        self._headers = [*(f"{name}: {value}" for name, value in headers.items()), "Expect:"]
        self._trusted = _trusted(ca_file)
        self._loop = CurlLoop(self._on_ended, connections=limit)
        self._handles: dict[pycurl.Curl, _Handle] = {}
        self._free: list[_Handle] = []
        self._is_closed = False

    def is_usable(self) -> bool:
        """Whether it is open, and of this loop and process."""
        return not self._is_closed and self._loop.is_here()

    def post(self, key: str, form: bytes, ended: Ended) -> Post:
        """Begin, without waiting; ``ended`` is told once, later, from the loop. Raises :class:`Unavailable` when closed."""
        if self._is_closed:
            raise Unavailable("The connections to the provider are closed already. Nothing was sent.")
        handle = self._free.pop() if self._free else self._new()
        handle.asked = False
        handle.curl.setopt(pycurl.POSTFIELDS, form)
        post = handle.post = Post(key, ended, handle)
        self._loop.add(handle.curl)
        return post

    def abandon(self, post: Post) -> None:
        """Break it off; nobody is told. Fine for one that has ended."""
        post.ended = None
        if post.handle is not None:
            self._loop.remove(post.handle.curl)
            self._release(post.handle)

    def close(self) -> None:
        """Break off what is on its way, and say so to whoever waits for it."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._loop.is_inherited():
            _INHERITED.append(self)
            return
        busy = [handle for handle in self._handles.values() if handle.post is not None]
        self._loop.close(handle.curl for handle in busy)
        ended = [(handle.post, self._broken_off(handle)) for handle in busy]
        for handle in self._handles.values():
            handle.post = None
            handle.curl.close()
        self._handles.clear()
        self._free.clear()
        for post, error in ended:
            if post is not None:
                self._tell(post, error)

    @staticmethod
    def _broken_off(handle: _Handle) -> ChannelError:
        if handle.asked:
            return OutcomeUnknown("We closed the connection before an answer came, so it may have been processed.")
        return Unavailable("We closed before anything was sent.")

    def _new(self) -> _Handle:
        handle = _Handle()
        self._loop.prepare(handle.curl)
        set_option = handle.curl.setopt
        for option, value in (
            (pycurl.URL, self._url),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.PROXY, self._proxy),  # empty: none, whatever the environment says
            (pycurl.NOPROXY, ""),
            (pycurl.POST, 1),
            (pycurl.BUFFERSIZE, READ_AT_ONCE),
            (pycurl.UPLOAD_BUFFERSIZE, WRITTEN_AT_ONCE),
            (pycurl.HTTPHEADER, self._headers),
            (pycurl.USERAGENT, "crisis"),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.NOSIGNAL, 1),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
            (pycurl.TIMEOUT_MS, max(1, round(self._seconds * PATIENCE * 1000))),
            (pycurl.CONNECTTIMEOUT_MS, max(1, round(self._seconds * CONNECT_SHARE * 1000))),
            (pycurl.MAXAGE_CONN, LONGEST_IDLE),
            (pycurl.MAXFILESIZE_LARGE, LONGEST_ANSWER),  # announced or not: libcurl stops an answer that grows over it
            *self._trusted,
        ):
            set_option(option, value)
        self._handles[handle.curl] = handle
        return handle

    def _release(self, handle: _Handle) -> None:
        if handle.post is not None:
            handle.post.handle = None
            handle.post = None
        handle.head.clear()
        handle.body.clear()
        self._free.append(handle)

    def _on_ended(self, ended: list[tuple[pycurl.Curl, int, str]]) -> None:
        """Read all before anybody is told: who is told may begin, break off or close."""
        outcomes: list[tuple[Post, Answer | ChannelError]] = []
        for curl, code, words in ended:
            handle = self._handles[curl]
            if handle.post is not None:
                outcomes.append((handle.post, self._outcome(handle, code, words)))
            self._release(handle)
        for post, outcome in outcomes:
            self._tell(post, outcome)

    def _outcome(self, handle: _Handle, code: int, words: str) -> Answer | ChannelError:
        if code == 0:
            return Answer(handle.curl.getinfo(pycurl.RESPONSE_CODE), b"".join(handle.body), tuple(handle.head))
        if code == pycurl.E_FILESIZE_EXCEEDED:
            return too_long(LONGEST_ANSWER)
        return _failure(code, words, self._secrets, asked=handle.asked)

    @staticmethod
    def _tell(post: Post, outcome: Answer | ChannelError) -> None:
        ended, post.ended = post.ended, None
        if ended is None:  # abandoned
            return
        try:
            ended(post.key, outcome)
        except Exception:  # the others of this turn have ended too, and must hear of it
            log.exception("What became of %s could not be taken in; it counts as unknown.", post.key)


_INHERITED: list[Posts] = []
"""Copies that a fork made. Kept, because collecting one would say goodbye on connections that the parent still uses."""


_NO_ADDRESS = frozenset({pycurl.E_URL_MALFORMAT, pycurl.E_UNSUPPORTED_PROTOCOL})


def _failure(code: int, words: str, secrets: Sequence[str], *, asked: bool) -> ChannelError:
    """What one of libcurl's codes says. ``asked``: a connection was made, and the request began to leave on it."""
    text = scrub(words or f"error {code}", secrets)[:500]
    if code in _NO_ADDRESS and not asked:  # an answer that is no HTTP has one of these codes too
        return failures.unsendable(text)
    return failures.unknown(text) if asked else failures.unsent(text)


def _proxy_for(address: str) -> str | None:
    """The environment's proxy for an address, if it has one, as every other client of this machine reads it."""
    parts = urlsplit(address)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _trusted(ca_file: str | None) -> list[tuple[int, str]]:
    """The authorities every other client of this machine trusts; a municipality's own may be among them."""
    system = ssl.get_default_verify_paths()  # heeds SSL_CERT_FILE and SSL_CERT_DIR
    if ca_file is None and system.cafile is None and system.capath is None:
        from requests.utils import DEFAULT_CA_BUNDLE_PATH  # noqa: PLC0415 - large, and for machines without any alone

        ca_file = str(DEFAULT_CA_BUNDLE_PATH)
    files = [(pycurl.CAINFO, ca_file or system.cafile), (pycurl.PROXY_CAINFO, ca_file or system.cafile)]
    folders = [(pycurl.CAPATH, system.capath), (pycurl.PROXY_CAPATH, system.capath)] if ca_file is None else []
    return [(option, path) for option, path in (*files, *folders) if path]
