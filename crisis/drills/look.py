"""Look: one drill held still, with how everything in it stands: what one step of the conductor looks at and changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.drills import reading
from crisis.drills.clock import Clock
from crisis.drills.models import Drill, DrillExpectation, DrillInject
from crisis.drills.reading import Held
from crisis.mode import Mode
from crisis.playbooks.models import Playbook


@dataclass(frozen=True, slots=True)
class Look:
    """As of one moment, in one transaction."""

    session: AsyncSession
    held: Held
    injects: Mapping[str, DrillInject]
    expectations: Mapping[str, DrillExpectation]

    @classmethod
    async def at(cls, session: AsyncSession, held: Held) -> Self:
        """Look at a held drill."""
        injects = await reading.injects_of(session, held.drill.id)
        return cls(session, held, injects, await reading.expectations_of(session, held.drill.id))

    @property
    def drill(self) -> Drill:
        """The drill."""
        return self.held.drill

    @property
    def playbook(self) -> Playbook:
        """What it is run from."""
        return self.held.playbook

    @property
    def clock(self) -> Clock:
        """Its clock."""
        return self.held.clock

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.held.now

    @property
    def elapsed(self) -> float:
        """Seconds of drill time at that moment."""
        return self.held.elapsed

    async def record(self, action: str, **detail: object) -> None:
        """Put on record what the system did by itself."""
        await self.session.flush()
        await chain.append(self.session, None, action, f"drill:{self.drill.id}", mode=Mode.EXERCISE, **detail)
