"""Scene: what everybody in a story works on. The accounts and the people, one message with its deliveries, what has arrived of it, and
which account carries what another was to.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.holders import Holder
from crisis.bootstrap import Crisis, openers_for
from crisis.channels import Capabilities, ChannelError, OutcomeUnknown, Rejected, Throttled, Unavailable
from crisis.deliveries.book import Book
from crisis.lanes import Lane
from crisis.limits.limiter import Candidate, Limiter
from crisis.limits.takes import Take, Takes
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.arrivals import Arrivals, Who, who_of

PEOPLE = 3
CHANNELS = {Lane.SMS: "sms", Lane.PUBLIC: "facebook"}
ABLE = Capabilities(reconcile=True, settle_seconds=5.0, recipients=True, receipts=True)

_CLEAR = text("TRUNCATE attempts, permits, receipts, deliveries, renditions, revisions, messages CASCADE")
_ROWS = text(
    """
    SELECT d.id, d.lane, d.state, d.attempts, d.account_id, d.recipient_id, v.number, v.kind
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
    WHERE v.message_id = :message ORDER BY d.id
    """
)


class Scene:
    """Built once; :meth:`begin` clears it for a new message."""

    def __init__(self, crisis: Crisis) -> None:
        self.crisis, self.db = crisis, crisis.db
        self.book = Book(openers_for(Mode.ACTUAL, crisis.settings))
        self.holder = Holder.this_process()
        self.sms: list[int] = []
        self.audience = self.activation = self.message = 0
        self.is_over = True

    async def build(self) -> None:
        """Accounts and people, and a crisis."""
        self.activation = (await factories.activation(self.db)).id
        self.sms = [await factories.account(self.crisis, "sms", name=name) for name in ("først", "reserve")]
        for name in ("kommunen", "beredskap"):
            await factories.account(self.crisis, "facebook", name=name)
        self.audience = await factories.audience(self.crisis, PEOPLE)

    async def begin(self, seed: int) -> None:
        """An alert to everybody, approved."""
        if not self.is_over:  # the last one went wrong, and what it left is in the way
            async with self.db.transaction() as session:
                await session.execute(_CLEAR)
        self.is_over = False
        self.chance = random.Random(seed)
        self.arrivals = Arrivals()
        self.rows: dict[int, Row[Any]] = {}
        self.by_hand: set[int] = set()
        """What a person says is out, or has dropped."""
        self.way: dict[int, int] = {}
        self.retracted = False
        alert = await factories.approved_alert(self.crisis, self.activation, audience_id=self.audience)
        self.message = alert.revision.message_id
        await self.read()

    async def read(self) -> None:
        """Every delivery, as it stands now."""
        async with self.db.transaction() as session:
            self.rows = {row.id: row for row in await session.execute(_ROWS, {"message": self.message})}

    def who(self, delivery: int) -> Who:
        return who_of(self.rows[delivery])

    def arrives(self, delivery: int) -> None:
        """The provider has it."""
        self.arrivals.take(self.rows[delivery])

    def turn_the_way(self) -> None:
        """The breaker of the first SMS account opens, or closes again."""
        first, standby = self.sms
        self.way = {} if self.way else {first: standby}

    def limiter(self) -> Limiter:
        """As the way is now."""
        return _Diverting(Mode.ACTUAL, self.way, self.sms)

    def decide(self, delivery: int) -> ChannelError | None:
        """What a provider makes of a call: mostly a yes. What nobody knows has arrived every other time."""
        errors: list[ChannelError | None] = [
            Rejected("no"),
            Throttled("later", retry_after=3.0),
            Unavailable("refused"),
            OutcomeUnknown("502"),
            OutcomeUnknown("504"),
        ]
        outcome = self.chance.choice([*errors, *[None] * 7])
        if outcome is None or (isinstance(outcome, OutcomeUnknown) and self.chance.random() < 0.5):
            self.arrives(delivery)
        return outcome


class _Diverting(Limiter):
    """A limiter that finds nothing slow, and lets one account carry what was meant for another."""

    def __init__(self, mode: Mode, way: Mapping[int, int], accounts: Sequence[int]) -> None:
        super().__init__(mode)
        self._way = way
        self._free = [account for account in accounts if account not in way]
        for account in accounts:
            self._known(account)

    async def takes(self, session: AsyncSession) -> Takes:  # noqa: ARG002 - the limiter's
        return Takes((Take(divert=self._way),)) if self._way else Takes()

    def admits_all(self, candidates: Sequence[Candidate]) -> bool:  # noqa: ARG002 - the limiter's
        return True

    def still_free(self) -> list[int]:
        return self._free
