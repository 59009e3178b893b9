"""Wall: an outlet that shows what was put up on it, by a clock of its own."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from crisis.channel_watch import Posted
from crisis.channels import (
    AccountRef,
    Capabilities,
    ChannelError,
    Finding,
    Found,
    Gone,
    Outgoing,
    Receipt,
    ReceiptStatus,
)
from tests.crisis.deliveries.outlet import Outlet

GENERAL = Capabilities(reconcile=True, withdraw=True, edit=True, settle_seconds=0.0)


@dataclass(frozen=True, slots=True)
class Pinned:
    account_id: int
    at: float
    posted: Posted


class Wall(Outlet):
    """What is published through it is put up, and what a test puts up as somebody else. ``skew``: seconds its clock is ahead."""

    def __init__(self, name: str = "facebook", *, skew: float = 0.0, capabilities: Capabilities = GENERAL) -> None:
        super().__init__(name, capabilities=capabilities)
        self.watch_seconds = 60.0
        self._skew, self._numbers = skew, itertools.count(100_000_001)
        self.pinned: list[Pinned] = []
        self.looks: list[tuple[int, float]] = []
        """Which account was looked at, and for how far back."""
        self.trouble: Callable[[AccountRef], ChannelError | None] = lambda _: None
        self.withdrawn: list[str] = []
        self.refuses: ChannelError | None = None
        self.find_back = Found.CANNOT_TELL

    def now(self) -> float:
        return time.time() + self._skew

    def put_up(self, account_id: int, text: str, *, ago: float = 0.0, **more: object) -> str:
        """Somebody posts there, past every service of ours."""
        reference = f"{account_id}_{next(self._numbers)}"
        posted = Posted(reference, 0.0, text, f"https://wall.test/posts/{reference.partition('_')[2]}")
        self.pinned.append(Pinned(account_id, self.now() - ago, replace(posted, **more)))  # type: ignore[arg-type]
        return reference

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        self.looks.append((account.id, within_seconds))
        if (error := self.trouble(account)) is not None:
            raise error
        shown = [
            replace(each.posted, age_seconds=self.now() - each.at)
            for each in self.pinned
            if each.account_id == account.id and self.now() - each.at <= within_seconds
        ]
        return sorted(shown, key=lambda each: each.age_seconds)

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002 - the port's
        if self.refuses is not None:
            raise self.refuses
        self.withdrawn.append(reference)
        self.pinned = [each for each in self.pinned if each.posted.reference != reference]

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        return Finding(self.find_back, reference)

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:
        reference = self.put_up(account.id, outgoing.text)
        self.begun.append(outgoing)
        return Receipt(reference, ReceiptStatus.ACCEPTED, key=outgoing.key)

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002
        for at, each in enumerate(self.pinned):
            if each.posted.reference == reference:
                self.pinned[at] = replace(each, posted=replace(each.posted, text=outgoing.text))
                return Receipt(reference, ReceiptStatus.ACCEPTED, key=outgoing.key)
        raise Gone("It is not there.")
