"""The feed reader: what any site, channel or album publishes, by its Atom or RSS feed, for accounts that no channel of ours shows.

YouTube, Flickr, WordPress and most municipal sites have one. It is a :class:`~crisis.channel_watch.Watch` and no more: nothing
is published by it. ``AccountRef.address`` is the feed's URL. In an exercise the feed is the sandbox's, by the account's id
(``ChannelSetup.feeds_url``), and the guarded transport refuses every other host, whatever the register says.

A feed is read within one call's time, two megabytes at most, and redirects are followed on the same site alone. It is asked for
what is new (``ETag``, ``Last-Modified``), so a look mostly costs the other end nothing.

**Items without a date of any use** (none, unreadable, or far ahead: a calendar's feed has the event's) are as old as can be at
this process's first look at the feed; one that appears later is as old as the look before.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import aiohttp
from yarl import URL

from adapters.feed_items import Item, items_in
from adapters.platform_time import age, date_of
from adapters.retry_after import retry_after
from adapters.threads import PATIENCE
from adapters.transport import Guard, from_aiohttp, guarded_client
from crisis.channel_watch import Posted, Watch
from crisis.channels import (
    AccountRef,
    ChannelError,
    ChannelSetup,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
)

MOST_BYTES = 2 * 2**20
MOST_STEPS = 3
MOST_FEEDS = 1000
MOST_KEPT = 200
"""Items kept of each feed, the newest. A feed shows ten to fifty."""
AHEAD = timedelta(minutes=15)
"""A date so far ahead of the feed's own clock is a clock that is wrong; beyond it, it is no date of publishing."""
_OK, _NOT_MODIFIED, _GONE, _LOGIN = 200, 304, frozenset({404, 410}), frozenset({401, 403})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_NO_DATE_SECONDS = 10 * 365 * 86_400.0
"""The age of what was there at the first look, and nobody knows since when."""


@dataclass(slots=True)
class _Known:
    """What the last look at a feed showed."""

    validators: Mapping[str, str] = field(default_factory=dict)
    items: Sequence[Item] = ()
    looked: datetime | None = None
    undated: dict[str, datetime | None] = field(default_factory=dict)
    """Of those without a date: the look before they appeared; ``None`` for those that were always there."""


class FeedReader:
    """Every feed of one mode. Has no connection between two looks."""

    watch_seconds = 60.0
    """There is no limit but courtesy: what has not changed is not sent again."""

    def __init__(self, setup: ChannelSetup) -> None:
        self._guard, self._seconds = Guard(setup.allowed_hosts), setup.call_seconds
        self._exercises = setup.feeds_url.rstrip("/")
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        url = self._url(account)
        known = self._known.get(str(url)) or _Known()
        try:
            async with asyncio.timeout(self._seconds * PATIENCE):
                now, fresh = await self._fetched(url, known)
        except ChannelError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the transport knows what it says
            raise from_aiohttp(error) from None
        self._remember(str(url), fresh)
        posted = [_posted(item, now, fresh) for item in fresh.items]
        recent = [each for each in posted if each.age_seconds <= within_seconds + AHEAD.total_seconds()]
        return sorted(recent, key=lambda each: each.age_seconds)

    def _url(self, account: AccountRef) -> URL:
        if self._exercises:
            return URL(f"{self._exercises}/{account.id}")
        try:
            url = URL(account.address or "")
        except ValueError:
            url = URL("")
        if url.scheme not in {"http", "https"} or not url.host:
            raise Misconfigured(f"The feed of the account {account.name!r} has no address that can be asked.")
        return url

    async def _fetched(self, url: URL, known: _Known) -> tuple[datetime, _Known]:
        """The feed's own time, and what it holds."""
        headers = {"Accept": _ACCEPT, **known.validators}
        async with guarded_client(self._guard, limit=1, call_seconds=self._seconds, headers=headers) as client:
            for _ in range(MOST_STEPS + 1):
                async with client.get(url, allow_redirects=False) as response:
                    if response.status in _REDIRECTS and "Location" in response.headers:
                        url = _onward(url, response.headers["Location"])
                        continue
                    now = _now(response.headers)
                    if response.status == _NOT_MODIFIED and known.looked is not None:
                        return now, replace(known, looked=now)
                    _check(url, response)
                    source = await _body(response)
                    items = await asyncio.to_thread(items_in, source)
                    return now, _merged(known, items, now, _validators(response.headers))
        raise OutcomeUnknown(f"{_named(url)} redirects in circles.")

    def _remember(self, url: str, known: _Known) -> None:
        self._known[url] = known
        self._known.move_to_end(url)
        while len(self._known) > MOST_FEEDS:
            self._known.popitem(last=False)


