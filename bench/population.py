"""``python -m bench.population``: a whole region gets an alert from a provider on its worst day. Exits 1 if anything is not so.

Everything is the product's: the audience is imported, the activation made and the alert approved through the desk, a Celery
worker with its pool sends, beat rings for the sweeps, the API stores the callbacks. Only the provider is ours (``bench/unruly.py``):
a share of all calls fails in every way there is, and it calls back in no order, twice, and late.

It ends when every delivery has ended and every callback is stored, and then holds what we say against what the provider knows.
Figures of speed in it are by the way: sender, API, database, provider and broker share this machine.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import psycopg

from bench.callbacks import Storm
from bench.ground import Ground, ground, named
from bench.people import MOST, people
from bench.unruly import Standing, Temper, Unruly, unruly
from bench.verdict import Claim, Repeats, claims
from bench.weight import Weight, Weights
from crisis.bootstrap import crisis_of
from crisis.deliveries.states import DeliveryState
from crisis.embedded import commands, environment
from crisis.embedded.port import free_port
from crisis.embedded.readiness import listens, works
from crisis.embedded.supervisor import Child, Supervisor
from crisis.embedded.valkey import Valkey
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories

PEOPLE, SENDERS = 700_000, 2
OTHERS = 2
"""Children of the worker beside the senders: for the sweep and the other lanes."""
LOOK, PATIENCE = 2.0, 120.0
"""Seconds between two looks; without any change for so long, it will not end by itself."""
MILESTONES = (0.1, 0.5, 1.0)
USUAL = Temper()
SENDER, TOKEN = "Fjordvik", "token-of-the-population"
MOVING = ("ready", "leased", "in_flight", "retry_wait", "unknown")
UNHEARD = ("accepted", "sent")
"""The provider has it, and has told how it ended, but not all of that is stored yet."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it."""

    people: int
    seconds: float
    """From the approval to the last delivery's end and the last callback."""
    sent_seconds: float
    """To where nothing was left to be sent or looked into."""
    states: dict[str, int]
    provider: Standing
    repeated: int
    """Deliveries that we flagged as repeated."""
    openings: int
    """How often the SMS account was left alone for not answering, since it was last well for a minute. Each costs up to a minute."""
    weights: Weights
    claims: Sequence[Claim]


def main() -> int:
    """Run it, and judge."""
    given = _arguments()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    temper = Temper(faults=given.faults, rejected=given.rejected, seed=given.seed)
    say = partial(print, file=sys.stderr if given.json else sys.stdout, flush=True)
    with ground() as place, _service(place, given, temper, say) as (settings, provider, weight):
        found = _play(settings, provider, weight, given, say)
    if given.json:
        print(json.dumps(asdict(found), indent=1))
    else:
        print("\n".join(_table(found)))
    return 0 if all(claim.holds for claim in found.claims) else 1


@contextmanager
def _service(
    place: Ground, given: argparse.Namespace, temper: Temper, say: "partial[None]"
) -> Iterator[tuple[Settings, Unruly, Weight]]:
    """Provider, broker, worker, beat and API, all up."""
    port = free_port()
    with ExitStack() as stack:
        provider, _ = stack.enter_context(unruly(given.people, temper, Storm(port, TOKEN)))
        valkey = stack.enter_context(Valkey(place.folder))
        settings = place.settings(
            redis_url=valkey.start(),
            twilio_url=provider.url,
            twilio_auth_token=TOKEN,
            public_url=f"http://127.0.0.1:{port}",
            public_dir=place.folder / "public",
            senders_per_host=given.senders,
            sms_concurrency=given.concurrency,
            sms_settle_seconds=given.settle,
            call_seconds=given.call,
            log_level="ERROR",
        )
        supervisor = Supervisor(place.folder / "log", "bench", say)
        stack.callback(supervisor.stop)
        env = environment.for_actual(os.environ, settings) | named(settings)
        supervisor.start(Child("worker", commands.worker(Mode.ACTUAL, given.senders + OTHERS, level="ERROR"), env))
        supervisor.start(Child("beat", commands.beat(place.folder), env))
        supervisor.start(Child("api", commands.api("127.0.0.1", port), env))
        supervisor.wait_until("worker", lambda: works(settings, Mode.ACTUAL))
        supervisor.wait_until("api", lambda: listens(port))
        pids = supervisor.pids()
        yield settings, provider, Weight({"senders": pids["worker"], "api": pids["api"]})


