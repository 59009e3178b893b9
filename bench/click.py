"""The click: from an editor's approval to the providers' acceptance, through the database, the broker and a real worker."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import aiohttp
from sqlalchemy import text

from bench.figure import Figure
from bench.ground import Ground, named
from bench.rounds import Round, percentile, take
from crisis.bootstrap import Crisis, crisis_of
from crisis.deliveries.states import DeliveryState
from crisis.embedded import commands, environment
from crisis.embedded.readiness import works
from crisis.embedded.supervisor import Child, Supervisor
from crisis.embedded.up import CONCURRENCY
from crisis.embedded.valkey import Valkey
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer

MUST, GOAL = 0.25, 0.1
"""Seconds."""
APPROVALS, WARM_UP = 15, 8
"""Per round; and before the first."""
ADDRESSES = {"website": "https://krise.fjordvik.kommune.no", "facebook": "100", "twitter": "200"}
CHANNELS = tuple(ADDRESSES)
LOOK, PATIENCE = 0.05, 30.0

_STATES = text(
    "SELECT d.state FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE r.revision_id = :revision"
)


def acceptance(ground: Ground, rounds: int) -> Figure:
    """S9: p95 of the slowest channel. The providers' stand-in takes next to no time, so nearly all of it is ours."""
    waits: dict[str, list[float]] = {channel: [] for channel in CHANNELS}
    with _service(ground) as desk:

        def measure() -> Round:
            found, posts = asyncio.run(desk.approve(APPROVALS)), asyncio.run(desk.post(APPROVALS * 2))
            for channel, seconds in found.items():
                waits[channel] += seconds
            return Round(max(percentile(seconds, 0.95) for seconds in found.values()), [percentile(posts, 0.5)])

        taken = take(measure, rounds)
    channels = ", ".join(f"{channel} p50 {percentile(seconds, 0.5) * 1000:.0f}" for channel, seconds in waits.items())
    detail = f"{channels}; a bare post to the stand-in {taken.reference * 1000:.1f}; {taken} of {APPROVALS} approvals"
    return Figure(
        *("S9", taken.value * 1000, "ms to acceptance, p95", MUST * 1000, detail),
        at_least=False,
        goal=GOAL * 1000,
        measured=f"{taken.value * 1000:.0f} ms",
        beside=f"{taken.reference * 1000:.1f} ms, a bare post",
        digits=0,
        disturbed=taken.disturbed,
    )


class EditorsDesk:
    """Where somebody approves, watched from the moment of the click to the stand-in's and the page's own times."""

    def __init__(self, settings: Settings, sandbox: SandboxServer) -> None:
        self._settings, self._sandbox, self._count = settings, sandbox, 0

    async def set_up(self) -> None:
        """Accounts, an activation, and the first approvals, which the worker's children need to wake up."""
        crisis = crisis_of(self._settings)
        for channel in CHANNELS:
            await factories.account(crisis, channel, address=ADDRESSES[channel])
        self._activation = (await factories.activation(crisis.db)).id
        await crisis.db.close()
        await self.approve(WARM_UP)

    async def approve(self, times: int) -> dict[str, list[float]]:
        """Approve so many alerts, one after the other; seconds from each click to each channel's acceptance."""
        crisis = crisis_of(self._settings)
        waits: dict[str, list[float]] = {channel: [] for channel in CHANNELS}
        for _ in range(times):
            for channel, seconds in (await self._one(crisis)).items():
                waits[channel].append(seconds)
        await crisis.db.close()
        return waits

    async def post(self, times: int) -> list[float]:
        """Seconds of so many bare posts to the stand-in for Facebook: the share of a wait that is not ours."""
        found = []
        async with aiohttp.ClientSession() as session:
            for _ in range(times):
                self._count += 1
                form = {"message": f"bare {self._count}", "access_token": factories.CREDENTIALS["page_token"]}
                began = time.monotonic()
                async with session.post(f"{self._sandbox.url}/graph/900/feed", data=form) as response:
                    response.raise_for_status()
                    await response.read()
                found.append(time.monotonic() - began)
        return found

    async def _one(self, crisis: Crisis) -> dict[str, float]:
        self._count += 1
        content = factories.SLIDE["nb"] | {
            "headline": f"Skred nummer {self._count} ved Moen"
        }  # X refuses the same twice
        revision = await factories.alert(crisis, self._activation, contents={"nb": content})
        seen = len(await asyncio.to_thread(self._sandbox.records))
        clicked, clicked_wall = time.monotonic(), time.time()
        await crisis.desk.approve(factories.EDITOR, revision.id)
        await self._settled(crisis, revision.id)
        records = (await asyncio.to_thread(self._sandbox.records))[seen:]
        accepted = {record["provider"]: record["accepted_mono"] - clicked for record in records}
        page = (self._settings.crisis_page_dir / "index.html").stat().st_mtime - clicked_wall
        return {"website": page, "facebook": accepted["graph"], "twitter": accepted["x"]}

    async def _settled(self, crisis: Crisis, revision: int) -> None:
        give_up = time.monotonic() + PATIENCE
        while True:
            await asyncio.sleep(LOOK)
            async with crisis.db.transaction() as session:
                states = (await session.execute(_STATES, {"revision": revision})).scalars().all()
            if len(states) == len(CHANNELS) and set(states) == {DeliveryState.ACCEPTED}:
                return
            if time.monotonic() > give_up:
                raise RuntimeError(
                    f"After {PATIENCE:.0f} s an approved alert stands at {states}. See the worker's log."
                )


@contextmanager
def _service(ground: Ground) -> Iterator[EditorsDesk]:
    """The stand-in, a broker, a worker of one mode with its pool, and the clock that rings for the sweeps."""
    with ExitStack() as stack:
        sandbox = stack.enter_context(SandboxServer())
        valkey = stack.enter_context(Valkey(ground.folder))
        settings = ground.settings(
            redis_url=valkey.start(),
            graph_url=f"{sandbox.url}/graph",
            x_url=f"{sandbox.url}/x",
            public_dir=ground.folder / "public",
        )
        supervisor = Supervisor(ground.folder / "log", "bench", lambda line: print(line, file=sys.stderr))
        stack.callback(supervisor.stop)
        env = environment.for_actual(os.environ, settings) | named(settings)
        supervisor.start(Child("worker", commands.worker(Mode.ACTUAL, CONCURRENCY[Mode.ACTUAL]), env))
        supervisor.start(Child("beat", commands.beat(ground.folder), env))
        supervisor.wait_until("worker", lambda: works(settings, Mode.ACTUAL))
        desk = EditorsDesk(settings, sandbox)
        asyncio.run(desk.set_up())
        yield desk
