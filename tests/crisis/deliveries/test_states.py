"""The table of moves holds together, and no statement of the product makes a move that is not in it."""

import contextlib
import os
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import drain
from crisis.activations.holders import Holder
from crisis.activations.holders import this_host as host
from crisis.activations.service import stand_down
from crisis.channels import Finding, Found, Receipt, ReceiptStatus
from crisis.deliveries import claims, ledger, outbox, settling
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DUE, FINAL, MOVES, RANK, UNSENT, DeliveryState, before, mergeable
from crisis.errors import Conflict
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench, receipt
from tests.crisis.moves import allowed
from tests.factories import DIRECTOR

S = DeliveryState
LEASE = UUID("00000000-0000-4000-8000-000000000001")


def test_every_state_has_its_moves_and_its_words() -> None:
    assert set(MOVES) == set(S)
    assert all(following <= set(S) for following in MOVES.values())
    assert len({ledger.words(state) for state in S}) == len(S)


def test_only_what_the_provider_took_is_called_sent() -> None:
    assert {state for state in S if ledger.words(state).startswith(("sent", "accepted", "delivered"))} == {
        S.SENT,
        S.ACCEPTED,
        S.DELIVERED,
    }


def test_final_is_what_has_no_moves() -> None:
    assert frozenset(state for state in S if not MOVES[state]) == FINAL
    assert {S.DELIVERED, S.UNDELIVERED, S.EXPIRED, S.REJECTED, S.CANCELLED, S.DEAD} == FINAL


def test_every_state_can_be_reached_from_ready() -> None:
    reached, waiting = {S.READY}, [S.READY]
    while waiting:
        waiting += (new := MOVES[waiting.pop()] - reached)
        reached |= new
    assert reached == set(S)


def test_from_every_state_there_is_a_way_to_an_end() -> None:
    ends = FINAL | {S.ACCEPTED}
    while more := {state for state in S if MOVES[state] & ends} - ends:
        ends |= more
    assert ends == set(S)


def test_what_may_be_out_becomes_ready_by_a_person_alone_or_by_the_sender_that_has_not_called() -> None:
    """The sender's lease is what says that it is its own: tests/crisis/deliveries/test_handing_back.py."""
    assert [state for state in S if S.READY in MOVES[state]] == [S.LEASED, S.IN_FLIGHT, S.UNKNOWN_FINAL, S.BLOCKED]
    assert [state for state in S if S.IN_FLIGHT in MOVES[state]] == [S.READY, S.LEASED]


@pytest.mark.parametrize("state", S)
def test_before_is_the_table_read_backwards(state: DeliveryState) -> None:
    assert set(before(state)) == {old.value for old in S if state in MOVES[old]}


def test_a_receipt_never_moves_a_delivery_backwards_or_out_of_an_end() -> None:
    for state in RANK:
        for old in map(S, mergeable(state)):
            assert state in MOVES[old]
            assert RANK.get(old, 0) < RANK[state]
            assert old not in FINAL
    assert {S(status.value) for status in ReceiptStatus} == set(RANK)


def test_what_is_due_or_unsent_has_surely_not_gone_out() -> None:
    assert DUE < UNSENT
    assert all({S.BLOCKED, S.CANCELLED, S.DEAD} <= MOVES[state] for state in UNSENT)


# The statements


Act = Callable[[Workbench, list[int]], Awaitable[object]]


async def in_transaction(bench: Workbench, act: Callable[[AsyncSession], Awaitable[object]]) -> None:
    async with bench.db.transaction() as session:
        await act(session)


def settle_as(state: DeliveryState, lane: Lane) -> Act:
    async def act(bench: Workbench, ids: list[int]) -> None:
        results = [Result(each, 1, "facebook", state, reference=f"ref-{each}") for each in ids]
        holder = Holder.this_process()
        await in_transaction(bench, lambda session: settling.settle(session, lane, LEASE, results, holder=holder))

    return act


def receive_as(status: ReceiptStatus) -> Act:
    return lambda bench, ids: bench.receive("facebook", *(receipt(each, status) for each in ids))


def look_as(found: Found, lane: Lane) -> Act:
    return lambda bench, _: bench.look(lane, Outlet(find=lambda _: Finding(found)))


def start_in(lane: Lane) -> Act:
    async def act(bench: Workbench, ids: list[int]) -> None:
        holder = Holder.this_process()
        await in_transaction(
            bench,
            lambda session: claims.start(session, Mode.ACTUAL, lane, LEASE, ids, holder=holder, hold_seconds=9),
        )

    return act


def claim_in(lane: Lane) -> Act:
    return lambda bench, _: in_transaction(
        bench, lambda session: claims.claim(session, Mode.ACTUAL, lane, uuid4(), most=99, hold_seconds=9)
    )


def claim_started_in(lane: Lane) -> Act:
    async def act(bench: Workbench, _: list[int]) -> None:
        line = bench.db.line()
        try:
            await claims.claim_started(line, Mode.ACTUAL, lane, uuid4(), range(1, 9), most=99, hold_seconds=9)
        finally:
            await line.close()

    return act


