"""Claim, start and settle: each row to one sender, and nothing written by a sender that has lost it."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.activations.holders import Holder
from crisis.deliveries import claims, settling
from crisis.deliveries.claims import FRONT, Claimed, Place
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench

S = DeliveryState
ME = Holder.this_process()


async def claim(bench: Workbench, lease: UUID, lane: Lane = Lane.UNIT, *, most: int = 10) -> list[Claimed]:
    async with bench.db.transaction() as session:
        return await claims.claim(session, Mode.ACTUAL, lane, lease, most=most, hold_seconds=5)


async def start(
    bench: Workbench, lease: UUID, ids: list[int], lane: Lane = Lane.UNIT, holder: Holder = ME
) -> dict[int, int]:
    async with bench.db.transaction() as session:
        return await claims.start(session, Mode.ACTUAL, lane, lease, ids, holder=holder, hold_seconds=5)


async def settle(
    bench: Workbench, lease: UUID, results: list[Result], lane: Lane = Lane.UNIT, holder: Holder = ME
) -> set[int]:
    async with bench.db.transaction() as session:
        return await settling.settle(session, lane, lease, results, holder=holder)


async def test_two_claims_at_once_share_no_row_and_miss_none(bench: Workbench) -> None:
    ids = await bench.posts(40)
    batches = await asyncio.gather(*(claim(bench, uuid4(), most=7) for _ in range(8)))
    taken = [each.id for batch in batches for each in batch]
    assert len(taken) == len(set(taken))
    while batch := await claim(bench, uuid4()):
        taken += [each.id for each in batch]
    assert sorted(taken) == ids


async def test_the_oldest_go_first(bench: Workbench) -> None:
    ids = await bench.posts(6)
    await bench.run("UPDATE deliveries SET due_at = due_at - id * interval '1 minute'")
    assert [each.id for each in await claim(bench, uuid4(), most=3)] == ids[:2:-1]


async def test_only_what_is_due_in_this_mode_and_lane_is_claimed(bench: Workbench) -> None:
    account = await bench.unit_account()
    await bench.posts(1, account)
    await bench.crisis.posts.publish(LIBRARIAN, account, "senere", publish_at=clock.now() + timedelta(hours=1))
    await bench.crisis.posts.publish(LIBRARIAN, account, "øvelse", mode=Mode.EXERCISE)
    assert await claim(bench, uuid4(), Lane.PUBLIC) == []
    assert len(await claim(bench, uuid4())) == 1
    assert await claim(bench, uuid4()) == []


async def test_a_claim_carries_the_recipients_sealed_number_and_the_time_left(bench: Workbench) -> None:
    await bench.alert("sms", people=1)
    (claimed,) = await claim(bench, uuid4(), Lane.SMS)
    assert claimed.number is not None
    assert claimed.fingerprint is not None
    assert bench.crisis.numbers.open(claimed.number, claimed.fingerprint) == "+4740000000"
    assert claimed.valid_seconds is not None
    assert 6 * 3600 - 60 < claimed.valid_seconds <= 6 * 3600


@pytest.mark.parametrize("lane", [Lane.UNIT, Lane.PUBLIC])
async def test_nothing_starts_under_a_lease_that_was_lost(bench: Workbench, lane: Lane) -> None:
    if lane is Lane.UNIT:
        await bench.posts(3)
    else:
        await bench.alert("facebook", "twitter", "wordpress")
    mine, other = uuid4(), uuid4()
    batch = await claim(bench, mine, lane)
    lost = batch[0].id
    await bench.run("UPDATE deliveries SET lease = :lease WHERE id = :id", lease=other, id=lost)
    started = await start(bench, mine, [each.id for each in batch], lane)
    assert started == {each.id: 1 for each in batch[1:]}
    assert (await bench.row(lost)).state == "leased"


async def test_what_has_started_does_not_start_again(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    lease = uuid4()
    await claim(bench, lease)
    assert await start(bench, lease, [post]) == {post: 1}
    assert await start(bench, lease, [post]) == {}
    assert (await bench.row(post)).attempts == 1


async def test_every_unit_start_has_a_permit_in_the_holders_name_and_no_crisis_start_has(bench: Workbench) -> None:
    posts = await bench.posts(2)
    lease = uuid4()
    await claim(bench, lease)
    await start(bench, lease, posts)
    async with bench.db.transaction() as session:
        permits = (await session.execute(text("SELECT * FROM permits WHERE closed_at IS NULL"))).all()
    assert {permit.delivery_id for permit in permits} == set(posts)
    assert {Holder(permit.host, permit.pid, permit.pid_started) for permit in permits} == {ME}
    alerts = await bench.alert("facebook")
    lease = uuid4()
    await claim(bench, lease, Lane.PUBLIC)
    await start(bench, lease, alerts, Lane.PUBLIC)
    assert await bench.open_permits() == 2


async def test_behind_a_locked_gate_everything_of_a_batch_is_blocked_and_nothing_has_a_permit(bench: Workbench) -> None:
    posts = await bench.posts(3)
    lease = uuid4()
    await claim(bench, lease)
    await factories.activation(bench.db)
    assert await start(bench, lease, posts) == {}
    assert await bench.states(posts) == {"blocked": 3}
    assert await bench.open_permits() == 0


async def test_the_other_modes_lock_blocks_nothing(bench: Workbench) -> None:
    posts = await bench.posts(1)
    await factories.activation(bench.db, Mode.EXERCISE)
    lease = uuid4()
    await claim(bench, lease)
    assert await start(bench, lease, posts) == {posts[0]: 1}


async def test_a_result_under_a_lost_lease_moves_nothing_and_closes_the_permit_all_the_same(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    lease = uuid4()
    await claim(bench, lease)
    await start(bench, lease, [post])
    await bench.pass_time(60)
    await bench.sweep()
    result = Result(post, 1, "facebook", S.ACCEPTED, reference="123")
    assert await settle(bench, lease, [result]) == set()
    assert (await bench.row(post)).state == "unknown"
    assert await bench.open_permits() == 0


async def test_nobody_closes_another_holders_permit(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    lease = uuid4()
    await claim(bench, lease)
    await start(bench, lease, [post], holder=Holder("another host", 1, 1))
    await settle(bench, lease, [Result(post, 1, "facebook", S.ACCEPTED)])
    assert await bench.open_permits() == 1


async def test_a_batch_of_different_ends_is_written_at_once(bench: Workbench) -> None:
    ids = await bench.posts(4)
    lease = uuid4()
    await claim(bench, lease)
    await start(bench, lease, ids)
    results = [
        Result(ids[0], 1, "facebook", S.ACCEPTED, reference="1", url="https://example.no/1"),
        Result(ids[1], 1, "facebook", S.RETRY_WAIT, wait=30.0, code="32", error="later"),
        Result(ids[2], 1, "facebook", S.UNKNOWN, wait=5.0, error="no answer"),
        Result(ids[3], 1, "facebook", S.REJECTED, code="100", error="no"),
    ]
    assert await settle(bench, lease, results) == set(ids)
    rows = await bench.rows(ids)
    assert [row.state for row in rows] == ["accepted", "retry_wait", "unknown", "rejected"]
    assert [row.error_code for row in rows] == [None, "32", None, "100"]
    assert (rows[0].reference, rows[0].url) == ("1", "https://example.no/1")
    assert timedelta(seconds=25) < rows[1].due_at - clock.now() <= timedelta(seconds=30)
    assert all(row.lease is None and row.lease_until is None for row in rows)
    async with bench.db.transaction() as session:
        tried = (await session.execute(text("SELECT delivery_id, number, outcome FROM attempts ORDER BY 1"))).all()
    assert [tuple(each) for each in tried] == [(row.id, 1, row.state) for row in rows]


async def test_every_attempt_is_on_record_once(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    for number in (1, 2, 3):
        lease = uuid4()
        await claim(bench, lease)
        assert await start(bench, lease, [post]) == {post: number}
        result = Result(post, number, "facebook", S.RETRY_WAIT, error="refused")
        await settle(bench, lease, [result])
        await settle(bench, lease, [result])
    async with bench.db.transaction() as session:
        numbers = list((await session.execute(text("SELECT number FROM attempts ORDER BY 1"))).scalars())
    assert numbers == [1, 2, 3]


async def test_a_release_gives_back_what_is_leased_and_touches_nothing_else(bench: Workbench) -> None:
    ids = await bench.posts(3)
    lease = uuid4()
    await claim(bench, lease)
    await start(bench, lease, ids[:1])
    async with bench.db.transaction() as session:
        await claims.release(session, lease, dict.fromkeys(ids, 0.0))
    assert [row.state for row in await bench.rows(ids)] == ["in_flight", "ready", "ready"]


async def test_a_later_message_to_the_same_place_is_not_claimed_before_the_earlier_has_ended(bench: Workbench) -> None:
    account = await bench.unit_account()
    first, second = await bench.posts(2, account)
    (other,) = await bench.posts(1, await bench.unit_account(name="en annen side"))
    lease = uuid4()
    (claimed,) = await claim(bench, lease, most=1)
    assert claimed.id == first
    await start(bench, lease, [first])
    assert [each.id for each in await claim(bench, uuid4())] == [other]
    await settle(bench, lease, [Result(first, 1, "facebook", S.UNKNOWN)])
    assert [each.id for each in await claim(bench, uuid4())] == [second]


# Both at once


async def claim_started(bench: Workbench, accounts: list[int], *, most: int = 10, behind: Place = FRONT) -> list[int]:
    line = bench.db.line()
    try:
        begun, _ = await claims.claim_started(
            *(line, Mode.ACTUAL, Lane.SMS, uuid4(), accounts), most=most, hold_seconds=5, behind=behind
        )
    finally:
        await line.close()
    return [each.id for each in begun]


async def test_what_nothing_holds_back_is_in_flight_at_once_with_its_first_attempt(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=5)
    account = (await bench.row(ids[0])).account_id
    assert await claim_started(bench, [account], most=3) == ids[:3]
    rows = await bench.rows(ids)
    assert [(row.state, row.attempts, row.started_at is not None) for row in rows[:3]] == [("in_flight", 1, True)] * 3
    assert {row.state for row in rows[3:]} == {"ready"}
    assert all(row.lease is not None and row.lease_until is not None for row in rows[:3])


async def test_what_was_tried_or_lost_its_sender_or_is_another_accounts_is_left_for_the_careful_way(
    bench: Workbench,
) -> None:
    tried, lost, later, fine = await bench.alert("sms", people=4)
    account = (await bench.row(fine)).account_id
    await bench.run("UPDATE deliveries SET attempts = 1 WHERE id = :id", id=tried)
    await bench.run("UPDATE deliveries SET crashes = 1 WHERE id = :id", id=lost)
    await bench.run("UPDATE deliveries SET due_at = now() + interval '1 minute' WHERE id = :id", id=later)
    assert await claim_started(bench, [account + 1]) == []
    assert await claim_started(bench, []) == []
    assert await claim_started(bench, [account]) == [fine]


async def test_who_goes_on_behind_what_it_claimed_meets_none_twice_and_misses_none(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=25)
    account, behind, found = (await bench.row(ids[0])).account_id, FRONT, list[int]()
    await bench.run("UPDATE deliveries SET due_at = due_at + interval '1 hour' WHERE id = :id", id=ids[3])
    line = bench.db.line()
    while True:
        begun, behind = await claims.claim_started(
            *(line, Mode.ACTUAL, Lane.SMS, uuid4(), [account]), most=4, hold_seconds=5, behind=behind
        )
        if not begun:
            break
        found += [each.id for each in begun]
    await line.close()
    assert found == [each for each in ids if each != ids[3]]
    await bench.run("UPDATE deliveries SET due_at = due_at - interval '1 hour' WHERE id = :id", id=ids[3])
    assert await claim_started(bench, [account], behind=behind) == []
    assert await claim_started(bench, [account]) == [ids[3]], "from the front it is found"


async def test_a_later_message_to_the_same_person_does_not_start_beside_the_earlier(bench: Workbench) -> None:
    first = await bench.alert("sms", people=2)
    account = (await bench.row(first[0])).account_id
    assert await claim_started(bench, [account]) == first
    again = await factories.approved_alert(bench.crisis, 1, audience_id=1)
    second = await bench.of_revision(again.revision.id)
    assert await claim_started(bench, [account]) == []
    await bench.run("UPDATE deliveries SET state = 'accepted' WHERE id = :id", id=first[0])
    assert await claim_started(bench, [account]) == second[:1]


async def test_a_units_post_never_starts_without_a_permit(bench: Workbench) -> None:
    (post,) = await bench.posts(1)
    line = bench.db.line()
    with pytest.raises(ValueError, match="without a permit"):
        await claims.claim_started(
            *(line, Mode.ACTUAL, Lane.UNIT, uuid4(), [(await bench.row(post)).account_id]), most=9, hold_seconds=5
        )
    await line.close()
    assert (await bench.row(post)).state == "ready"
