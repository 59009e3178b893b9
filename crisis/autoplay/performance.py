"""A performance: a drill from its start to its end without anybody, as fast as its clock may go.

While the machine acts, and while what it did is on its way, drill time goes like the clock on the wall: what is measured is what the
service took. In between it goes at the speed asked for, or straight to what comes next.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from crisis.autoplay.player import Player
from crisis.bootstrap import Crisis
from crisis.conductor import conductor_of
from crisis.drills import service as drills
from crisis.drills.picture import ExpectationPicture, Picture
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.errors import Conflict, CrisisError, Unready
from crisis.playbooks.models import Playbook
from crisis.roles import Actor

LOOK_SECONDS: Final = 0.1
"""Between two looks."""
AHEAD_SECONDS: Final = 1.0
"""How long before something comes it slows down: longer than a look takes."""
STUCK_SECONDS: Final = 150.0
"""How long it waits for something to come of what it did: longer than an account rests after the provider asked for fewer calls."""
REAL_TIME: Final = 1.0


@dataclass
class Performance:
    """What came of it. ``problems`` are acts that could not be done, by the expectation's id."""

    picture: Picture
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def not_met(self) -> list[ExpectationPicture]:
        """The expectations that were not met in time."""
        return [each for each in self.picture.expectations if each.state is not ExpectationState.MET]

    @property
    def is_whole(self) -> bool:
        """It came to its end, and everything that was expected was met."""
        return self.picture.drill.state is DrillState.ENDED and not self.not_met and not self.problems


async def perform(
    crisis: Crisis,
    leader: Actor,
    playbook: Playbook,
    *,
    sha256: str,
    speed: float,
    show: Callable[[Picture], None] = lambda _: None,
) -> Performance:
    """Play a playbook to its end. ``speed`` is drill time in a second while nothing is done; 0 goes straight to what comes next.

    ``show`` is called with every look. It conducts the drill itself; a conductor of its own process may run beside. Raises as
    :func:`crisis.drills.service.start`, and :class:`Unready` when nothing comes of what was done: no worker of exercises runs.
    """
    drill = await drills.start(crisis.db, leader, playbook, sha256=sha256, speed=REAL_TIME, autoplay=True)
    stage = _Stage(crisis, leader, drill.id, speed)
    try:
        return await stage.play(show)
    except BaseException:
        with suppress(CrisisError):  # over already
            await drills.stop(crisis.db, leader, drill.id, "Autoplay was broken off.")
        raise


class _Stage:
    """One drill being played."""

    def __init__(self, crisis: Crisis, leader: Actor, drill_id: int, speed: float) -> None:
        self._crisis, self._leader, self._drill_id, self._speed = crisis, leader, drill_id, speed
        self._conductor = conductor_of(crisis)
        self._player = Player(crisis, leader, drill_id)
        self._done: set[str] = set()
        self._problems: dict[str, str] = {}

    async def play(self, show: Callable[[Picture], None]) -> Performance:
        loop = asyncio.get_running_loop()
        heard, known = loop.time(), ""
        while True:
            await self._conductor.tick()
            picture = await self._look()
            show(picture)
            if picture.drill.state.is_over:
                return Performance(picture, self._problems)
            running = [each for each in picture.expectations if each.state is ExpectationState.RUNNING]
            states = [(each.key, each.state.value) for each in picture.expectations]
            standing = repr(states + [(each.key, each.state.value) for each in picture.injects])
            if standing != known:
                heard, known = loop.time(), standing
            todo = [each for each in running if each.key not in self._done]
            if todo:
                await self._pace(picture, REAL_TIME)
                await self._act(picture, todo[0])
                continue
            if any(each.key not in self._problems for each in running):
                await self._pace(picture, REAL_TIME)
                if loop.time() - heard > STUCK_SECONDS:
                    raise self._stuck(running)
            elif _is_settled(picture):
                await self._wait(picture)
            await asyncio.sleep(LOOK_SECONDS)

    async def _act(self, picture: Picture, asked: ExpectationPicture) -> None:
        self._done.add(asked.key)
        try:
            await self._player.do(picture, asked)
        except CrisisError as problem:
            self._problems[asked.key] = str(problem)

    async def _wait(self, picture: Picture) -> None:
        """Let time go by until something comes, and be there when it does: the last stretch is a step to that very moment."""
        to = picture.next.row.due_elapsed if picture.next is not None else None
        if to is None:
            to = picture.duration.total_seconds()
        if self._speed > 0 and to - picture.elapsed > self._speed * AHEAD_SECONDS:
            await self._pace(picture, self._speed)
            return
        await self._pace(picture, REAL_TIME)
        if to > picture.elapsed:
            with suppress(Conflict):  # over meanwhile
                await drills.put_forward(self._crisis.db, self._leader, self._drill_id, to)

    async def _pace(self, picture: Picture, speed: float) -> None:
        if picture.clock.speed != speed:
            with suppress(Conflict):  # over meanwhile
                await drills.set_speed(self._crisis.db, self._leader, self._drill_id, speed)

    async def _look(self) -> Picture:
        async with self._crisis.db.transaction() as session:
            return await drills.picture(session, self._drill_id)

    def _stuck(self, running: list[ExpectationPicture]) -> Unready:
        waiting = ", ".join(f"{each.key} ({each.expectation.action})" for each in running)
        return Unready(
            f"Nothing has come of what was done for {STUCK_SECONDS:.0f} s. Still expected: {waiting}. The drill was stopped. "
            "See that a worker of exercises runs (`crisis up`, or `crisis worker --mode exercise`), and that the sandbox does: "
            "`crisis doctor`."
        )


def _is_settled(picture: Picture) -> bool:
    """Whether everything that follows from what has happened is asked for. Another conductor may be in the middle of that."""
    fired = {each.key for each in picture.injects if each.state is InjectState.FIRED}
    done = {each.key for each in picture.expectations if each.state.is_done}
    overdue = [
        each
        for each in picture.injects
        if each.state is InjectState.WAITING
        and each.row.due_elapsed is not None
        and each.row.due_elapsed <= picture.elapsed
    ]
    waiting = [each for each in picture.expectations if each.state is ExpectationState.WAITING]
    asked = [
        each
        for each in waiting
        if each.expectation.after in done
        or (each.expectation.after is None and fired & {inject.id for inject in each.injects})
    ]
    return not overdue and not asked
