"""Cast: the people of a life, and its senders; what they do and what has come of it."""

import random
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from crisis.activations.service import ActivationLocked, find_current
from crisis.channels import Capabilities, ChannelError, Receipt, ReceiptStatus, Unavailable
from crisis.deliveries import claims, receipts, retry, settling
from crisis.deliveries.decisions import Decision, decide
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict
from crisis.lanes import Lane
from crisis.messages.models import Revision
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.stage import Stage, Worker
from tests.crisis.deliveries.workbench import LIBRARIAN
from tests.factories import OPERATOR

S = DeliveryState
LANES = {Lane.PUBLIC: "facebook", Lane.SMS: "sms", Lane.UNIT: "facebook"}
WAIT, HOLD = 500.0, 700.0
"""Seconds, for whatever waits and for leases: no chance here but hypothesis's own. Time passes by multiples of 200, so however long a
life takes a slow machine, nothing falls due by that: hypothesis plays the same life the same way again, or says that it is flaky.
"""
CAPABILITIES = Capabilities(reconcile=True, settle_seconds=WAIT)


class Cast:
    """On a stage, for one life."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self._db = stage, stage.crisis.db
        self._chance = random.Random(0)
        self.posts = 0  # made so far
        self.approved: list[Revision] = []
        self.unblocked = 0  # by their owners
        self.sent_again: set[int] = set()  # by a person's decision

    async def alert(self, activation_id: int, *, people: bool) -> None:
        audience = self.stage.audience if people else None
        made = await factories.approved_alert(self.stage.crisis, activation_id, audience_id=audience)
        self.approved.append(made.revision)

    async def post(self, page: int, at: Any) -> None:
        try:
            await self.stage.crisis.posts.publish(LIBRARIAN, page, "Lesestund", publish_at=at)
        except ActivationLocked:
            async with self._db.transaction() as session:
                assert await find_current(session, Mode.ACTUAL) is not None
        self.posts += 1

    async def update(self, activation_id: int, message_id: int) -> None:
        async with self._db.transaction() as session:
            of = await session.execute(text("SELECT activation_id FROM messages WHERE id = :id"), {"id": message_id})
            if of.scalar_one() != activation_id:
                return
        made = await factories.approved_follow_up(self.stage.crisis, activation_id, message_id)
        self.approved.append(made.revision)

    async def decide_post(self, delivery: int, *, publish: bool) -> None:
        async with self._db.transaction() as session:
            query = "SELECT r.post_id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE d.id = :id"
            post = (await session.execute(text(query), {"id": delivery})).scalar_one()
        try:
            await self.stage.crisis.posts.decide(LIBRARIAN, post, publish=publish)
        except ActivationLocked:
            return
        self.unblocked += 1

    async def decide(self, delivery: int, decision: Decision) -> None:
        try:
            await decide(self._db, OPERATOR, delivery, decision, validity=timedelta(hours=6))
        except Conflict:
            assert decision is Decision.SEND_AGAIN, "only what was superseded may be refused"
            return
        if decision is Decision.SEND_AGAIN:
            self.sent_again.add(delivery)

    async def claim(self, worker: Worker, most: int) -> list[int]:
        async with self._db.transaction() as session:
            found = await claims.claim(session, Mode.ACTUAL, worker.lane, worker.lease, most=most, hold_seconds=HOLD)
        return [each.id for each in found]

    async def start(self, worker: Worker) -> None:
        ids, worker.claimed = worker.claimed, []
        async with self._db.transaction() as session:
            started = await claims.start(
                session, Mode.ACTUAL, worker.lane, worker.lease, ids, holder=worker.holder, hold_seconds=HOLD
            )
        worker.calls = started

    async def settle(self, worker: Worker, delivery: int, error: ChannelError | None) -> None:
        number, channel = worker.calls.pop(delivery), LANES[worker.lane]
        reference = f"ref-{delivery}-{number}"
        if error is None:
            result = Result(delivery, number, channel, S.ACCEPTED, reference=reference)
        else:
            step = retry.after_error(
                error, CAPABILITIES, attempts=number, crisis=worker.lane.crisis, chance=self._chance
            )
            wait = 0.0 if isinstance(error, Unavailable) else WAIT
            result = Result(delivery, number, channel, step.state, wait, error=error.reason)
        async with self._db.transaction() as session:
            moved = await settling.settle(session, worker.lane, worker.lease, [result], holder=worker.holder)
            if error is None and not moved:
                late = Receipt(reference, ReceiptStatus.ACCEPTED, key=str(delivery))
                await receipts.record(session, Mode.ACTUAL, channel, [late])
