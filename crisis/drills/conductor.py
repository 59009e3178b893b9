"""The conductor: makes a drill go. Any number of them may run; one at a time does something, and a killed one is missed by nobody.

Everything it knows lies in the database, and every step is one transaction: an inject is fired with all that it does there, or not
at all. A conductor that starts again goes on where the drill's clock is. What fell due while none ran comes at once, in its order.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.db import Database
from crisis.drills import ending, expectations, injects, reading
from crisis.drills.clock import Clock
from crisis.drills.look import Look
from crisis.drills.models import Drill
from crisis.drills.reading import Held
from crisis.drills.states import DrillState, EndReason
from crisis.mode import Mode
from crisis.posts.service import Posts

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.25
"""How often it looks while a drill is under way."""
IDLE_SECONDS: Final = 1.0
"""How often it looks whether there is one."""
WORLD_SECONDS: Final = 0.5
"""How long a look waits for the stand-ins."""
SIGN_SECONDS: Final = 5.0
"""How often it leaves a sign that it is there."""

_ACTUAL = text(
    """
    SELECT id FROM activations
    WHERE mode = 'actual' AND (state <> 'stood_down' OR activated_at >= :started) ORDER BY id DESC LIMIT 1
    """
)


class World(Protocol):
    """Everything outside the database that a drill does something to: the stand-ins for the providers."""

    async def converge(self, drill: Drill | None, clock: Clock | None) -> None:
        """Make the world what it is to be now; without a drill, as if there never had been one. Doing so twice is harmless."""
        ...


class Domain(Protocol):
    """What it acts through."""

    @property
    def db(self) -> Database:
        """The database."""
        ...

    @property
    def posts(self) -> Posts:
        """What makes units' posts, on the same database."""
        ...


@dataclass(frozen=True, slots=True)
class Tick:
    """What a look came to."""

    next_look: float
    """Seconds."""
    steps: int = 0
    """How much was done."""


class Conductor:
    """One of them. ``world`` is left out where nothing outside the database is to be touched."""

    def __init__(self, crisis: Domain, world: World | None = None) -> None:
        self._db, self._posts, self._world = crisis.db, crisis.posts, world
        self._following: asyncio.Task[None] | None = None
        self._is_clear = False

    async def run(self, stopped: asyncio.Event, looked: Callable[[], None] | None = None) -> None:
        """Look again and again until ``stopped``. Trouble is put in the log, and the next look tries again.

        ``looked`` is called after every look that could be done.
        """
        while not stopped.is_set():
            pause = IDLE_SECONDS
            try:
                pause = (await self.tick()).next_look
                if looked is not None:
                    looked()
            except Exception:  # whatever it was, the drill's clock goes on, and so do we
                log.exception("The conductor could not do its work; it tries again.")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), pause)
        if self._following is not None:
            self._following.cancel()

    async def tick(self) -> Tick:
        """Do everything that is to be done now."""
        steps, drill, clock = 0, None, None
        while True:
            async with self._db.together() as session:
                held = await reading.claim(session)
                if held is None:
                    is_elsewhere = await reading.current(session) is not None
                    break
                drill, clock, is_elsewhere = held.drill, held.clock, False
                did = await self._step(session, held)
            if not did:
                break
            steps += 1
        if is_elsewhere:
            self._is_clear = False  # should whoever has it be killed at its end, we clear up
        else:
            await self._follow(drill if drill and not drill.state.is_over else None, clock)
        is_under_way = is_elsewhere or (drill is not None and not drill.state.is_over)
        return Tick(LOOK_SECONDS if is_under_way else IDLE_SECONDS, steps)

    async def _step(self, session: AsyncSession, held: Held) -> bool:
        """Do the first thing that is to be done; whether there was any."""
        drill = held.drill
        if drill.conducted_at is None or held.now - drill.conducted_at > timedelta(seconds=SIGN_SECONDS):
            drill.conducted_at = held.now
        look = await Look.at(session, held)
        for act in (
            _interrupt,
            _take_over,
            expectations.advance,
            _end_by_time,
            injects.follow,
            self._fire,
            _end_when_done,
        ):
            if await act(look):
                return True
        return False

    async def _fire(self, look: Look) -> bool:
        return await injects.fire_next(look, self._posts)

    async def _follow(self, drill: Drill | None, clock: Clock | None) -> None:
        """Let the world follow, and wait for it a moment and no longer: stand-ins that hang hold no inject up.

        Without a drill once is enough, unless it could not be done.
        """
        if self._world is None or (drill is None and self._is_clear):
            return
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._converge(self._world, drill, clock))
        await asyncio.wait({self._following}, timeout=WORLD_SECONDS)

    async def _converge(self, world: World, drill: Drill | None, clock: Clock | None) -> None:
        self._is_clear = False
        try:
            await world.converge(drill, None if drill is None else clock)
        except Exception as problem:  # noqa: BLE001 - the stand-ins may be away; the drill goes on, and the next look tries again
            log.warning("The stand-ins for the providers could not be set as the drill says: %s", problem)
        else:
            self._is_clear = drill is None


async def _interrupt(look: Look) -> bool:
    """A real crisis ends it, and takes nothing over. One that is over again already, too: its people have other things to do."""
    actual = await look.session.execute(_ACTUAL, {"started": look.drill.started_at})
    if actual.scalar_one_or_none() is None:
        return False
    await ending.end(look.session, look.held, DrillState.INTERRUPTED, None, EndReason.ACTUAL.value)
    return True


async def _take_over(look: Look) -> bool:
    """The exercise that players began since the drill started is the drill's."""
    if look.drill.activation_id is not None:
        return False
    found = await activations.find_latest(look.session, Mode.EXERCISE)
    if found is None or found.activated_at < look.drill.started_at:
        return False
    look.drill.activation_id = found.id
    await look.record("take_over", activation=found.id)
    return True


async def _end_by_time(look: Look) -> bool:
    if look.elapsed < look.playbook.exercise.duration.total_seconds():
        return False
    held = ending.at_the_end_of(look.held)
    await ending.end(look.session, held, DrillState.ENDED, None, EndReason.TIME.value)
    return True


async def _end_when_done(look: Look) -> bool:
    """Everything is decided, nothing is to come, and the crisis staff is stood down."""
    if not (expectations.is_all_decided(look) and injects.is_all_decided(look)):
        return False
    number = look.drill.activation_id
    if number is not None and (await activations.get(look.session, number)).stood_down_at is None:
        return False
    await ending.end(look.session, look.held, DrillState.ENDED, None, EndReason.DONE.value)
    return True
