"""``python -m bench.bare``: what a sender would hold at least. A bare program with the libraries that the work takes, and no more.

It reads rows from the database a batch at a time, opens their numbers, posts to the stub through libcurl with as many in flight as
a sender has, and then with ten times as many, and gives the database the results: no gate, no limits, no retries, no order. No must:
it says how much of S4's peak is the interpreter, asyncio with OpenSSL, uvloop, psycopg with libpq, cryptography and libcurl.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence

import orjson
import psycopg
import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.curl_posts import Answer, Posts
from adapters.guard import Guard
from bench.peak import MIB, peak_memory
from crisis.channels import ChannelError

PEOPLE, BATCH = 40_000, 500
IN_FLIGHT = (100, 1_000)
_NONCE, _BOUND = b"n" * 12, b"fingerprint"
_ROWS = """
    SELECT n, CAST(%(sealed)s AS bytea) FROM generate_series(CAST(%(first)s AS int), CAST(%(last)s AS int)) n
"""
_RESULTS = "SELECT count(*) FROM jsonb_to_recordset(CAST(%(results)s AS jsonb)) AS given (id int, state text, sid text)"


def main() -> int:
    """Print it, from a process of its own."""
    from bench.ground import ground  # noqa: PLC0415 - what is measured does without these
    from bench.stub import stub  # noqa: PLC0415

    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    with ground() as place, stub(place.folder) as provider:
        for in_flight in IN_FLIGHT:
            before = provider.accepted()
            command = [sys.executable, "-m", "bench.bare", provider.url, place.server_url, str(in_flight)]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
            if provider.accepted() - before != PEOPLE:
                raise RuntimeError("The provider did not get them all, so nothing was measured.")
            imported, most = (int(each) / MIB for each in done.stdout.split())
            print(f"{imported:.0f} MiB when everything is imported, {most:.0f} MiB at most, {in_flight:,} in flight")
    return 0


class _Bare:
    """The bare sender."""

    def __init__(self, posts: Posts, database: psycopg.AsyncConnection[tuple[int, bytes]], in_flight: int) -> None:
        self._posts, self._database, self._in_flight = posts, database, in_flight
        self._key = AESGCM(b"k" * 32)
        self._free = asyncio.Semaphore(in_flight)
        self._results: list[dict[str, object]] = []
        self._failure: ChannelError | None = None

    async def send(self) -> None:
        sealed = self._key.encrypt(_NONCE, b"+4740000000", _BOUND)
        for first in range(0, PEOPLE, BATCH):
            values = {"sealed": sealed, "first": first, "last": first + BATCH - 1}
            await self._call(await (await self._database.execute(_ROWS, values, binary=True)).fetchall())
            await self._write()
        for _ in range(self._in_flight):
            await self._free.acquire()
        if self._failure is not None:
            raise self._failure
        await self._write()

    async def _call(self, rows: Sequence[tuple[int, bytes]]) -> None:
        for number, sealed in rows:
            await self._free.acquire()
            to = self._key.decrypt(_NONCE, sealed, _BOUND)
            self._posts.post(str(number), b"From=Fjordvik&Body=Kom&To=" + to, self._ended)

    async def _write(self) -> None:
        results, self._results = self._results, []
        await self._database.execute(_RESULTS, {"results": orjson.dumps(results).decode()})

    def _ended(self, key: str, outcome: Answer | ChannelError) -> None:
        self._free.release()
        if isinstance(outcome, ChannelError):
            self._failure = outcome
        else:
            self._results.append({"id": int(key), "state": "accepted", "sid": orjson.loads(outcome.body)["sid"]})


async def _measured(url: str, database_url: str, in_flight: int) -> tuple[int, int]:
    imported = peak_memory()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    posts = Posts(url, Guard(None), limit=in_flight, call_seconds=30.0, headers=headers)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as database:
        await _Bare(posts, database, in_flight).send()
    posts.close()
    return imported, peak_memory()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(main())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(*runner.run(_measured(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
