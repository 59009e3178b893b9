"""``python -m bench.watching``: what five hundred who watch a message's status cost the sending of it.

Prints two figures. The rate of one sender process while 20,000 SMS go out, watched by 500 open status streams, beside the rate with
nobody watching, before and after: at most 5 % may be lost. And how many transactions a second the database sees of 500 readers,
beside those of one, while nothing is sent: the same, since one look serves everybody.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import mean

from sqlalchemy import text

from bench import table
from bench.apart import PROVIDER, core
from bench.broadcast import ROOT, Broadcasts
from bench.figure import Figure
from bench.ground import Ground, ground, named
from bench.machine import machine
from bench.rounds import Round, take
from bench.static import end, wait_for
from bench.stub import stub
from crisis.bootstrap import database_of
from crisis.embedded import commands
from crisis.embedded.port import free_port
from crisis.roles import Actor, Role
from crisis.settings import Settings
from crisis.users import sessions
from crisis.users.models import How

PEOPLE, READERS = 20_000, 500
RATE_MUST, QUERIES_MUST = 0.95, 1.2
LOOK_SECONDS, SETTLE_SECONDS = 20.0, 12.0
"""PostgreSQL tells of a connection's transactions up to ten seconds late when it is idle (PGSTAT_IDLE_INTERVAL)."""
_MESSAGE = text("SELECT message_id FROM revisions WHERE id = :revision")
_TRANSACTIONS = text("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
_QUIET = text("SELECT pg_stat_clear_snapshot()")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.watching")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    with ground() as place:
        print(f"{machine(place)}\n\n{table.heading(markdown=False)}", flush=True)
        figures = measure(place, given.rounds)
        for figure in figures:
            print(table.row(figure, markdown=False), flush=True)
    return 0 if all(figure.ok for figure in figures) else 1


def measure(place: Ground, rounds: int) -> list[Figure]:
    """Both figures."""
    with stub(place.folder) as provider:
        broadcasts = Broadcasts(place, provider, PEOPLE)
        cookie = f"crisis={asyncio.run(_sign_in(broadcasts.settings))}"
        with _api(place, broadcasts.settings) as port:

            def once() -> Round:
                before = broadcasts.send(broadcasts.approve()).rate
                waiting = broadcasts.approve()
                path = f"/messages/{asyncio.run(_message(broadcasts.settings, waiting.revision_id))}/live"
                with _readers(port, path, cookie, READERS):
                    ours = broadcasts.send(waiting).rate
                after = broadcasts.send(broadcasts.approve()).rate
                return Round(ours / mean((before, after)), (before, after))

            taken = take(once, rounds)
            waiting = broadcasts.approve()
            path = f"/messages/{asyncio.run(_message(broadcasts.settings, waiting.revision_id))}/live"
            seen = {count: _looked_at(broadcasts.settings, port, path, cookie, count) for count in (1, READERS)}
    rate = Figure(
        *(
            "watched",
            taken.value,
            "x unwatched",
            RATE_MUST,
            f"{PEOPLE:,} SMS, {READERS} open streams of their status; {taken}",
        ),
        at_least=True,
        goal=1.0,
        measured=f"{taken.value * taken.reference:,.0f} messages/s",
        beside=f"unwatched {taken.reference:,.0f} messages/s",
        disturbed=taken.disturbed,
    )
    queries = Figure(
        *(
            "queries",
            seen[READERS] / max(seen[1], 0.1),
            "x one reader",
            QUERIES_MUST,
            f"{LOOK_SECONDS:.0f} s each, nothing sent",
        ),
        at_least=False,
        goal=1.05,
        measured=f"{seen[READERS]:.1f} transactions/s",
        beside=f"one reader {seen[1]:.1f} transactions/s",
        disturbed=False,
    )
    return [rate, queries]


def _looked_at(settings: Settings, port: int, path: str, cookie: str, count: int) -> float:
    with _readers(port, path, cookie, count):
        time.sleep(SETTLE_SECONDS)  # what opening them cost is over, and told
        before, began = asyncio.run(_transactions(settings)), time.perf_counter()
        time.sleep(LOOK_SECONDS)
        return (asyncio.run(_transactions(settings)) - before) / (time.perf_counter() - began)


@contextmanager
def _readers(port: int, path: str, cookie: str, count: int) -> Iterator[None]:
    """So many browsers that watch, in a process of their own. Raises :class:`RuntimeError` unless every one has its first event."""
    command = [sys.executable, "-m", "bench.watching_readers", str(port), path, cookie, str(count)]
    where = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=where, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if (said := process.stdout.readline().strip()) != str(count):
            raise RuntimeError(f"{count} readers were to watch, and {said or 'none'} do.")
        yield
    finally:
        process.communicate("")
    if process.returncode:
        raise RuntimeError("A reader was sent away before the end.")


@contextmanager
def _api(place: Ground, settings: Settings) -> Iterator[int]:
    """The API as the image starts it, on the provider's core: the sender has its own."""
    port, where = free_port(), core(PROVIDER)
    pin = ["taskset", "-c", str(where)] if where is not None else []
    env = os.environ | named(settings) | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*pin, *commands.api("127.0.0.1", port, "WARNING")], env=env, cwd=place.folder)
    try:
        wait_for(f"http://127.0.0.1:{port}/openapi.json", process)
        yield port
    finally:
        end(process)


async def _sign_in(settings: Settings) -> str:
    db = database_of(settings)
    secret = await sessions.begin(
        db, Actor("Nettredaksjonen", Role.EDITOR), How.BREAK_GLASS, agent="a benchmark", address="127.0.0.1"
    )
    await db.close()
    return secret


async def _message(settings: Settings, revision: int) -> int:
    db = database_of(settings)
    async with db.transaction() as session:
        found: int = (await session.execute(_MESSAGE, {"revision": revision})).scalar_one()
    await db.close()
    return found


async def _transactions(settings: Settings) -> int:
    db = database_of(settings)
    async with db.transaction() as session:
        await session.execute(_QUIET)
        found: int = (await session.execute(_TRANSACTIONS)).scalar_one()
    await db.close()
    return found


if __name__ == "__main__":
    sys.exit(main())