def decide(*, publish: bool) -> Act:
    async def act(bench: Workbench, _: list[int]) -> None:
        post = text("SELECT max(id) FROM posts")
        async with bench.db.transaction() as session:
            found = (await session.execute(post)).scalar_one()
        await bench.crisis.posts.decide(LIBRARIAN, found, publish=publish)

    return act


async def release(bench: Workbench, ids: list[int]) -> None:
    await in_transaction(bench, lambda session: claims.release(session, LEASE, dict.fromkeys(ids, 0.0)))


async def supersede(bench: Workbench, ids: list[int]) -> None:
    await in_transaction(bench, lambda session: outbox.supersede(session, 1, 99))
    await in_transaction(bench, lambda session: outbox.drop_superseded(session, ids))


async def end_activation(bench: Workbench, _: list[int]) -> None:
    await stand_down(bench.db, DIRECTOR, 1)


async def take_from_the_dead(bench: Workbench, ids: list[int]) -> None:
    dead = Holder(host(), os.getpid(), 1)
    await bench.run(
        "INSERT INTO permits (mode, delivery_id, epoch, host, pid, pid_started) "
        "SELECT 'actual', id, 1, :host, :pid, 1 FROM unnest(CAST(:ids AS bigint[])) AS id",
        host=dead.host,
        pid=dead.pid,
        ids=ids,
    )
    async with bench.db.transaction() as session:
        permits = await drain.open_permits(session, Mode.ACTUAL)
    await drain.take_from_dead(bench.db, permits)


ACTS: dict[str, Act] = {
    **{f"claim {lane}": claim_in(lane) for lane in (Lane.UNIT, Lane.PUBLIC)},
    "claim and start": claim_started_in(Lane.PUBLIC),
    **{f"start {lane}": start_in(lane) for lane in (Lane.UNIT, Lane.PUBLIC)},
    **{
        f"settle as {state}": settle_as(state, Lane.PUBLIC)
        for state in (S.ACCEPTED, S.REJECTED, S.RETRY_WAIT, S.UNKNOWN, S.DEAD, S.SENT)
    },
    **{f"receipt {status}": receive_as(status) for status in ReceiptStatus},
    **{f"look {lane}: {found}": look_as(found, lane) for lane in (Lane.UNIT, Lane.PUBLIC) for found in Found},
    "release": release,
    "sweep": lambda bench, _: bench.sweep(),
    "supersede": supersede,
    "stand down": end_activation,
    "take from the dead": take_from_the_dead,
    "publish what was blocked": decide(publish=True),
    "drop what was blocked": decide(publish=False),
}


@pytest.mark.parametrize("state", S)
async def test_no_act_makes_a_move_that_is_not_in_the_table(bench: Workbench, state: DeliveryState) -> None:
    """Every act of the product on a delivery in every state. The guard in the database raises on a forbidden move."""
    (post,) = await bench.posts(1)
    (alert,) = await bench.alert("facebook")
    for name, act in ACTS.items():
        async with bench.db.transaction() as session:  # the guard looks away while the stage is set
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(
                text(
                    "UPDATE deliveries SET state = :state, lease = :lease, lease_until = now() - interval '1 minute', "
                    "due_at = now(), deadline_at = CASE WHEN :late THEN now() END, attempts = 1, started_at = now(), "
                    "repeated = false, reference = NULL"
                ),
                {"state": state.value, "lease": LEASE, "late": name == "sweep"},
            )
            await session.execute(text("UPDATE activations SET state = 'confirmed', stood_down_at = NULL"))
            locked = name in {"start unit", "stand down"}
            await session.execute(text("UPDATE gate SET state = :to"), {"to": "locked" if locked else "open"})
            if name.startswith(("publish", "drop")):
                await session.execute(text("UPDATE activations SET state = 'stood_down'"))
        refusals = (Conflict,) if name.startswith(("publish", "drop")) else ()
        with contextlib.suppress(*refusals):
            await act(bench, [post, alert])
    made = set(await bench.moves.made())
    assert made <= set(allowed())
    assert {old for old, _ in made} <= {state} | {S.RETRY_WAIT, S.UNKNOWN, S.READY}
    if state in FINAL:
        assert not made


async def test_the_guard_itself_refuses_a_forbidden_move(bench: Workbench) -> None:
    await bench.posts(1)
    with pytest.raises(Exception, match="forbidden move of delivery 1: ready to unknown"):
        await bench.run("UPDATE deliveries SET state = 'unknown'")
    with pytest.raises(Exception, match="deleted or made another"):
        await bench.run("DELETE FROM deliveries")


async def test_a_receipt_by_reference_alone_obeys_the_table_too(bench: Workbench) -> None:
    ids = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Outlet())
    for status in (ReceiptStatus.UNDELIVERED, ReceiptStatus.DELIVERED, ReceiptStatus.ACCEPTED):
        await bench.receive("facebook", Receipt(f"ref-{ids[0]}", status))
    assert await bench.states(ids) == {"undelivered": 1}
