"""What providers say when something is to be taken down, and what becomes of that; crashes, and many at once."""

import asyncio

import pytest

from crisis.channels import (
    AccountRef,
    Capabilities,
    ChannelError,
    Found,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries.states import WithdrawalState as W
from crisis.lanes import Lane
from tests import factories
from tests.crisis.deliveries.taking_down import Wall, pass_time, record, standing, take_down, withdraw
from tests.crisis.deliveries.workbench import Workbench


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (Gone("it is not there"), W.DONE, None),
        (
            Rejected("not yours to delete"),
            W.REFUSED,
            "not yours to delete Take it down by hand, on the channel itself.",
        ),
        (Throttled("later"), W.WAITING, "later"),
        (Unavailable("no route"), W.WAITING, "no route"),
        (Misconfigured("the token has expired"), W.WAITING, "the token has expired"),
        (OutcomeUnknown("no answer"), W.CHECKING, "no answer"),
    ],
)
async def test_the_class_of_the_error_decides(
    bench: Workbench, error: ChannelError, state: W, said: str | None
) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(error, None)
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, delivery)
    assert await take_down(bench, wall) >= 1
    (row,) = await standing(bench)
    if state is not W.CHECKING:
        assert (row.state, row.error) == (state, said)
    await pass_time(bench, 120)
    await take_down(bench, wall)
    (row,) = await standing(bench)
    assert row.state == (W.REFUSED if state is W.REFUSED else W.DONE)
    assert len(wall.down) == (2 if state is W.WAITING else 1)
    assert len(wall.read) == (1 if state is W.CHECKING else 0)


@pytest.mark.parametrize("back", [Found.YES, Found.CANNOT_TELL])
async def test_an_unknown_outcome_is_read_back_and_then_taken_down_again(bench: Workbench, back: Found) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(OutcomeUnknown("no answer"), None, back=back)
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, delivery)
    for _ in range(3):
        await take_down(bench, wall)
        await pass_time(bench, 120)
    assert [row.state for row in await standing(bench)] == ["done"]
    assert (len(wall.read), len(wall.down)) == (1, 2)


async def test_one_that_never_comes_to_an_end_is_left_to_a_person(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall(OutcomeUnknown("no answer"), back=Found.CANNOT_TELL)
    await bench.send(Lane.PUBLIC, wall)
    await bench.run("UPDATE deliveries SET url = 'https://facebook.example/1' WHERE id = :id", id=delivery)
    await withdraw(bench, delivery)
    for _ in range(110):
        await take_down(bench, wall)
        await pass_time(bench, 120)
    (row,) = await standing(bench)
    assert row.state == "refused"
    assert row.error.endswith("Take it down by hand: https://facebook.example/1")
    wall.answers = [None]
    assert (await withdraw(bench, delivery)).taking_down == {"facebook": 1}, "a person may ask again"
    await take_down(bench, wall)
    assert [row.state for row in await standing(bench)] == ["done"]


async def test_an_adapter_that_fails_or_never_answers_stops_nobody(bench: Workbench) -> None:
    ids = await bench.alert("facebook", "twitter")
    failing, well = Wall(name="facebook"), Wall(name="twitter")
    await bench.send(Lane.PUBLIC, failing, well)
    failing.answers = [ZeroDivisionError("a fault of ours")]  # type: ignore[list-item]
    failing.back = Found.YES
    await withdraw(bench, ids[0])
    for down, read in ((1, 0), (1, 1), (2, 1), (2, 2)):
        await take_down(bench, failing, well)
        await pass_time(bench, 120)
        assert (len(failing.down), len(failing.read)) == (down, read), "what may be gone is read back each time"
    states = {row.delivery_id: row.state for row in await standing(bench)}
    assert states == {ids[0]: "waiting", ids[1]: "done"}


async def test_a_worker_killed_while_calling_leaves_it_to_be_read_back(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    wall = Wall()
    await bench.send(Lane.PUBLIC, wall)
    await withdraw(bench, delivery)
    begun, never = asyncio.Event(), asyncio.Event()

    class Dying(Wall):
        async def withdraw(self, account: AccountRef, reference: str) -> None:
            await super().withdraw(account, reference)
            begun.set()
            await never.wait()

    dying = Dying()
    dying.capabilities = Capabilities(withdraw=True, call_seconds=30.0)
    killed = asyncio.create_task(take_down(bench, dying))
    await begun.wait()
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    (row,) = await standing(bench)
    assert (row.state, row.attempts) == ("calling", 1), "committed before the provider was asked"
    assert await take_down(bench, wall) == 0, "its lease still runs"
    await pass_time(bench, 61)
    wall.back = Found.NO
    assert await take_down(bench, wall) == 1
    assert (wall.read, wall.down) == ([f"ref-{delivery}"], []), "read back before anything else"
    assert [row.state for row in await standing(bench)] == ["done"]


async def test_one_that_comes_back_late_writes_nothing_over_the_answer(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    late, other = Wall(Rejected("no")), Wall()
    await bench.send(Lane.PUBLIC, late)
    await withdraw(bench, delivery)
    opened = asyncio.Event()

    class Slow(Wall):
        async def withdraw(self, account: AccountRef, reference: str) -> None:
            await opened.wait()
            await super().withdraw(account, reference)

    slow = Slow(Rejected("no"))
    slow.capabilities = Capabilities(withdraw=True, call_seconds=30.0)
    going = asyncio.create_task(take_down(bench, slow))
    while not [row for row in await standing(bench) if row.state == "calling"]:
        await asyncio.sleep(0.01)
    await pass_time(bench, 61)
    assert await take_down(bench, other) == 1
    opened.set()
    await going
    assert [row.state for row in await standing(bench)] == ["done"]
    assert [action for action, _ in await record(bench)] == ["withdraw", "withdrawn"]


async def test_several_workers_take_each_post_down_once(bench: Workbench) -> None:
    for n in range(12):
        await factories.account(bench.crisis, "facebook", name=f"side {n}", address=f"side-{n}")
    ids = await bench.alert("twitter")
    facebook, twitter = Wall(), Wall(name="twitter")
    await bench.send(Lane.PUBLIC, facebook, twitter)
    await withdraw(bench, ids[0])
    tried = await asyncio.gather(*(take_down(bench, facebook, twitter) for _ in range(4)))
    assert sum(tried) == 13
    assert sorted(facebook.down + twitter.down) == sorted(f"ref-{id_}" for id_ in ids)
    assert {row.state for row in await standing(bench)} == {"done"}
