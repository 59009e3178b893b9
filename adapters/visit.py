"""Visits: a public page fetched as any reader would, to see whether a message is really on it.

It goes over the guarded transport, without credentials and cookies, and within one call's time whoever drips; it reads two
megabytes at most, and follows a redirect only on the host it was sent to. What it reads is searched for words and never
parsed as a tree: a page of a stranger's making can cost no more than its length.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from html import unescape

import aiohttp
from yarl import URL

from adapters.fragment import fragment
from adapters.threads import PATIENCE
from adapters.transport import Guard, from_aiohttp, guarded_client
from crisis.channels import Found, Outgoing, Sighting

MOST_BYTES = 2 * 2**20
"""Of a page, after unpacking. A municipality's front page is a tenth of it."""
MOST_STEPS = 3
FIRST_WORDS = 25
"""Of a body, where somebody else's theme is around it and may cut it short."""
_CONNECTIONS = 8
_OK, _GONE = 200, frozenset({404, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\w+")
_TIME = re.compile(r'datetime="([^"]{1,40})"')
_UNSEEN = (("<script", "</script"), ("<style", "</style"), ("<template", "</template"), ("<!--", "-->"))

Missing = Callable[[str], str | None]
"""What is missing in a page's source, in words; ``None`` when all of it is there."""


class Visitor:
    """Fetches pages of one mode. Its connections are made at the first use, inside the running loop."""

    def __init__(self, guard: Guard, *, call_seconds: float) -> None:
        self._guard, self._seconds = guard, call_seconds
        self._client: aiohttp.ClientSession | None = None

    async def look(self, address: str, missing: Missing) -> Sighting:
        """Fetch the page and ask ``missing`` about it. Never raises for what the far end does."""
        try:
            async with asyncio.timeout(self._seconds * PATIENCE):
                return await self._look(URL(address), missing)
        except TimeoutError:
            return Sighting(Found.CANNOT_TELL, f"{_named(address)} did not answer in time.")
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the transport knows what it says
            return Sighting(Found.CANNOT_TELL, f"{_named(address)} could not be read. {from_aiohttp(error).reason}")

    async def close(self) -> None:
        """Release connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _look(self, url: URL, missing: Missing) -> Sighting:
        if self._client is None:
            self._client = guarded_client(
                self._guard, limit=_CONNECTIONS, call_seconds=self._seconds, headers={"Accept": "text/html"}
            )
        host = url.host
        for _ in range(MOST_STEPS + 1):
            async with self._client.get(url, allow_redirects=False) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    onward = url.join(URL(response.headers["Location"]))
                    if onward.host != host or onward.scheme not in {"http", "https"}:
                        return Sighting(
                            Found.CANNOT_TELL, f"{_named(url)} leads on to another host, {onward.host}; not followed."
                        )
                    url = onward
                    continue
                return await _judged(url, response, missing)
        return Sighting(Found.CANNOT_TELL, f"{_named(url)} redirects in circles.")


async def _judged(url: URL, response: aiohttp.ClientResponse, missing: Missing) -> Sighting:
    if response.status in _GONE:
        return Sighting(Found.NO, f"{_named(url)} is not there (HTTP {response.status}).")
    if response.status != _OK:
        return Sighting(Found.CANNOT_TELL, f"{_named(url)} answered HTTP {response.status}.")
    if response.content_type not in _PAGES:
        return Sighting(Found.NO, f"{_named(url)} answered with {response.content_type[:60]}, which is no page.")
    page = bytearray()
    async for chunk in response.content.iter_any():
        page += chunk
        if len(page) > MOST_BYTES:
            response.close()
            return Sighting(Found.CANNOT_TELL, f"{_named(url)} is longer than {MOST_BYTES} bytes; not read to its end.")
    lacks = missing(page.decode("utf-8", errors="replace"))
    return Sighting(Found.YES) if lacks is None else Sighting(Found.NO, f"{_named(url)} {lacks}")


def lacks_words(source: str, outgoing: Outgoing, *, first: int | None = None) -> str | None:
    """What of a message's headline and text (its ``first`` words) is not among the words of ``source``."""
    shown = f" {' '.join(words(source))} "
    title, body = list(words(outgoing.title)), list(words(str(fragment(outgoing))))[:first]
    if f" {' '.join(title)} " not in shown:
        return "does not have this headline."
    return None if f" {' '.join(body)} " in shown else "has this headline, and not this text."


def has_time(source: str, when: datetime) -> bool:
    """Whether a ``datetime`` attribute of the page names this moment, to the second."""
    for written in _TIME.findall(source):
        try:
            moment = datetime.fromisoformat(written)
        except ValueError:
            continue
        if moment.tzinfo is not None and abs((moment - when).total_seconds()) < 1:
            return True
    return False


def words(source: str) -> Iterator[str]:
    """The words of a page's source as a reader sees them; punctuation is left out, for themes prettify it."""
    text = unicodedata.normalize("NFC", unescape(_TAG.sub(" ", _visible(source))))
    return (found.group() for found in _WORD.finditer(text))


def _visible(source: str) -> str:
    """Without scripts, styles, templates and comments; what is never closed hides the rest."""
    for opening, closing in _UNSEEN:
        kept, at, lower = [], 0, source.lower()
        if len(lower) != len(source):  # a letter whose small form is longer: rare, and not worth a wrong cut
            lower = source
        while (begin := lower.find(opening, at)) >= 0:
            kept.append(source[at:begin])
            end = lower.find(closing, begin)
            at = len(source) if end < 0 else end
        kept.append(source[at:])
        source = " ".join(kept)
    return source


def _named(url: object) -> str:
    """An address without its query, which may be long or somebody's."""
    return str(url).partition("?")[0][:200]
