"""Load: prepared requests over connections that stay open, each timed from its first byte out to its answer's last byte in.

A generator of ours, so that it costs little beside what it measures: on uvloop an answer takes it some ten microseconds,
most of them system calls. Requests are bytes, made before the clock starts.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import httptools

from bench.rounds import percentile

BROKEN = 0
"""Stands for the status where the connection broke before an answer had come."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of the requests, in the order in which they were given."""

    statuses: Sequence[int]
    latencies: Sequence[float]
    """In seconds."""
    seconds: float
    """From the first request to the last answer."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.statuses) / self.seconds

    def slowest(self, share: float = 0.99) -> float:
        """The latency that ``share`` of the answers did not exceed, in seconds."""
        return percentile(self.latencies, share)

    def demand(self, status: int) -> None:
        """Raise :class:`RuntimeError` unless every answer had this status."""
        counted = Counter(self.statuses)
        if set(counted) != {status}:
            raise RuntimeError(f"Every answer should have been {status}; they were {dict(counted)}.")


async def load(host: str, port: int, requests: Sequence[bytes], connections: int) -> Load:
    """Send ``requests`` over so many connections, each of which sends its next one when the last is answered.

    A connection that the server ends is opened again. Raises :class:`OSError` when it cannot be opened. To be run in a
    process of its own: ``apart(load, ..., place=PROVIDER)``.
    """
    run = _Run(requests)
    loop = asyncio.get_running_loop()

    async def keep_open() -> None:
        while not run.used_up:
            _, connection = await loop.create_connection(lambda: _Connection(run), host, port)
            await connection.ended

    began = time.perf_counter()
    await asyncio.gather(*(keep_open() for _ in range(min(connections, len(requests)))))
    return Load(run.statuses, run.latencies, time.perf_counter() - began)


class _Run:
    """The requests that are left, and what came of the others."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.requests = requests
        self.left: Iterator[int] = iter(range(len(requests)))
        self.statuses = [BROKEN] * len(requests)
        self.latencies = [0.0] * len(requests)
        self.used_up = not requests


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run, self._number, self._began = run, -1, 0.0
        self._parser = httptools.HttpResponseParser(self)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        run, now = self._run, time.perf_counter()
        run.statuses[self._number] = self._parser.get_status_code()
        run.latencies[self._number] = now - self._began
        self._number = -1
        if self._parser.should_keep_alive():
            self._send_next()
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._number >= 0:
            self._run.latencies[self._number] = time.perf_counter() - self._began
        self.ended.set_result(None)

    def _send_next(self) -> None:
        self._number = next(self._run.left, -1)
        if self._number < 0:
            self._run.used_up = True
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(self._run.requests[self._number])
