"""The race: unit senders in several processes against activation, round after round, judged by their own clocks.

Every sender logs when a call to the provider began and ended (CLOCK_MONOTONIC, the same for all processes of a host). The
activator logs when the activation was confirmed, and what it listed as unresolved. A violation is a call that began between a
confirmation and the next stand-down, or one that was under way at the confirmation and not listed. A pointer is no unit's post:
it may start behind the lock, and is held against the text that was approved.
"""

import asyncio
import multiprocessing
import random
import time
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy import text

from crisis.activations import drain, service
from crisis.db import Database
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests.race import ways
from tests.race.doors import POINTER, Doors
from tests.race.protocols import PRODUCT, Protocol
from tests.race.senders import IDLE_PAUSE, SLOW_SHARE, Call, Race, sender_process
from tests.race.ways import Tally, Way

DIRECTOR = Actor("Kommunedirektøren", Role.DIRECTOR)
WARM_UP = (2, 12)  # calls that begin before each activation: a loaded machine only makes a race longer
WARM_UP_MOST = 2.0  # seconds
LISTEN = 0.004  # how long a round waits for stray calls after the confirmation
DOORS_AHEAD = (0.0, 2.0)  # seconds from the first knock to the activation, in a round with doors
PROCESSES = 3

_POINTERS = text(
    "SELECT DISTINCT r.text FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE d.lane = 'public'"
)


@dataclass
class Outcome:
    """What a race showed. ``latencies`` are seconds from the activation's call to its confirmation, per round."""

    rounds: int = 0
    calls: int = 0
    started_after: int = 0
    unlisted: int = 0
    other_texts: int = 0
    """Posts that went out as a pointer and had other words than the approved ones."""
    latencies: list[float] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    doors: int = 0
    """Rounds in which there were doors."""
    answers: Sequence[str] = ()

    @property
    def violations(self) -> int:
        return self.started_after + self.unlisted + self.other_texts

    def p(self, share: float) -> float:
        """A percentile of the latencies, in seconds."""
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def race(
    url: str,
    protocol: Protocol = PRODUCT,
    *,
    rounds: int,
    senders: int = 8,
    doors: int = 0,
    stalls: float = SLOW_SHARE,
    idle: float = IDLE_PAUSE,
    seed: int = 1,
) -> Outcome:
    """Race ``senders`` in three processes against ``rounds`` activations on the database at ``url``, which must be migrated.

    In ``doors`` of the rounds there are posts through the API, the desk and the command line, and a pointer.
    """
    pace = _Pace(stalls, idle)
    return asyncio.run(_race(url, protocol, rounds=rounds, senders=senders, doors=doors, pace=pace, seed=seed))


@dataclass(frozen=True)
class _Pace:
    """Of the senders: the share of transactions that stand still, and seconds between two looks of one that found nothing."""

    stalls: float
    idle: float


@dataclass(frozen=True)
class _Window:
    confirmed: float
    reopened: float
    listed: frozenset[int]


async def _race(
    url: str, protocol: Protocol, *, rounds: int, senders: int, doors: int, pace: _Pace, seed: int
) -> Outcome:
    context, db = multiprocessing.get_context("spawn"), Database(url)
    outcome = Outcome(rounds=rounds, doors=doors)
    async with AsyncExitStack() as held:
        held.push_async_callback(db.close)
        async with db.transaction() as session:
            stock = await ways.accounts(session)
            await ways.fill(session, stock)
        opened = await held.enter_async_context(Doors(url, seed=seed)) if doors else None
        stop, ready = context.Event(), context.Barrier(PROCESSES + 1)
        shared = Race(
            *(url, protocol, stock, opened.account if opened else None, pace.stalls, pace.idle),
            *(stop, ready, context.Value("q", 0), context.Queue()),
        )
        shares = [senders // PROCESSES + (n < senders % PROCESSES) for n in range(PROCESSES)]
        workers = [
            context.Process(target=sender_process, args=(shared, share, seed + n)) for n, share in enumerate(shares)
        ]
        for worker in workers:
            worker.start()
        try:
            await asyncio.to_thread(ready.wait, 120)
            windows = await _activate_again_and_again(db, shared, outcome, opened, seed)
        finally:
            stop.set()
        logged = [call for _ in workers for call in await asyncio.to_thread(shared.calls.get, timeout=60)]
        for worker in workers:
            await asyncio.to_thread(worker.join, 30)
        async with db.transaction() as session:
            of = await ways.of_attempts(session)
            outcome.other_texts = sum(said != POINTER for said in await session.scalars(_POINTERS))
        outcome.answers = [f"{said} {count}" for said, count in sorted(opened.answers.items())] if opened else []
    _judge(outcome, windows, logged, of)
    return outcome


async def _activate_again_and_again(
    db: Database, shared: Race, outcome: Outcome, doors: Doors | None, seed: int
) -> list[_Window]:
    chance, windows = random.Random(seed), list[_Window]()
    every = outcome.rounds // outcome.doors if outcome.doors else 0
    for number in range(outcome.rounds):
        knocks = None
        if doors is not None and number % every == 0 and number // every < outcome.doors:
            knocks = asyncio.create_task(doors.post(number))
            await asyncio.sleep(chance.uniform(*DOORS_AHEAD))
        wanted, deadline = shared.begun.value + chance.randint(*WARM_UP), time.monotonic() + WARM_UP_MOST
        while shared.begun.value < wanted and time.monotonic() < deadline:
            await asyncio.sleep(0.0005)
        asked = time.monotonic()
        activated = await service.activate(db, DIRECTOR, Mode.ACTUAL, "race")
        await shared.protocol.confirm(db, activated.activation.id)
        confirmed = time.monotonic()
        outcome.latencies.append(confirmed - asked)
        async with db.transaction() as session:
            listed = frozenset(post.delivery_id for post in await drain.unresolved(session, Mode.ACTUAL))
            outcome.tally.unresolved += await ways.standing(session, "unknown", "unknown_final")
            await ways.fill(session, shared.stock)
        if doors is not None and knocks is not None:
            await doors.point()
            await knocks
        await asyncio.sleep(LISTEN)
        reopened = time.monotonic()
        await service.stand_down(db, DIRECTOR, activated.activation.id)
        windows.append(_Window(confirmed, reopened, listed))
        async with db.transaction() as session:  # stand-down blocks what is due; the race wants it to run again
            outcome.tally.blocked += await ways.standing(session, "blocked")
            await ways.run_again(session, shared.stock)
    return windows


def _judge(outcome: Outcome, windows: list[_Window], calls: list[Call], of: dict[tuple[int, int], str]) -> None:
    outcome.calls = len(calls)
    ordered = sorted(calls, key=lambda call: call[2])
    for delivery, number, _, _ in ordered:
        outcome.tally.started[of.get((delivery, number), "?")] += 1
    unit = [call for call in ordered if of.get(call[:2]) != Way.POINTER]
    began_at = [began for _, _, began, _ in unit]
    longest = max((ended - began for _, _, began, ended in unit), default=0.0)
    for window in windows:
        near = slice(bisect_left(began_at, window.confirmed - longest), bisect_left(began_at, window.reopened))
        for delivery, _, began, ended in unit[near]:
            if window.confirmed < began:
                outcome.started_after += 1
            elif window.confirmed < ended and delivery not in window.listed:
                outcome.unlisted += 1
