"""Outlet: a channel in memory, for what an engine does around its calls. It does as it is told and remembers being asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from crisis.channels import (
    AccountRef,
    Callback,
    Capabilities,
    Channel,
    Finding,
    ForgedCallback,
    Found,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Sighting,
    Unsupported,
)

Answer = Receipt | Exception
Say = Callable[[Outgoing], Answer | Awaitable[Answer]]


def accepted(outgoing: Outgoing) -> Receipt:
    """The provider's yes."""
    return Receipt(f"ref-{outgoing.key}", ReceiptStatus.ACCEPTED, key=outgoing.key)


class Outlet(Channel):
    """``say`` answers every call to publish; ``find`` every question about what went out, ``see`` every look from outside."""

    def __init__(
        self,
        name: str = "facebook",
        say: Say = accepted,
        find: Callable[[Outgoing], Finding | Exception] = lambda _: Finding(Found.NO),
        capabilities: Capabilities | None = None,
        see: Callable[[Outgoing], Sighting | Exception] = lambda _: Sighting(Found.YES),
    ) -> None:
        self.name = name
        self.capabilities = capabilities or Capabilities(
            reconcile=True, settle_seconds=0.0, recipients=name == "sms", receipts=name == "sms"
        )
        self.say, self.find, self.see = say, find, see
        self.begun: list[Outgoing] = []
        self.ended: list[Outgoing] = []
        self.looked: list[Outgoing] = []
        self.seen: list[Outgoing] = []
        self.most_at_once = 0

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:  # noqa: ARG002 - the port's
        self.begun.append(outgoing)
        self.most_at_once = max(self.most_at_once, len(self.begun) - len(self.ended))
        try:
            said = self.say(outgoing)
            answer = said if isinstance(said, Receipt | Exception) else await said
        finally:
            self.ended.append(outgoing)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def reconcile(self, account: AccountRef, outgoing: Outgoing, since: datetime) -> Finding:  # noqa: ARG002
        self.looked.append(outgoing)
        finding = self.find(outgoing)
        if isinstance(finding, Exception):
            raise finding
        return finding

    async def look(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Sighting:  # noqa: ARG002
        self.seen.append(outgoing)
        sighting = self.see(outgoing)
        if isinstance(sighting, Exception):
            raise sighting
        return sighting

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002
        raise Unsupported("An outlet in memory edits nothing.")

    async def withdraw(self, account: AccountRef, reference: str) -> None:  # noqa: ARG002
        raise Unsupported("An outlet in memory withdraws nothing.")

    async def read_back(self, account: AccountRef, reference: str) -> Finding:  # noqa: ARG002
        return Finding(Found.CANNOT_TELL)

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt]:  # noqa: ARG002
        raise ForgedCallback("An outlet in memory is never called back.")

    def answer_challenge(self, query: Mapping[str, str]) -> str:  # noqa: ARG002
        raise Unsupported("An outlet in memory has no subscriptions.")

    async def close(self) -> None:
        """Nothing is held."""


class Door:
    """Holds calls until it is opened, and tells when one has come."""

    def __init__(self, then: Callable[[Outgoing], Answer] = accepted) -> None:
        self._then = then
        self.came = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, outgoing: Outgoing) -> Answer:
        """Say nothing before the door is open."""
        self.came.set()
        await self.open.wait()
        return self._then(outgoing)
