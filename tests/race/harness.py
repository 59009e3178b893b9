"""The race: unit senders in several processes against activation, round after round, judged by their own clocks.

Every sender logs when a call to the provider began and ended (CLOCK_MONOTONIC, the same for all processes of a host). The
activator logs when the activation was confirmed, and what it listed as unresolved. A violation is a call that began between a
confirmation and the next stand-down, or one that was under way at the confirmation and not listed.
"""

import asyncio
import multiprocessing
import multiprocessing.sharedctypes
import multiprocessing.synchronize
import random
import time
from dataclasses import dataclass, field
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from crisis.activations import drain, service
from crisis.activations.holders import Holder
from crisis.db import Database
from crisis.deliveries import claims, settling
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests.race.protocols import HOLD_SECONDS, PRODUCT, Protocol

DIRECTOR = Actor("Kommunedirektøren", Role.DIRECTOR)
CALL, LONG_CALL = (0.0005, 0.003), (0.02, 0.08)
"""Seconds a made-up provider takes: mostly little, so that senders ask for permits often; at times longer than a drain."""
SLOW_COMMIT, SLOW_SHARE = (0.03, 0.25), 0.08
"""Some senders are slow between their permit and its commit: another process has the processor, the disk is busy. The
activation waits for such a one, and other senders queue behind the activation, their snapshots growing old."""
WARM_UP = (2, 12)  # calls that begin before each activation: a loaded machine only makes a race longer
WARM_UP_MOST = 2.0  # seconds
LISTEN = 0.004  # how long a round waits for stray calls after the confirmation
STOCK = 3000  # deliveries kept ready, so that senders never starve

_SEED = text(
    """
    WITH account AS (
        INSERT INTO accounts (channel, name, unit, address) VALUES ('facebook', 'race', 'biblioteket', '1')
        ON CONFLICT (channel, name, unit) DO UPDATE SET address = '1' RETURNING id
    ), post AS (
        INSERT INTO posts (mode, account_id, text, language, publish_at, created_by)
        SELECT 'actual', id, 'race', 'nb', now(), 'race' FROM account RETURNING id
    ), rendition AS (
        INSERT INTO renditions (mode, post_id, channel, language, kind, title, text, length, thread, issued_at)
        SELECT 'actual', post.id, 'facebook', 'nb', 'post', '', 'race', 4, '', now()
        FROM post, generate_series(1, :count) RETURNING id
    )
    INSERT INTO deliveries (mode, lane, rendition_id, account_id)
    SELECT 'actual', 'unit', rendition.id, account.id FROM rendition, account
    """
)
_READY = text("SELECT count(*) FROM deliveries WHERE lane = 'unit' AND state = 'ready'")


