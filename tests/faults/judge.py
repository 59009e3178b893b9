"""What must hold whatever was killed: counted in the database and, independently, at the sandbox."""

from collections import Counter
from uuid import UUID

from sqlalchemy import text

from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.deliveries.states import FINAL, DeliveryState
from crisis.mode import Mode
from tests import factories
from tests.faults.stack import LIMITS, Stack, until

PEOPLE = 2000
AT_REST = FINAL | {DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.UNKNOWN_FINAL}
CONCURRENCY = int(LIMITS["CRISIS_SMS_CONCURRENCY"])
MOST_IN_FLIGHT = 5 * CONCURRENCY
"""Of one sender: those being called, those in the queue to be, those on their way into the queue, and those that have ended
and are being written; the last are as many as end during a commit or two."""


async def broadcast(crisis: Crisis, mode: Mode = Mode.ACTUAL) -> int:
    """An alert to ``PEOPLE`` by SMS, approved; the activation's id."""
    await factories.account(crisis, "sms", address="Fjordvik")
    audience = await factories.audience(crisis, PEOPLE)
    activation = await factories.activation(crisis.db, mode)
    approved = await factories.approved_alert(crisis, activation.id, audience_id=audience)
    assert approved.deliveries["sms"] == PEOPLE
    return activation.id


async def states(crisis: Crisis) -> Counter[DeliveryState]:
    """How many deliveries are in which state."""
    async with crisis.db.transaction() as session:
        rows = await session.execute(text("SELECT state, count(*) FROM deliveries GROUP BY state"))
        return Counter({DeliveryState(state): count for state, count in rows})


async def holding(crisis: Crisis) -> dict[UUID, int]:
    """Each sender's lease with its rows in flight."""
    async with crisis.db.transaction() as session:
        rows = await session.execute(
            text("SELECT lease, count(*) AS held FROM deliveries WHERE state = 'in_flight' GROUP BY lease")
        )
        return {row.lease: row.held for row in rows}


async def mid_fan_out(stack: Stack, share: float = 0.3) -> None:
    """Wait until this share is out: the sender is in the middle of it."""

    async def reached() -> bool:
        return int(stack.sandbox.counts()["twilio"]["distinct_keys"]) >= PEOPLE * share

    await until(reached, pause=0.02, what="the fan-out did not begin")


async def at_rest(crisis: Crisis, seconds: float = 40.0) -> Counter[DeliveryState]:
    """Wait until every delivery has come to its end, or waits for a person."""

    async def reached() -> bool:
        return not set(await states(crisis)) - AT_REST

    await until(reached, seconds=seconds, pause=0.2, what="some deliveries did not come to an end")
    return await states(crisis)


async def nothing_lost_and_no_blind_repeat(stack: Stack, crisis: Crisis, in_flight: int) -> Counter[DeliveryState]:
    """Every delivery at an end; those who got it twice were in flight, and were looked into in between.

    Returns the states. ``in_flight`` is how many rows were in flight when it happened.
    """
    found = await at_rest(crisis)
    assert found.total() == PEOPLE
    accepted = stack.sandbox.records("twilio", "create")
    times = Counter(int(record["key"]) for record in accepted)
    assert len(times) + found[DeliveryState.UNKNOWN_FINAL] >= PEOPLE, "said to be out, and is not"
    repeats = len(accepted) - len(times)
    assert repeats <= in_flight, f"{repeats} repeats of {in_flight} in flight"
    async with crisis.db.transaction() as session:
        doubted = set(await session.scalars(text("SELECT delivery_id FROM attempts WHERE outcome = 'unknown'")))
        repeated = set(await session.scalars(text("SELECT id FROM deliveries WHERE repeated")))
        twice = {key for key, count in times.items() if count > 1}
        assert twice <= doubted
        assert twice <= repeated, "sent once more without a flag"
        assert max(times.values()) <= 2
        assert (await chain.verify(session)).holds
    return found
