"""What must hold whatever was killed: counted in the database and, independently, at the sandbox.

``crisis``, the fixture, ends every test with :func:`what_always_holds`; a test of a fan-out asks
:func:`nothing_lost_and_no_blind_repeat` besides.
"""

import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from sqlalchemy import text

from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.deliveries import sweep
from crisis.deliveries.states import FINAL, DeliveryState
from crisis.messages import drafts
from crisis.mode import Mode
from tests import factories
from tests.faults.size import PEOPLE, either
from tests.faults.stack import LIMITS, Stack, until

AT_REST = FINAL | {DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.UNKNOWN_FINAL}
CONCURRENCY = int(LIMITS["CRISIS_SMS_CONCURRENCY"])
REST_SECONDS = either(60.0, 900.0)
MARKER = "ØVELSE"
STAND_IN_NUMBER = "+999"
"""How the numbers begin that an exercise sends to."""

_TOTALS = text(
    """
    SELECT (SELECT count(*) FROM deliveries) AS made,
           (SELECT count(*) FROM posts) AS posts,
           (SELECT count(*) FROM deliveries WHERE lane = 'unit') AS of_posts,
           (SELECT count(*) FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE d.mode <> r.mode) AS strayed
    """
)
_UNFINISHED = text(
    """
    SELECT d.lane, a.channel, d.state, count(*), min(d.due_at - now()) AS due_in, min(d.looks), min(d.error)
    FROM deliveries d JOIN accounts a ON a.id = d.account_id WHERE d.state <> ALL(:rest) GROUP BY 1, 2, 3
    """
)
_FLYING = text("SELECT id, attempts FROM deliveries WHERE state = 'in_flight' AND lane = 'sms'")
_LOST_SENDERS = text(
    "SELECT delivery_id, number FROM attempts WHERE outcome = 'unknown' AND detail LIKE 'the sender %'"
)


@dataclass(frozen=True)
class Approved:
    """A broadcast: what was to go out."""

    activation: int
    revision: int
    message: int
    deliveries: int


async def broadcast(
    crisis: Crisis,
    mode: Mode = Mode.ACTUAL,
    *,
    people: int = PEOPLE,
    channels: tuple[str, ...] = ("facebook", "twitter"),
) -> Approved:
    """An alert by SMS to so many, and on these channels, approved."""
    for channel in (*channels, "sms"):
        await factories.account(crisis, channel, address="Fjordvik" if channel == "sms" else "")
    audience = await factories.audience(crisis, people)
    activation = await factories.activation(crisis.db, mode)
    approved = await factories.approved_alert(crisis, activation.id, audience_id=audience)
    assert approved.deliveries["sms"] == people
    made = sum(approved.deliveries.values())
    assert made == people + len(channels)
    return Approved(activation.id, approved.revision.id, approved.revision.message_id, made)


async def audience_of(crisis: Crisis, made: Approved) -> int | None:
    """The audience of a broadcast."""
    async with crisis.db.transaction() as session:
        return (await drafts.get(session, made.revision)).audience_id


async def sweeps(crisis: Crisis, wanted: int = 3) -> int:
    """Wait for so many sweeps of what is real, each for 20 seconds at most; how many came."""
    for came in range(wanted):
        begun = time.monotonic()

        async def swept(since: float = begun) -> bool:
            async with crisis.db.transaction() as session:
                return await sweep.age(session, Mode.ACTUAL) < time.monotonic() - since

        try:
            await until(swept, seconds=20)
        except AssertionError:
            return came
    return wanted


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


async def flying(crisis: Crisis) -> set[tuple[int, int]]:
    """The text messages in flight: (delivery, attempt)."""
    async with crisis.db.transaction() as session:
        return {(row.id, row.attempts) for row in await session.execute(_FLYING)}


async def left_by_lost_senders(crisis: Crisis) -> set[tuple[int, int]]:
    """The attempts whose sender was lost: (delivery, attempt)."""
    async with crisis.db.transaction() as session:
        return {(row.delivery_id, row.number) for row in await session.execute(_LOST_SENDERS)}


