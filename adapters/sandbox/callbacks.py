"""Signed status callbacks: a bounded pool of senders that outlives receivers that are down."""

import asyncio
import contextlib
import heapq
import hmac
import logging
import time
from base64 import b64encode
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

log = logging.getLogger(__name__)

SENDERS = 32
TRIES = 8
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 8.0
CALL_SECONDS = 15.0  # as long as Twilio itself waits for a receiver
REFUSED, BROKEN = 400, 500


def sign(token: str, url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the URL as given and the sorted fields (twilio.com/docs/usage/security)."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return b64encode(hmac.new(token.encode(), text.encode(), sha1).digest()).decode()


@dataclass(slots=True)
class Announcement:
    """The callbacks about one message, sent one after the other, ``delay`` seconds apart."""

    url: str
    token: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    steps: list[Mapping[str, str]]
    delay: float
    still_wanted: Callable[[], bool] = lambda: True
    done: asyncio.Event = field(default_factory=asyncio.Event)
    at: int = 0
    tries: int = 0


class Callbacks:
    """Announcements by the time they are due, and the senders that work them off."""

    def __init__(self, senders: int = SENDERS, tries: int = TRIES) -> None:
        self._senders = senders
        self._tries = tries
        self._due: list[tuple[float, int, Announcement]] = []
        self._sequence = 0
        self._news = asyncio.Event()
        self._queue: asyncio.Queue[Announcement] = asyncio.Queue(maxsize=senders)
        self._tasks: list[asyncio.Task[None]] = []
        self._open = 0
        self.tally: Counter[str] = Counter()
        self.outcomes: deque[dict[str, Any]] = deque(maxlen=1000)

    def begin(self, announcement: Announcement, after: float) -> None:
        """Start telling, in ``after`` seconds."""
        self._open += 1
        self._push(announcement, after)

    def _push(self, announcement: Announcement, after: float) -> None:
        due = time.monotonic() + after
        self._sequence += 1
        heapq.heappush(self._due, (due, self._sequence, announcement))
        if self._due[0][2] is announcement:
            self._news.set()

    def figures(self) -> dict[str, int]:
        """Callbacks by how they ended, requests made, and messages that still have some to come."""
        ends = ("acknowledged", "refused", "given_up", "requests")
        return {name: self.tally[name] for name in ends} | {"pending": self._open}

    def start(self) -> None:
        """Start the senders on the running loop."""
        connector = aiohttp.TCPConnector(limit=self._senders)
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        session = aiohttp.ClientSession(connector=connector, timeout=timeout)
        self._session = session
        self._tasks = [asyncio.create_task(self._dispatch())]
        self._tasks += [asyncio.create_task(self._work()) for _ in range(self._senders)]

    async def stop(self) -> None:
        """Stop at once; what was not told yet is not told."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._session.close()

    def clear(self) -> None:
        """Forget what is due. A callback on its way arrives."""
        for _, _, announcement in self._due:
            announcement.done.set()
        self._open -= len(self._due)
        self._due.clear()
        self.tally.clear()
        self.outcomes.clear()

    async def _dispatch(self) -> None:
        while True:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                await self._queue.put(heapq.heappop(self._due)[2])
            self._news.clear()
            wait = self._due[0][0] - time.monotonic() if self._due else None
            if wait is None or wait > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._news.wait()

    async def _work(self) -> None:
        while True:
            announcement = await self._queue.get()
            pause = await self._tell(announcement)
            if pause is None or announcement.at >= len(announcement.steps):
                self._open -= 1
                announcement.done.set()
            else:
                self._push(announcement, pause)

    async def _tell(self, announcement: Announcement) -> float | None:
        """Send one callback. Returns the pause before the next thing to send, ``None`` when it is no longer wanted."""
        if not announcement.still_wanted():
            return None
        fields = {**announcement.fields, **announcement.steps[announcement.at]}
        announcement.tries += 1
        self.tally["requests"] += 1
        status, problem = await self._post(announcement, fields)
        if problem and announcement.tries < self._tries:
            return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (announcement.tries - 1))
        outcome = "given_up" if problem else "refused" if status >= REFUSED else "acknowledged"
        self.tally[outcome] += 1
        self.outcomes.append(
            {
                "sid": fields["MessageSid"],
                "message_status": fields["MessageStatus"],
                "outcome": outcome,
                "status": status,
                "problem": problem,
                "tries": announcement.tries,
                "at": time.time(),
            }
        )
        if problem:
            log.warning("Gave up a callback after %d tries: %s", announcement.tries, problem)
        announcement.at += 1
        announcement.tries = 0
        return announcement.delay

    async def _post(self, announcement: Announcement, fields: Mapping[str, str]) -> tuple[int, str]:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": sign(announcement.token, announcement.url, fields),
            "User-Agent": "TwilioProxy/1.1",
        }
        try:
            async with self._session.post(
                URL(announcement.url, encoded=True),
                data=urlencode(fields).encode(),
                headers=headers,
                allow_redirects=False,
            ) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return 0, type(error).__name__
        return response.status, f"HTTP {response.status}" if response.status >= BROKEN else ""
