"""Promise P6 while it goes on: a revision approved, or taken back, in the middle of the fan-out of the one before; and an
audience that is empty or cannot be read, which never becomes everybody."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from crisis.bootstrap import Crisis
from crisis.deliveries import ledger
from crisis.errors import CrisisError, Invalid
from crisis.messages.models import Kind
from tests import factories
from tests.faults.judge import at_rest, audience_of, broadcast, mid_fan_out
from tests.faults.size import LONG, PEOPLE, SECONDS, TIMEOUT
from tests.faults.stack import Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
Note = Callable[[str, object], None]

_OF_REVISIONS = text(
    """
    SELECT d.id, d.recipient_id, v.number, v.kind, d.state, d.repeated, d.attempts, d.started_at
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
    WHERE d.lane = 'sms'
    """
)
_READS_THE_AUDIENCE = text(
    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%memberships%'"
)


@pytest.fixture(scope="module")
def worker(stack: Stack) -> Process:
    return stack.worker()


@pytest.mark.fault(31)
@pytest.mark.usefixtures("worker")
async def test_a_revision_approved_while_the_old_one_goes_out_comes_to_everybody_and_after_it(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    made = await broadcast(crisis)
    await mid_fan_out(stack)
    approved = await factories.approved_follow_up(
        crisis, made.activation, made.message, audience_id=await audience_of(crisis, made)
    )
    assert approved.deliveries["sms"] == PEOPLE
    assert approved.cancelled > 0, "nothing was left of the old one"
    await at_rest(crisis)
    old, new = await in_order(stack, crisis, then=2)
    assert len(new) == PEOPLE, "not everybody got the new one"
    assert 0 < len(old) <= PEOPLE - approved.cancelled + 2
    async with crisis.db.transaction() as session:
        lines = await ledger.lines(session, made.activation)
    for number in (1, 2):
        counts = sum(line.total for line in lines if line.revision == number and line.channel == "sms")
        assert counts == PEOPLE, f"the counts of revision {number} do not add up"
    record_property("got the old one first", len(old))
    record_property("got only the new one", len(new - old))
    record_property("an old one after a new one", 0)


@pytest.mark.fault(32)
@pytest.mark.usefixtures("worker")
async def test_what_is_taken_back_while_it_goes_out_stops_and_those_who_got_it_are_told(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    made = await broadcast(crisis)
    await mid_fan_out(stack)
    retracted = await crisis.desk.retract(factories.EDITOR, made.message, "Feil kart")
    async with crisis.db.transaction() as session:
        committed = await session.scalar(text("SELECT clock_timestamp()"))
    assert retracted.cancelled > 0, "nothing was left to stop"
    await at_rest(crisis)
    async with crisis.db.transaction() as session:
        rows = list(await session.execute(_OF_REVISIONS))
    alerts = [row for row in rows if row.number == 1]
    attempted = {row.recipient_id for row in alerts if row.attempts}
    late = max((row.started_at - committed).total_seconds() for row in alerts if row.started_at)
    told = {row.recipient_id for row in rows if row.kind == Kind.RETRACTION}
    assert told == attempted, "not those were told who may have got it"
    assert late <= 0, f"an alert began {late} s after it was taken back"
    old, new = await in_order(stack, crisis, then=2)
    assert old <= new, "somebody got the alert and not its retraction"
    when = [r["accepted"] for r in stack.sandbox.records("twilio", "create") if int(r["key"]) in {a.id for a in alerts}]
    last = max(when) - committed.timestamp()
    record_property("attempted, and told", len(told))
    record_property("stopped", len(alerts) - len(attempted))
    record_property("last alert after the retraction, s", max(0.0, last))
    assert not LONG or last < SECONDS["withdraw"]


@pytest.mark.fault(35)
async def test_an_audience_that_is_empty_or_cannot_be_read_is_refused_and_never_becomes_everybody(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    await factories.account(crisis, "sms", address="Fjordvik")
    await factories.account(crisis, "facebook")
    full = await factories.audience(crisis, 50)
    nobody = await factories.audience(crisis, 0, name="ingen")
    activation = await factories.activation(crisis.db)

    draft = await factories.alert(crisis, activation.id, audience_id=nobody)
    with pytest.raises(Invalid, match="cannot go out"):
        await crisis.desk.approve(factories.EDITOR, draft.id)
    assert await nothing_is_on_its_way(crisis)
    with pytest.raises(CrisisError):
        await factories.alert(crisis, activation.id, audience_id=full + nobody + 1000)

    draft = await factories.alert(crisis, activation.id, audience_id=full)
    async with crisis.db.engine.connect() as connection:
        await connection.execute(text("LOCK TABLE memberships IN ACCESS EXCLUSIVE MODE"))
        approving = asyncio.create_task(crisis.desk.approve(factories.EDITOR, draft.id))

        async def reading() -> int | None:
            async with crisis.db.transaction() as session:
                return await session.scalar(_READS_THE_AUDIENCE)

        pid = await until(reading, what="it did not read the audience")
        await connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError):
            await approving
        await connection.rollback()
    assert await nothing_is_on_its_way(crisis)
    approved = await crisis.desk.approve(factories.EDITOR, draft.id)
    assert approved.deliveries == {"facebook": 1, "sms": 50}
    assert stack.sandbox.records("twilio") == []
    record_property("refused", "empty, unknown, unreadable")
    record_property("sent to everybody instead", 0)


async def nothing_is_on_its_way(crisis: Crisis) -> bool:
    async with crisis.db.transaction() as session:
        found = await session.execute(
            text("SELECT (SELECT count(*) FROM deliveries), (SELECT count(*) FROM revisions WHERE state = 'approved')")
        )
        return tuple(found.one()) == (0, 0)


async def in_order(stack: Stack, crisis: Crisis, *, then: int) -> tuple[set[int], set[int]]:
    """Who got revision 1, and who got ``then``; nobody the first after the second, and nobody twice without a flag."""
    async with crisis.db.transaction() as session:
        rows = {row.id: row for row in await session.execute(_OF_REVISIONS)}
    got: defaultdict[int, list[int]] = defaultdict(list)
    times: Counter[int] = Counter()
    for record in sorted(stack.sandbox.records("twilio", "create"), key=lambda record: record["accepted_mono"]):
        row = rows[int(record["key"])]
        got[row.recipient_id].append(row.number)
        times[row.id] += 1
    for recipient, numbers in got.items():
        assert numbers == sorted(numbers), f"recipient {recipient} got {numbers}"
    assert all(rows[key].repeated for key, count in times.items() if count > 1), "sent once more without a flag"
    cancelled = {row.id for row in rows.values() if row.state == "cancelled"}
    assert not cancelled & times.keys(), "said to be cancelled, and is out"
    return tuple({who for who, numbers in got.items() if number in numbers} for number in (1, then))  # type: ignore[return-value]