@dataclass
class Outcome:
    """What a race showed. ``latencies`` are seconds from the activation's call to its confirmation, per round."""

    rounds: int = 0
    calls: int = 0
    started_after: int = 0
    unlisted: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def violations(self) -> int:
        return self.started_after + self.unlisted

    def p(self, share: float) -> float:
        """A percentile of the latencies, in seconds."""
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def race(
    url: str, protocol: Protocol = PRODUCT, *, rounds: int, processes: int = 4, senders: int = 2, seed: int = 1
) -> Outcome:
    """Race ``processes`` x ``senders`` against ``rounds`` activations on the database at ``url``, which must be migrated."""
    context = multiprocessing.get_context("spawn")
    stop, ready, calls = context.Event(), context.Barrier(processes + 1), context.Queue()
    begun = context.Value("q", 0)
    workers = [
        context.Process(target=_sender_process, args=(url, protocol, senders, seed + n, stop, ready, begun, calls))
        for n in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        windows, latencies = asyncio.run(_activate_again_and_again(url, protocol, rounds, seed, ready, begun))
    finally:
        stop.set()
    logged = [call for _ in workers for call in calls.get(timeout=60)]
    for worker in workers:
        worker.join(30)
    return _judge(windows, latencies, logged)


@dataclass(frozen=True)
class _Window:
    confirmed: float
    reopened: float
    listed: frozenset[int]


async def _activate_again_and_again(
    url: str,
    protocol: Protocol,
    rounds: int,
    seed: int,
    ready: "multiprocessing.synchronize.Barrier",
    begun: "multiprocessing.sharedctypes.Synchronized[int]",
) -> tuple[list[_Window], list[float]]:
    chance, db = random.Random(seed), Database(url)
    windows, latencies = [], []
    async with db.transaction() as session:
        await session.execute(_SEED, {"count": STOCK})
    await asyncio.to_thread(ready.wait, 60)
    for _ in range(rounds):
        wanted, deadline = begun.value + chance.randint(*WARM_UP), time.monotonic() + WARM_UP_MOST
        while begun.value < wanted and time.monotonic() < deadline:
            await asyncio.sleep(0.0005)
        asked = time.monotonic()
        activated = await service.activate(db, DIRECTOR, Mode.ACTUAL, "race")
        await protocol.confirm(db, activated.activation.id)
        confirmed = time.monotonic()
        latencies.append(confirmed - asked)
        async with db.transaction() as session:
            listed = frozenset(post.delivery_id for post in await drain.unresolved(session, Mode.ACTUAL))
            stock = (await session.execute(_READY)).scalar_one()
            if stock < STOCK // 2:
                await session.execute(_SEED, {"count": STOCK})
        await asyncio.sleep(LISTEN)
        reopened = time.monotonic()
        await service.stand_down(db, DIRECTOR, activated.activation.id)
        windows.append(_Window(confirmed, reopened, listed))
        async with db.transaction() as session:  # stand-down blocks what is due; the race wants it to run again
            await session.execute(
                text("UPDATE deliveries SET state = 'ready' WHERE state = 'blocked' AND lane = 'unit'")
            )
    await db.close()
    return windows, latencies


def _sender_process(
    url: str,
    protocol: Protocol,
    senders: int,
    seed: int,
    stop: "multiprocessing.synchronize.Event",
    ready: "multiprocessing.synchronize.Barrier",
    begun: "multiprocessing.sharedctypes.Synchronized[int]",
    calls: "multiprocessing.Queue[list[tuple[int, float, float]]]",
) -> None:
    async def work() -> list[tuple[int, float, float]]:
        db, log = Database(url), []
        await asyncio.to_thread(ready.wait, 60)
        await asyncio.gather(
            *(_sender(db, protocol, random.Random(seed * 100 + n), stop, begun, log) for n in range(senders))
        )
        await db.close()
        return log

    calls.put(asyncio.run(work()))


async def _sender(
    db: Database,
    protocol: Protocol,
    chance: random.Random,
    stop: "multiprocessing.synchronize.Event",
    begun: "multiprocessing.sharedctypes.Synchronized[int]",
    log: list[tuple[int, float, float]],
) -> None:
    """Claim one, start it, call, settle: the product's own statements, one delivery at a time."""
    holder = Holder.this_process()
    while not stop.is_set():
        lease = uuid4()
        async with db.transaction() as session:
            claimed = await claims.claim(session, Mode.ACTUAL, Lane.UNIT, lease, most=1, hold_seconds=HOLD_SECONDS)
        if not claimed:
            await asyncio.sleep(0.001)
            continue
        try:
            async with db.transaction() as session:
                if protocol.isolation != "READ COMMITTED":
                    await session.connection(execution_options={"isolation_level": protocol.isolation})
                started = await protocol.start(session, lease, [claimed[0].id], holder)
                if chance.random() < SLOW_SHARE:
                    await asyncio.sleep(chance.uniform(*SLOW_COMMIT))
        except OperationalError:  # repeatable read cannot serialise; a sender would try again, and so does this one
            continue
        for delivery, number in started.items():
            with begun.get_lock():
                begun.value += 1
            began = time.monotonic()
            await asyncio.sleep(chance.uniform(*(LONG_CALL if chance.random() < protocol.long_share else CALL)))
            log.append((delivery, began, time.monotonic()))
            result = Result(delivery, number, "facebook", DeliveryState.ACCEPTED, reference=f"post-{delivery}-{number}")
            async with db.transaction() as session:
                await settling.settle(session, Lane.UNIT, lease, [result], holder=holder)


def _judge(windows: list[_Window], latencies: list[float], calls: list[tuple[int, float, float]]) -> Outcome:
    outcome = Outcome(rounds=len(windows), calls=len(calls), latencies=latencies)
    for window in windows:
        for delivery, began, ended in calls:
            if window.confirmed < began < window.reopened:
                outcome.started_after += 1
            elif began <= window.confirmed < ended and delivery not in window.listed:
                outcome.unlisted += 1
    return outcome
