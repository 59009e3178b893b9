"""Frailty: a row that ends whoever sends it is found, and set aside in front of a person; and meanwhile the others get out."""

import math
from collections import Counter
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisis.activations.holders import Holder
from crisis.channels import Outgoing, Receipt
from crisis.deliveries import claims, frailty, settling
from crisis.deliveries.frailty import SET_ASIDE, Frailty
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench

S = DeliveryState
BATCH = 25


async def lose(bench: Workbench, ids: list[int], times: int = 1) -> None:
    """Let a sender die with these in its hands, before it called anybody."""
    for _ in range(times):
        await bench.run(
            "UPDATE deliveries SET state = 'leased', lease_until = now() - interval '1 second' WHERE id = ANY(:ids)",
            ids=ids,
        )
        await bench.sweep()


async def claim(bench: Workbench, only: Frailty | None = None, lease: UUID | None = None) -> list[int]:
    async with bench.db.transaction() as session:
        given = (session, Mode.ACTUAL, Lane.SMS, lease or uuid4())
        found = await claims.claim(*given, most=BATCH, hold_seconds=60, frailty=only)
    return [each.id for each in found]


@given(st.integers(1, 5000), st.integers(0, 2000))
def test_every_row_is_in_one_class_and_each_class_is_no_larger_than_the_one_before(batch: int, level: int) -> None:
    classes = (frailty.sound(batch), *frailty.frail(batch))
    assert sum(each.least <= level <= each.worst for each in classes) == 1
    sizes = [each.most for each in classes]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[1], sizes[-1]) == (batch, math.isqrt(batch), 1)


async def test_sound_rows_are_claimed_first_then_few_then_one_alone(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=20)
    await lose(bench, ids[:8])
    await lose(bench, ids[:2])
    assert await claim(bench) == ids[8:]
    few, begun, alone = frailty.frail(BATCH)
    assert await claim(bench, few) == ids[2:7]
    assert await claim(bench, few) == ids[7:8]
    assert await claim(bench, alone) == ids[:1]
    assert await claim(bench, alone) == ids[1:2]
    for each in (None, few, begun, alone):
        assert await claim(bench, each) == []


async def test_what_was_begun_and_lost_is_claimed_in_smaller_company_than_what_was_only_held(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=8)
    await lose(bench, ids)
    await bench.run("UPDATE deliveries SET attempts = 1, repeated = true WHERE id = ANY(:ids)", ids=ids[:4])
    few, begun, alone = frailty.frail(BATCH)
    assert (few.most, begun.most) == (5, 2)
    assert await claim(bench, alone) == []
    assert await claim(bench, begun) == ids[:2]
    assert await claim(bench, few) == ids[4:]
    await lose(bench, ids[2:4])
    assert await claim(bench, begun) == []
    assert await claim(bench, alone) == ids[2:3]


async def test_what_has_lost_its_sender_too_often_is_a_persons_and_says_why(bench: Workbench) -> None:
    bad, good = await bench.alert("sms", people=2)
    await lose(bench, [bad], SET_ASIDE - 1)
    assert (await bench.row(bad)).state == "ready"
    await lose(bench, [bad])
    row = await bench.row(bad)
    assert (row.state, row.attempts, row.crashes) == ("unknown_final", 0, SET_ASIDE)
    assert (
        row.error
        == "Its sender was lost 3 times while it held this. It was not sent the last time. Check, then decide."
    )
    assert await bench.send(Lane.SMS, Outlet("sms")) == {"accepted": 1}
    assert (await bench.row(good)).state == "accepted"


async def test_rows_that_lost_their_sender_go_last_and_nothing_else_is_in_flight_beside_one_that_is_alone(
    bench: Workbench,
) -> None:
    ids = await bench.alert("sms", people=12)
    await lose(bench, ids[:6])
    await lose(bench, ids[:3])
    sms = Outlet("sms")
    beside: dict[str, int] = {}

    def say(outgoing: Outgoing) -> Receipt:
        beside[outgoing.key] = len(sms.begun) - len(sms.ended)
        return accepted(outgoing)

    sms.say = say
    assert await bench.send(Lane.SMS, sms, batch=16, concurrency=4) == {"accepted": 12}
    order = [int(each.key) for each in sms.begun]
    assert sorted(order[:6]) == ids[6:]
    assert sorted(order[6:9]) == ids[3:6]
    assert order[9:] == ids[:3]
    assert [beside[str(each)] for each in ids[:3]] == [1, 1, 1]


@pytest.mark.parametrize("started", [False, True], ids=["before it is called", "while it is called"])
async def test_a_row_that_ends_its_sender_each_time_takes_none_with_it_in_the_end(
    bench: Workbench, *, started: bool
) -> None:
    ids = await bench.alert("sms", people=60)
    poison, sms = ids[17], Outlet("sms")
    lives, times_sent = 1, Counter[int]()
    while (batch := await claim_next(bench)) is not None:
        lease, rows = batch
        holder, attempts = Holder.this_process(), dict[int, int]()
        if started or poison not in rows:
            async with bench.db.transaction() as session:
                given = (session, Mode.ACTUAL, Lane.SMS, lease)
                attempts = await claims.start(*given, rows, holder=holder, hold_seconds=60)
        if poison in rows:  # that was the end of this one; nothing is settled, and nothing given back
            lives += 1
            await bench.pass_time(600)
            await bench.sweep()
            await bench.look(Lane.SMS, sms)
            continue
        times_sent.update(rows)
        results = [Result(row, attempts[row], "sms", S.ACCEPTED, reference=f"SM{row}") for row in rows]
        async with bench.db.transaction() as session:
            await settling.settle(session, Lane.SMS, lease, results, holder=holder)
    states = await bench.states(ids)
    beside = frailty.frail(BATCH)[1].most - 1 if started else 0
    assert (await bench.row(poison)).state == "unknown_final"
    assert states["unknown_final"] <= 1 + beside, (
        "what was begun is sent again once, and so may stand beside it at a person's"
    )
    assert states.keys() == {"accepted", "unknown_final"}
    assert lives <= SET_ASIDE + 1
    assert set(times_sent.values()) == {1}


async def claim_next(bench: Workbench) -> tuple[UUID, list[int]] | None:
    """What a sender would claim now, in a sender's order."""
    for only in (None, *frailty.frail(BATCH)):
        lease = uuid4()
        if found := await claim(bench, only, lease):
            return lease, found
    return None