def build_feed_watch(setup: ChannelSetup) -> Watch:
    """The feed reader of one mode."""
    return FeedReader(setup)


def _posted(item: Item, now: datetime, known: _Known) -> Posted:
    published = _published(item, now)
    if published is not None:
        old = age(now, published)
    else:
        since = known.undated.get(item.reference)
        old = _NO_DATE_SECONDS if since is None else age(now, since)
    return Posted(item.reference, old, item.text, item.url, item.author)


def _published(item: Item, now: datetime) -> datetime | None:
    """The youngest of what its date can mean that is not ahead: a false alarm is looked at, and a missed post is not."""
    return max((each for each in item.moments if each <= now + AHEAD), default=None)


def _merged(known: _Known, items: Sequence[Item], now: datetime, validators: Mapping[str, str]) -> _Known:
    items = sorted(items, key=lambda item: _published(item, now) or now, reverse=True)[:MOST_KEPT]
    undated = {
        item.reference: known.undated.get(item.reference, known.looked)
        for item in items
        if _published(item, now) is None
    }
    return _Known(validators, items, now, undated)


def _now(headers: Mapping[str, str]) -> datetime:
    """What comes out of somebody's cache is as old as ``Age`` says (RFC 9111, 5.1)."""
    kept = headers.get("Age", "").strip()
    return date_of(headers, "The feed") + timedelta(seconds=int(kept[:9]) if kept.isascii() and kept.isdigit() else 0)


def _validators(headers: Mapping[str, str]) -> Mapping[str, str]:
    given = {"If-None-Match": headers.get("ETag"), "If-Modified-Since": headers.get("Last-Modified")}
    return {name: value for name, value in given.items() if value}


def _onward(url: URL, location: str) -> URL:
    onward = url.join(URL(location))
    if onward.scheme not in {"http", "https"} or _site(onward) != _site(url):
        raise Misconfigured(
            f"{_named(url)} leads on to another site, {onward.host}, which is not followed. "
            "Look whether that is the feed, and give the account that address."
        )
    return onward


def _site(url: URL) -> str:
    return (url.host or "").lower().removeprefix("www.")


def _check(url: URL, response: aiohttp.ClientResponse) -> None:
    status, where = response.status, _named(url)
    if status in _GONE:
        raise Gone(f"{where} is not there any more (HTTP {status}).", code=str(status))
    if status in _LOGIN:
        raise Misconfigured(f"{where} is not open to us (HTTP {status}).", code=str(status))
    if status == 429:  # noqa: PLR2004 - too many requests
        raise Throttled(f"{where} asks us to look less often.", code="429", retry_after=retry_after(response.headers))
    if status != _OK:
        kind = Rejected if 400 <= status < 500 else OutcomeUnknown  # noqa: PLR2004 - a client's error
        raise kind(f"{where} answered HTTP {status}.", code=str(status))


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            response.close()
            raise OutcomeUnknown(
                f"{_named(response.url)} is longer than {MOST_BYTES} bytes; it was not read to its end."
            )
    return bytes(body)


def _named(url: URL) -> str:
    """An address without its query and login, which may be somebody's."""
    return str(url.with_query(None).with_user(None))[:200]
