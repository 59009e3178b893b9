"""The duty of levers: pulled, read back, given back exactly, once for each account and for no account that must speak."""

import asyncio

from crisis.db import Database
from tests.crisis.levers.platform import PUBLISHES, Platform
from tests.crisis.levers.town import ALL_BACK, ALL_PULLED, EDITORS, Town


async def test_what_is_taken_is_read_back_and_given_back_exactly(town: Town) -> None:
    await town.settle()
    assert await town.states() == {}, "nothing is pulled in peace"
    activation = await town.activate()
    await town.settle()
    assert await town.states() == ALL_PULLED
    assert [town.platform.writers(account) for account in ALL_PULLED] == [[], [], []]
    row = await town.row("library")
    assert [each["name"] for each in row.found["rights"] if each["can_publish"]] == []
    assert [each["rights"] for each in row.saved["rights"]] == [[PUBLISHES, "manage"], [PUBLISHES], ["read"]]
    assert row.pulled_at is not None
    assert row.read_at is not None
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before
    assert await town.on_record() == [("pull_lever", "pulled")] * 3 + [("restore_lever", "restored")] * 3


async def test_nothing_is_asked_twice_without_a_reason(town: Town) -> None:
    activation = await town.activate()
    await town.settle()
    calls = len(town.platform.calls)
    assert calls == 3 * (1 + 2 + 1), "a look, two people, a look, for each account"
    await town.settle()
    assert len(town.platform.calls) == calls
    await town.stand_down(activation)
    await town.settle()
    calls = len(town.platform.calls)
    await town.settle()
    await town.later(1)
    assert len(town.platform.calls) == calls


async def test_several_processes_share_the_work_and_do_nothing_twice(town: Town) -> None:
    activation = await town.activate()
    duties = [town.duty() for _ in range(3)]
    await asyncio.gather(*(each.round() for each in duties))
    await asyncio.gather(*(each.round() for each in duties))
    assert await town.states() == ALL_PULLED
    assert len(town.platform.calls) == 12
    await town.stand_down(activation)
    await asyncio.gather(*(each.round() for each in duties))
    await asyncio.gather(*(each.round() for each in duties))
    assert await town.states() == ALL_BACK
    assert await town.on_record() == [("pull_lever", "pulled")] * 3 + [("restore_lever", "restored")] * 3


async def test_a_lease_is_renewed_for_as_long_as_a_slow_platform_takes(town: Town) -> None:
    town.platform.seconds = 0.4
    await town.activate()
    await asyncio.gather(*(town.duty(lease_seconds=0.8).round() for _ in range(2)))
    assert await town.states() == ALL_PULLED
    assert len(town.platform.calls) == 12, "four calls each take twice the lease, and nobody else began"


async def test_the_accounts_that_carry_the_crisis_messages_are_never_cut_off(db: Database) -> None:
    with Platform("kommune", "library", "bare", "closed", "elsewhere") as platform:
        town = Town(db, platform)
        await town.add("kommune", unit=EDITORS)
        await town.add("KOMMUNE/", unit="service desk", name="another unit on the editors' page")
        await town.add("library", unit="library")
        await town.add("bare", unit="pool", has_admin=False)
        await town.run(
            "UPDATE accounts SET state = 'closed' WHERE id = :id", id=await town.add("closed", unit="closed")
        )
        await town.run(
            "UPDATE accounts SET channel = 'finn' WHERE id = :id", id=await town.add("elsewhere", unit="elsewhere")
        )
        await town.activate()
        await town.settle()
        assert await town.states() == {"library": "pulled"}
        untouched = ("kommune", "bare", "closed", "elsewhere")
        assert [platform.writers(account) for account in untouched] == [["1", "2"]] * 4
        assert {account for _, account in platform.calls} == {"library"}


async def test_two_accounts_at_one_place_have_one_lever_so_that_what_was_so_is_saved_once(db: Database) -> None:
    with Platform("site") as platform:
        town = Town(db, platform)
        await town.add("site", unit="library", name="first")
        await town.add("site", unit="school", name="second")
        activation = await town.activate()
        await town.settle()
        assert await town.states() == {"first": "pulled"}
        await town.stand_down(activation)
        await town.settle()
        assert platform.is_as_before
