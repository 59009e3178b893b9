"""S2: the same alert to as many people, ours by one process, the peer's by a Celery task each on all cores. Same stub, same database."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, insert, make_url
from sqlalchemy.orm import Session

from bench import celery_peer
from bench.broadcast import Broadcasts
from bench.celery_peer import Sms, send_sms
from bench.figure import Figure
from bench.ground import Ground
from bench.rounds import Round, take
from bench.stub import Stub, stub
from crisis.embedded.supervisor import Child, Supervisor
from crisis.embedded.valkey import Valkey

MUST, GOAL = 25.0, 50.0
PEOPLE, THEIRS, WARM_UP = 40_000, 2_000, 100
"""Recipients of ours and of theirs per round: some seconds of each."""
PROCESSES = 2
PATIENCE = 60.0
ROOT = Path(__file__).resolve().parents[1]


def task_each(ground: Ground, rounds: int) -> Figure:
    """Messages a second, from the first act to the last outcome committed, beside the peer's."""
    theirs = list[float]()
    with stub(ground.folder) as provider:
        ours = Broadcasts(ground, provider, PEOPLE)
        first = ours.approve()
        with _peer(ground, provider, first.form) as peer:

            def measure() -> Round:
                waiting = ours.approve()
                theirs.append(peer.send(THEIRS))
                return Round(ours.send(waiting).rate / theirs[-1], [theirs[-1]])

            ours.send(first)
            taken = take(measure, rounds)
    return Figure(
        *("S2", taken.value, "x Celery", MUST),
        f"{PEOPLE:,} recipients by one sender process; {THEIRS:,} by Celery, prefork {PROCESSES}, the SDK, SELECT and UPDATE a task; "
        f"stub: {provider.made_of}; {taken}",
        at_least=True,
        goal=GOAL,
        measured=f"{taken.value * taken.reference:,.0f} messages/s",
        beside=f"Celery {taken.reference:,.0f} messages/s",
        digits=1,
        disturbed=taken.disturbed,
    )


class _Peer:
    """The peer's desk: rows and tasks in, and a look at the table until all is sent."""

    def __init__(self, url: str, provider: Stub) -> None:
        self._url, self._provider, self._last = url, provider, 0
        self._engine = create_engine(_driven(url))
        celery_peer.Base.metadata.create_all(self._engine)

    def send(self, people: int) -> float:
        """Messages a second. Raises :class:`RuntimeError` unless everyone was sent to once."""
        wanted = range(self._last + 1, self._last + people + 1)
        self._last = wanted[-1]
        with Session(self._engine) as session:
            session.execute(insert(Sms), [{"id": number, "number": f"+474{number:07d}"} for number in wanted])
            session.commit()
        before, began = self._provider.accepted(), time.perf_counter()
        with celery_peer.app.producer_pool.acquire(block=True) as producer:
            for number in wanted:
                send_sms.apply_async((number,), producer=producer)
        self._wait(wanted)
        seconds = time.perf_counter() - began
        accepted = self._provider.accepted() - before
        if accepted != people:
            raise RuntimeError(f"The peer had {people} to send to, and the provider accepted {accepted}.")
        return people / seconds

    def close(self) -> None:
        """Let go of the database and the broker."""
        self._engine.dispose()
        celery_peer.app.close()

    def _wait(self, wanted: range) -> None:
        question = "SELECT count(DISTINCT sid) FROM peer_sms WHERE id BETWEEN %s AND %s AND status = 'sent'"
        moved, seen = time.monotonic(), -1
        with psycopg.connect(self._url, autocommit=True) as connection:
            while seen < len(wanted):
                time.sleep(0.05)
                row = connection.execute(question, [wanted[0], wanted[-1]]).fetchone()
                if row and row[0] != seen:
                    moved, seen = time.monotonic(), row[0]
                elif time.monotonic() - moved > PATIENCE:
                    raise RuntimeError(f"The peer stands still at {seen} of {len(wanted)}. See its log.")


@contextmanager
def _peer(ground: Ground, provider: Stub, form: Mapping[str, str]) -> Iterator[_Peer]:
    """A broker, the peer's worker on all cores, and its table; warm."""
    url = ground.database()
    with Valkey(ground.folder / "peer") as valkey:
        told = {
            celery_peer.BROKER: valkey.start(),
            celery_peer.DATABASE: _driven(url),
            celery_peer.PROVIDER: provider.url,
            celery_peer.SENDER: form["From"],
            celery_peer.BODY: form["Body"],
            celery_peer.CALLBACK: form["StatusCallback"],
        }
        celery_peer.app.conf.broker_url = told[celery_peer.BROKER]
        supervisor = Supervisor(ground.folder / "log", "bench", partial(print, file=sys.stderr))
        command = [sys.executable, "-m", "celery", "--app", "bench.celery_peer", "worker", "--pool", "prefork"]
        command += ["--concurrency", str(PROCESSES), "--without-gossip", "--without-mingle", "--without-heartbeat"]
        env = dict(os.environ) | told | {"PYTHONPATH": str(ROOT)}
        peer = _Peer(url, provider)
        try:
            supervisor.start(Child("peer", [*command, "--loglevel", "ERROR"], env))
            peer.send(WARM_UP)
            yield peer
        finally:
            supervisor.stop()
            peer.close()


def _driven(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
