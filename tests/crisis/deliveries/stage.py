"""Stage: one migrated database and one event loop for all the lives that the state machine plays on it."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

from crisis.activations.holders import Holder, started, this_host
from crisis.bootstrap import Crisis, crisis_of
from crisis.db import no_bell
from crisis.lanes import Lane
from crisis.settings import Settings
from tests import factories
from tests.crisis.deliveries.workbench import LIBRARY, Workbench
from tests.crisis.moves import Move, Moves
from tests.emptying import empty

T = TypeVar("T")
PEOPLE = 2

_BUILT = {"accounts", "audiences", "memberships", "recipients"}


@dataclass
class Worker:
    """A sender: a real process that holds permits, and what it has in hand. The test does its thinking for it."""

    lane: Lane
    process: "subprocess.Popen[bytes]"
    holder: Holder
    lease: UUID = field(default_factory=uuid4)
    claimed: list[int] = field(default_factory=list)
    calls: dict[int, int] = field(default_factory=dict)
    """Deliveries it is calling a provider for, with the number of the attempt."""

    @classmethod
    def hire(cls, lane: Lane) -> "Worker":
        """A new process that does nothing but live, and not longer than we do: it ends when its input does."""
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)  # noqa: S607 - the same everywhere
        return cls(lane, process, Holder(this_host(), process.pid, started(process.pid) or 0))

    @property
    def lives(self) -> bool:
        """Nobody has killed it."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.communicate()


class Stage:
    """Built once; wiped before every life."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runner = asyncio.Runner()
        self.seen: Counter[Move] = Counter()
        """Every move that deliveries made, over all lives."""

    def __enter__(self) -> Self:
        self.run(self._build())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self._strike())
        self._runner.close()

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """Run one act to its end, from hypothesis's synchronous world."""
        return self._runner.run(act)

    async def _build(self) -> None:
        self.crisis: Crisis = crisis_of(self._settings, bell=no_bell)
        self._guarding = Moves.guarding(self.crisis.db)
        self.bench = Workbench(self.crisis, await self._guarding.__aenter__())
        self.pages = [
            await factories.account(self.crisis, "facebook", unit=LIBRARY, name=name) for name in ("hoved", "filial")
        ]
        for channel in ("facebook", "sms"):
            await factories.account(self.crisis, channel)
        self.audience = await factories.audience(self.crisis, PEOPLE)

    async def _strike(self) -> None:
        await self._guarding.__aexit__(None, None, None)
        await self.crisis.db.close()

    def wipe(self) -> None:
        """An empty municipality: accounts and people, and nothing that has happened."""
        self.run(self._wipe())

    async def _wipe(self) -> None:
        async with self.crisis.db.engine.begin() as connection:
            await empty(connection, keep=_BUILT)
