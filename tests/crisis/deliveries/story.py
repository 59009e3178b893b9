"""Story: one message from its alert to its end, on the real database, with senders that crash wherever they may.

Two kinds of senders work on it. A *hand* takes the product's own steps one act at a time. A *rush* lets whole senders of the product
run while the editors approve and receipts come in. Providers are played here: what one accepted has **arrived**, and that is what
is judged.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.channels import Finding, Found, Outgoing, Receipt, ReceiptStatus
from crisis.deliveries import receipts
from crisis.deliveries.pace import Pace
from crisis.deliveries.reconcile import reconcile
from crisis.deliveries.sender import Sender
from crisis.deliveries.states import DeliveryState
from crisis.deliveries.sweep import sweep
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.crisis.deliveries.arrivals import MEANT_FOR_GOOD
from tests.crisis.deliveries.editors import Editors
from tests.crisis.deliveries.hands import HOLD, Claim, Hands, claim
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.scene import ABLE, CHANNELS, Scene

S = DeliveryState
TAKEN_BACK = 0.3
"""How often it may be that the alert is taken back. Nothing follows it then."""
HURRIED = 0.5
"""How often everybody may be waited for. Otherwise calls stay open while other things happen."""
LATER = (40.0, 700.0, 5000.0)
AT_REST = {*MEANT_FOR_GOOD, S.REJECTED, S.DEAD, S.CANCELLED, S.UNKNOWN_FINAL}
PACE = Pace(concurrency=3, batch=4, lease_seconds=HOLD, call_seconds=2.0)

_PASS = text(
    """
    UPDATE deliveries SET due_at = due_at - :by, lease_until = lease_until - :by, deadline_at = deadline_at - :by
    WHERE id = ANY(:ids)
    """
)

Act = Callable[[], Coroutine[Any, Any, None]]


class Story:
    """Built once; :meth:`begin` starts with a new message."""

    def __init__(self, crisis: Crisis, claim: Claim = claim) -> None:
        self.scene = Scene(crisis)
        self._claim = claim

    async def build(self) -> None:
        """Accounts and people, and a crisis."""
        await self.scene.build()

    async def begin(self, seed: int) -> None:
        """An alert to everybody, approved."""
        await self.scene.begin(seed)
        self.hands, self.editors = Hands(self.scene, self._claim), Editors(self.scene)

    def possible(self) -> Sequence[Act]:
        """Every act there is now, the likelier ones more than once."""
        scene, hands, editors = self.scene, self.hands, self.editors
        states = {(Lane(row.lane), row.state) for row in scene.rows.values()}
        due = {lane for lane, state in states if state in {S.READY, S.RETRY_WAIT}}
        begun = any(row.attempts for row in scene.rows.values())
        table: Sequence[tuple[bool, int, Act]] = [
            (not hands.open() or scene.chance.random() < HURRIED, 1, self.time_passes),
            (True, 1, self.another_account_carries_it),
            (Lane.SMS in due, 2, hands.claim_texts),
            (Lane.PUBLIC in due, 2, hands.claim_public),
            (Lane.SMS in due, 1, hands.claim_texts_and_start_at_once),
            (bool(due), 1, self.there_is_a_rush),
            (any(hand.claimed for hand in hands.working), 3, hands.start),
            (bool(hands.open()), 2, hands.a_provider_decides),
            (bool(hands.settleable()), 3, hands.settle),
            (bool(hands.open()), 1, hands.give_back_what_was_not_called),
            (bool(hands.working), 1, hands.crash),
            (begun, 2 if hands.open() else 1, editors.follow_up),
            (begun and not scene.retracted and scene.chance.random() < TAKEN_BACK, 1, editors.take_it_back),
            (S.UNKNOWN in {state for _, state in states}, 1, self.somebody_looks),
            (S.UNKNOWN_FINAL in {state for _, state in states}, 1, editors.decide_what_nobody_can_tell),
            (bool(scene.arrivals), 1, self.receipts_come),
        ]
        return [act for may, weight, act in table if may for _ in range(weight)]

    async def goes_on(self, pick: int) -> None:
        """One of the acts that are possible."""
        acts = self.possible()
        await acts[pick % len(acts)]()
        await self.scene.read()

    async def ends(self) -> None:
        """Everybody who works goes on to the end, and then it is judged."""
        scene = self.scene
        self.hands.working.clear()
        scene.way = {}
        for _ in range(40):
            await scene.read()
            if all(row.state in AT_REST for row in scene.rows.values()):
                break
            await self.time_passes()
            await self.somebody_looks(honest=True)
            outlets = {channel: Outlet(channel, say=self._accept, capabilities=ABLE) for channel in CHANNELS.values()}
            for lane in CHANNELS:
                await Sender(*(scene.db, Mode.ACTUAL, lane, outlets, scene.book, PACE), limiter=scene.limiter()).run()
        await scene.read()
        left = {row.id: row.state for row in scene.rows.values() if row.state not in AT_REST}
        assert not left, f"these did not come to an end: {left}"
        scene.arrivals.judge(scene.rows, scene.by_hand)
        scene.is_over = True

    # The acts that are nobody's

    async def another_account_carries_it(self) -> None:
        self.scene.turn_the_way()

    async def time_passes(self) -> None:
        """More than any call may take: those that are under way have ended before, heard or not."""
        self.hands.every_provider_decides()
        by = timedelta(seconds=self.scene.chance.choice(LATER))
        async with self.scene.db.transaction() as session:
            await session.execute(_PASS, {"by": by, "ids": list(self.scene.rows)})
        await sweep(self.scene.db, Mode.ACTUAL, drain_seconds=1.0)

    async def somebody_looks(self, *, honest: bool = False) -> None:
        """The provider says what it knows, or for once that it cannot tell."""
        scene = self.scene
        arrived = {each.delivery for each in scene.arrivals}

        def find(outgoing: Outgoing) -> Finding:
            if not honest and scene.chance.random() < 0.3:
                return Finding(Found.CANNOT_TELL)
            known = int(outgoing.key) in arrived
            return Finding(Found.YES, f"ref-{outgoing.key}") if known else Finding(Found.NO)

        for lane, channel in CHANNELS.items():
            outlet = Outlet(channel, find=find, capabilities=ABLE)
            await reconcile(scene.db, Mode.ACTUAL, lane, {channel: outlet}, scene.book)

    async def receipts_come(self) -> None:
        """Some, in any order, of anything that has arrived."""
        scene = self.scene
        some = scene.chance.sample(scene.arrivals, min(len(scene.arrivals), scene.chance.randint(1, 4)))
        for arrival in some:
            channel = "facebook" if arrival.who[0] == "account" else "sms"
            status = scene.chance.choice([s for s in ReceiptStatus if channel == "sms" or s is ReceiptStatus.ACCEPTED])
            given = Receipt(f"ref-{arrival.delivery}", status, key=str(arrival.delivery))
            async with scene.db.transaction() as session:
                await receipts.record(session, Mode.ACTUAL, channel, [given])

    async def there_is_a_rush(self) -> None:
        """Whole senders of the product, while the editors go on, receipts come in and the sweep looks about."""
        scene = self.scene
        own = {"holder": scene.holder, "limiter": scene.limiter(), "chance": scene.chance}
        outlets = {channel: Outlet(channel, say=self._answer, capabilities=ABLE) for channel in CHANNELS.values()}
        acts = [
            Sender(scene.db, Mode.ACTUAL, lane, outlets, scene.book, PACE, **own).run()  # type: ignore[arg-type]
            for lane in (Lane.SMS, Lane.SMS, Lane.PUBLIC)
        ]
        beside: list[Coroutine[Any, Any, object]] = [sweep(scene.db, Mode.ACTUAL, drain_seconds=1.0)]
        if scene.arrivals:
            beside.append(self.receipts_come())
        if any(row.attempts for row in scene.rows.values()):
            beside.append(self.editors.follow_up())
        await asyncio.gather(*acts, *(self._after_a_while(each) for each in beside))

    async def _after_a_while(self, act: Coroutine[Any, Any, object]) -> None:
        await asyncio.sleep(self.scene.chance.uniform(0, 0.02))
        await act

    async def _answer(self, outgoing: Outgoing) -> Receipt | Exception:
        scene, delivery = self.scene, int(outgoing.key)
        await asyncio.sleep(scene.chance.uniform(0, 0.004))
        if delivery not in scene.rows:
            await scene.read()
        outcome = scene.decide(delivery)
        await asyncio.sleep(scene.chance.uniform(0, 0.004))
        return outcome or Receipt(f"ref-{delivery}", ReceiptStatus.ACCEPTED, key=str(delivery))

    def _accept(self, outgoing: Outgoing) -> Receipt:
        self.scene.arrives(int(outgoing.key))
        return Receipt(f"ref-{outgoing.key}", ReceiptStatus.ACCEPTED, key=outgoing.key)
