"""Agenda: an outlet inside which posts are scheduled. It publishes none by itself; a test says what becomes of each."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from crisis import clock
from crisis.channel_watch import Planned
from crisis.channels import AccountRef, Capabilities, ChannelError, Finding, Found, Gone, Limit, Unit
from tests.crisis.deliveries.outlet import Outlet

TAKES = Capabilities(limit=Limit(Unit.CHARACTERS, 500), reconcile=True)


class Agenda(Outlet):
    """``keeps``: what is unscheduled stays there as a draft; else it is deleted, as at Facebook."""

    def __init__(self, name: str = "facebook", *, keeps: bool = False, capabilities: Capabilities = TAKES) -> None:
        super().__init__(name, capabilities=capabilities)
        self.keeps_unscheduled = keeps
        self.waiting: dict[str, tuple[int, Planned]] = {}
        self.drafts: set[str] = set()
        self.out: set[str] = set()
        self.asked: list[str] = []
        self.credentials: list[dict[str, str]] = []
        self.refuses: dict[str, ChannelError] = {}
        self.before: Callable[[str], Awaitable[None]] | None = None
        """What happens before anything is unscheduled."""

    def plan(self, account_id: int, reference: str, text: str, *, hours: float = 5.0, **more: object) -> Planned:
        planned = Planned(reference, clock.now() + timedelta(hours=hours), text)
        self.waiting[reference] = (account_id, replace(planned, **more))  # type: ignore[arg-type]
        return self.waiting[reference][1]

    async def list_planned(self, account: AccountRef) -> Sequence[Planned]:
        self.credentials.append(dict(account.credentials))
        return [planned for at, planned in self.waiting.values() if at == account.id]

    async def unschedule(self, account: AccountRef, planned: Planned) -> None:  # noqa: ARG002 - the port's
        self.asked.append(planned.reference)
        if self.before is not None:
            await self.before(planned.reference)
        if planned.reference in self.refuses:
            raise self.refuses[planned.reference]
        if planned.reference in self.drafts:
            return
        if planned.reference not in self.waiting:
            raise Gone("It is not there any more.")
        del self.waiting[planned.reference]
        if self.keeps_unscheduled:
            self.drafts.add(planned.reference)

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        return Finding(Found.YES if reference in self.out else Found.NO, reference)