def accepted(stack: Stack) -> int:
    """How many recipients have it."""
    return int(stack.sandbox.counts()["twilio"]["distinct_keys"])


def repeats(stack: Stack) -> int:
    """How many text messages went out to somebody who had it already."""
    return len(stack.sandbox.records("twilio", "create")) - accepted(stack)


def longest_gap(stack: Stack) -> float:
    """The longest time, in seconds, between one text message and the next that the sandbox took."""
    times = sorted(record["accepted_mono"] for record in stack.sandbox.records("twilio", "create"))
    return max((later - sooner for sooner, later in pairwise(times)), default=0.0)


async def is_out(stack: Stack, people: int) -> None:
    """Wait until so many have it: the sender is in the middle of the others."""

    async def reached() -> bool:
        return accepted(stack) >= people

    await until(reached, seconds=REST_SECONDS, pause=0.02, what=f"the fan-out did not get to {people}")


async def mid_fan_out(stack: Stack, share: float = 0.3) -> None:
    """Wait until this share is out."""
    await is_out(stack, int(PEOPLE * share))


async def at_rest(crisis: Crisis, seconds: float = REST_SECONDS) -> Counter[DeliveryState]:
    """Wait until every delivery has come to its end, or waits for a person."""

    async def reached() -> bool:
        return not set(await states(crisis)) - AT_REST

    try:
        await until(reached, seconds=seconds, pause=0.2)
    except AssertionError:
        async with crisis.db.transaction() as session:
            rows = (await session.execute(_UNFINISHED, {"rest": [state.value for state in AT_REST]})).all()
        raise AssertionError(f"some deliveries did not come to an end: {rows}") from None
    return await states(crisis)


async def nothing_lost_and_no_blind_repeat(
    stack: Stack, crisis: Crisis, in_flight: int | None = None, *, people: int = PEOPLE, others: int = 2
) -> Counter[DeliveryState]:
    """Every delivery at an end; those who got it twice were in flight, and were looked into in between.

    Returns the states. ``in_flight`` is how many text messages were in flight when it happened, where that is known;
    ``others`` how many deliveries there are beside the text messages.
    """
    found = await at_rest(crisis)
    assert found.total() == people + others
    creates = stack.sandbox.records("twilio", "create")
    times = Counter(int(record["key"]) for record in creates)
    async with crisis.db.transaction() as session:
        doubted = set(await session.scalars(text("SELECT delivery_id FROM attempts WHERE outcome = 'unknown'")))
        repeated = set(await session.scalars(text("SELECT id FROM deliveries WHERE repeated")))
        said = set(
            await session.scalars(
                text("SELECT id FROM deliveries WHERE lane = 'sms' AND state IN ('accepted', 'sent', 'delivered')")
            )
        )
    assert said <= times.keys(), "said to be out, and is not"
    twice = {key for key, count in times.items() if count > 1}
    again = len(creates) - len(times)
    assert in_flight is None or again <= in_flight, f"{again} repeats of {in_flight} in flight"
    assert twice <= doubted, "sent once more without a look"
    assert twice <= repeated, "sent once more without a flag"
    assert max(times.values(), default=0) <= 2
    return found


async def what_always_holds(stack: Stack, crisis: Crisis) -> None:
    """The log holds, no exercise has come near the public, and every duty that was taken on is still there."""
    async with crisis.db.transaction() as session:
        assert (await chain.verify(session)).holds, "the audit log does not verify"
        totals = (await session.execute(_TOTALS)).one()
    assert totals.strayed == 0, "a delivery has another mode than its text"
    assert totals.posts == totals.of_posts, "a post has no delivery, or has two"
    assert (await states(crisis)).total() == totals.made, "the states do not add up"
    for record in stack.sandbox.records():
        assert MARKER not in (record["text"] or ""), "an exercise's text reached the public's sandbox"
        assert not (record["to"] or "").startswith(STAND_IN_NUMBER), "an exercise's number reached the public's sandbox"
