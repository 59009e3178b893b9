"""Hands: senders that take the product's own steps (claim, start, call, settle) one act at a time, so that anything may come in
between, also their death.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channels import ChannelError, Receipt, ReceiptStatus
from crisis.deliveries import claims, receipts, retry, settling
from crisis.deliveries.claims import Claimed
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.limits.takes import Take
from crisis.mode import Mode
from tests.crisis.deliveries.scene import ABLE, CHANNELS, Scene

S = DeliveryState
HOLD = 30.0
"""Seconds that a started row may go unheard. Every call is over before."""

Claim = Callable[[AsyncSession, Lane, UUID, int, Take], Coroutine[Any, Any, list[Claimed]]]


async def claim(session: AsyncSession, lane: Lane, lease: UUID, most: int, take: Take) -> list[Claimed]:
    """As the product does."""
    return await claims.claim(session, Mode.ACTUAL, lane, lease, most=most, hold_seconds=HOLD, take=take)


@dataclass
class Call:
    """A call under way. ``outcome`` is the provider's, which nobody has heard yet."""

    delivery: int
    attempt: int
    decided: bool = False
    outcome: ChannelError | None = None


@dataclass
class Hand:
    """A sender, taken one step at a time."""

    lane: Lane
    lease: UUID = field(default_factory=uuid4)
    claimed: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


class Hands:
    """Those at work on a scene, and what they may do next."""

    def __init__(self, scene: Scene, claim: Claim = claim) -> None:
        self._scene, self._claim = scene, claim
        self.working: list[Hand] = []

    def open(self) -> list[Call]:
        """Calls that the provider has not decided."""
        return [call for hand in self.working for call in hand.calls if not call.decided]

    def settleable(self) -> list[Hand]:
        return [hand for hand in self.working if any(call.decided for call in hand.calls)]

    async def claim_public(self) -> None:
        await self._claims(Lane.PUBLIC)

    async def claim_texts(self) -> None:
        await self._claims(Lane.SMS)

    async def claim_texts_and_start_at_once(self) -> None:
        scene, hand = self._scene, Hand(Lane.SMS)
        line = scene.db.line()
        free = [account for account in scene.sms if account not in scene.way]
        most = scene.chance.randint(1, 4)
        try:
            begun, _ = await claims.claim_started(
                *(line, Mode.ACTUAL, hand.lane, hand.lease, free), most=most, hold_seconds=HOLD
            )
        finally:
            await line.close()
        hand.calls = [Call(each.id, 1) for each in begun]
        if hand.calls:
            self.working.append(hand)

    async def start(self) -> None:
        hand = self._scene.chance.choice([hand for hand in self.working if hand.claimed])
        ids, hand.claimed = hand.claimed, []
        async with self._scene.db.transaction() as session:
            started = await claims.start(
                *(session, Mode.ACTUAL, hand.lane, hand.lease, ids), holder=self._scene.holder, hold_seconds=HOLD
            )
        hand.calls += [Call(delivery, attempt) for delivery, attempt in started.items()]
        self._forget_idle()

    async def a_provider_decides(self) -> None:
        self._decide(self._scene.chance.choice(self.open()))

    def every_provider_decides(self) -> None:
        """In any order."""
        under_way = self.open()
        self._scene.chance.shuffle(under_way)
        for call in under_way:
            self._decide(call)

    def the_newest_calls_end_first(self) -> None:
        for call in sorted(self.open(), key=lambda call: -self._scene.rows[call.delivery].number):
            self._decide(call)

    async def settle(self) -> None:
        chance = self._scene.chance
        hand = chance.choice(self.settleable())
        told = [call for call in hand.calls if call.decided]
        told = chance.sample(told, chance.randint(1, len(told)))
        hand.calls = [call for call in hand.calls if call not in told]
        results = [self._result(hand.lane, call) for call in told]
        async with self._scene.db.transaction() as session:
            moved = await settling.settle(session, hand.lane, hand.lease, results, holder=self._scene.holder)
            late = [each for each in results if each.state is S.ACCEPTED and each.id not in moved]
            given = [Receipt(each.reference or "", ReceiptStatus.ACCEPTED, key=str(each.id)) for each in late]
            if given:
                await receipts.record(session, Mode.ACTUAL, CHANNELS[hand.lane], given)
        self._forget_idle()

    async def give_back_what_was_not_called(self) -> None:
        """What was open was a call in the making: nobody was asked, and nobody will be."""
        call = self._scene.chance.choice(self.open())
        hand = next(each for each in self.working if call in each.calls)
        hand.calls.remove(call)
        uncalled = [Result(call.delivery, call.attempt, CHANNELS[hand.lane], S.READY)]
        async with self._scene.db.transaction() as session:
            await settling.settle(session, hand.lane, hand.lease, uncalled, holder=self._scene.holder)
        self._forget_idle()

    async def crash(self) -> None:
        """After its claim, after its start, or after calls that nobody settles; some of those under way still arrive."""
        hand = self._scene.chance.choice(self.working)
        for call in hand.calls:
            if not call.decided and self._scene.chance.random() < 0.5:
                self._scene.arrives(call.delivery)
        self.working.remove(hand)

    async def _claims(self, lane: Lane) -> None:
        scene = self._scene
        hand, most = Hand(lane), scene.chance.randint(1, 4)
        async with scene.db.transaction() as session:
            take = Take(divert=scene.way) if lane is Lane.SMS else Take()
            hand.claimed = [each.id for each in await self._claim(session, lane, hand.lease, most, take)]
        if hand.claimed:
            self.working.append(hand)

    def _forget_idle(self) -> None:
        self.working = [hand for hand in self.working if hand.claimed or hand.calls]

    def _decide(self, call: Call) -> None:
        call.decided, call.outcome = True, self._scene.decide(call.delivery)

    def _result(self, lane: Lane, call: Call) -> Result:
        channel = CHANNELS[lane]
        if call.outcome is None:
            return Result(call.delivery, call.attempt, channel, S.ACCEPTED, reference=f"ref-{call.delivery}")
        chance = self._scene.chance
        step = retry.after_error(call.outcome, ABLE, attempts=call.attempt, crisis=True, chance=chance)
        return Result(call.delivery, call.attempt, channel, step.state, step.wait, error=call.outcome.reason)