def _play(
    settings: Settings, provider: Unruly, weight: Weight, given: argparse.Namespace, say: "partial[None]"
) -> Found:
    say(f"importing {given.people:,} people, and approving")
    asyncio.run(_approve(settings, given.people))
    began, sent_at = time.monotonic(), 0.0
    marks = list(MILESTONES)
    moved, last = began, None
    while True:
        time.sleep(LOOK)
        weight.look()
        now, states, standing = time.monotonic(), _states(settings), provider.standing()
        waits = standing.storm["waiting"] + standing.storm["late"]
        if not sent_at and not any(states.get(state) for state in MOVING):
            sent_at = now
            provider.release()
        share = standing.recipients / max(1, given.people - standing.rejected)
        while marks and (share >= marks[0] if marks[0] < 1 else sent_at):
            say(f"{marks[0]:4.0%} after {now - began:5.0f} s: {weight.mark(marks.pop(0))}")
        if sent_at and not waits and not any(states.get(state) for state in (*MOVING, *UNHEARD)):
            break
        if (states, standing) != last:
            moved, last = now, (states, standing)
        elif now - moved > PATIENCE:
            say(f"nothing has moved for {PATIENCE:.0f} s, and it is not at its end: {states}, {waits} callbacks wait")
            break
        if given.watch:
            say(f"  {now - began:5.0f} s  {states}  {waits} callbacks wait")
    flagged, repeats = _repeats(settings, provider)
    weights = weight.found()
    return Found(
        people=given.people,
        seconds=now - began,
        sent_seconds=(sent_at or now) - began,
        states=states,
        provider=standing,
        repeated=flagged,
        openings=int(_rows(settings, "SELECT coalesce(max(openings), 0) FROM flows")[0][0]),
        weights=weights,
        claims=claims(given.people, states, standing, repeats, weights),
    )


async def _approve(settings: Settings, count: int) -> None:
    crisis = crisis_of(settings)
    await factories.account(crisis, "sms", address=SENDER)
    audience = await people(crisis, count)
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id, audience_id=audience)
    await crisis.db.close()


def _states(settings: Settings) -> dict[str, int]:
    rows = _rows(settings, "SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state")
    return {str(DeliveryState(state)): count for state, count in rows}


def _repeats(settings: Settings, provider: Unruly) -> tuple[int, Repeats]:
    """How many deliveries we flagged as repeated, beside what the provider took more than once."""
    flagged = {delivery for (delivery,) in _rows(settings, "SELECT id FROM deliveries WHERE repeated")}
    took = provider.repeats()
    return len(flagged), Repeats(len(took), len(took.keys() - flagged), sum(times > 2 for times in took.values()))


def _rows(settings: Settings, question: str) -> list[tuple[Any, ...]]:
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.get_secret_value()) as connection:
        return connection.execute(question).fetchall()


def _table(found: Found) -> Iterator[str]:
    provider, storm = found.provider, found.provider.storm
    yield ""
    yield f"{found.people:,} recipients; everything sent and looked into after {found.sent_seconds:,.0f} s, at rest after {found.seconds:,.0f} s"
    yield "states     " + ", ".join(f"{state} {count:,}" for state, count in found.states.items())
    yield (
        f"provider   {provider.creates:,} creations asked, {provider.accepted:,} taken, of {provider.recipients:,} recipients; "
        f"{provider.rejected:,} recipients refused; {provider.reads:,} reads"
    )
    yield "faults     " + ", ".join(f"{name} {count:,}" for name, count in sorted(provider.faults.items()))
    yield "callbacks  " + ", ".join(f"{name} {count:,}" for name, count in sorted(storm.items()))
    yield f"flagged    {found.repeated:,} deliveries as repeated; the breaker opened {found.openings:,} times"
    yield ""
    for claim in found.claims:
        yield f"{'ok   ' if claim.holds else 'WRONG'} {claim.said}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.population", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=_count, default=PEOPLE, help=f"recipients; {PEOPLE:,} unless told")
    parser.add_argument("--senders", type=_count, default=SENDERS, help=f"sender processes; {SENDERS} unless told")
    parser.add_argument("--concurrency", type=_count, default=100, help="requests in flight per sender (default 100)")
    parser.add_argument("--faults", type=_share, default=USUAL.faults, help="share of calls that fail (default 0.02)")
    parser.add_argument("--rejected", type=_share, default=USUAL.rejected, help="share of recipients (default 0.001)")
    parser.add_argument("--settle", type=float, default=5.0, help="seconds before an unknown outcome is looked into")
    parser.add_argument("--call", type=float, default=2.0, help="hard limit of one call, in seconds")
    parser.add_argument("--seed", type=int, default=1, help="of the provider's chance")
    parser.add_argument("--watch", action="store_true", help="print the states as they change")
    parser.add_argument("--json", action="store_true", help="one JSON document at the end")
    return parser.parse_args()


def _count(given: str) -> int:
    if not given.isdecimal() or not 1 <= int(given) <= MOST:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MOST:,}")
    return int(given)


def _share(given: str) -> float:
    try:
        share = float(given)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError("a number from 0 to 1, like 0.02")
    return share


if __name__ == "__main__":
    sys.exit(main())
