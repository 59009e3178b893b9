"""Strip: under the bar on every page of an exercise: that it is real now, the drill under way, whom one plays, and what waits in the inbox."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import service as activations
from crisis.bootstrap import Crisis
from crisis.drills import inboxes, service
from crisis.drills.snapshot import playbook_of
from crisis.drills.states import DrillState
from crisis.mode import Mode
from crisis.playbooks.texts import LText
from crisis.roles import Act, Actor, can
from crisis.tongue.texts import SOURCE


@dataclass(frozen=True, slots=True)
class Strip:
    """What it says to one person. Values alone."""

    drill_id: int | None
    title: LText | None
    primary: str
    state: DrillState | None
    is_leader: bool
    playing: LText | None
    """Whom they play."""
    parts: int
    """How many parts they have."""
    unseen: int
    actual: str | None
    """The title of the crisis that is real, and when it began."""
    actual_since: datetime | None
    is_interrupted: bool
    """A drill was broken off by it."""

    @property
    def version(self) -> str:
        """The same for what looks the same: so that nothing is told aloud twice."""
        return sha256(repr(self).encode()).hexdigest()[:16]

    @classmethod
    async def of(cls, session: AsyncSession, person: Actor) -> Self:
        """As it stands now for this person."""
        drill = await service.latest(session)
        under_way = drill if drill is not None and not drill.state.is_over else None
        actual = await activations.find_current(session, Mode.ACTUAL)
        waiting = await inboxes.waiting(session, under_way, person.name) if under_way is not None else None
        playbook = playbook_of(under_way) if under_way is not None else None
        return cls(
            drill_id=under_way.id if under_way is not None else None,
            title=playbook.title if playbook else None,
            primary=playbook.languages.primary if playbook else SOURCE,
            state=under_way.state if under_way is not None else None,
            is_leader=can(person, Act.RUN_DRILL),
            playing=waiting.playing.title if waiting and waiting.playing else None,
            parts=waiting.parts if waiting else 0,
            unseen=waiting.unseen if waiting else 0,
            actual=actual.title if actual is not None else None,
            actual_since=actual.activated_at if actual is not None else None,
            is_interrupted=actual is not None
            and drill is not None
            and drill.state is DrillState.INTERRUPTED
            and drill.ended_at is not None
            and drill.ended_at >= actual.activated_at,
        )


async def read(crisis: Crisis, mode: Mode, person: Actor) -> Strip | None:
    """The strip of a page of this mode; an ordinary page has one only to say that a drill is under way."""
    async with crisis.db.transaction() as session:
        if mode is Mode.EXERCISE:
            return await Strip.of(session, person)
        return None if await service.current(session) is None else await Strip.of(session, person)
