"""The duty of levers: pulled, read back, given back exactly; and what it says of a platform that lies, refuses or is slow."""

import asyncio

import pytest

from crisis.db import Database
from tests.crisis.levers.platform import PUBLISHES, Platform
from tests.crisis.levers.remote_lever import RemoteLever
from tests.crisis.levers.town import EDITORS, Town

ALL_PULLED = {"library": "pulled", "school": "pulled", "pool": "pulled"}
ALL_BACK = {"library": "restored", "school": "restored", "pool": "restored"}


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


async def test_who_cannot_be_removed_is_named_and_the_others_are(town: Town) -> None:
    town.platform.accounts["school"]["2"]["is_removable"] = False
    activation = await town.activate()
    await town.settle()
    assert await town.states() == ALL_PULLED | {"school": "incomplete"}
    row = await town.row("school")
    assert row.error == "No interface of the platform takes the right to publish from Per of school. Call them."
    assert [each["name"] for each in row.found["rights"] if each["can_publish"]] == ["Per of school"]
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK


async def test_a_platform_that_says_yes_and_does_nothing_is_shown_as_it_is(town: Town) -> None:
    town.platform.lies.add("school")
    activation = await town.activate()
    await town.settle()
    assert await town.states() == ALL_PULLED | {"school": "pulling"}, (
        "it is tried again some times before a person is told"
    )
    await town.later()
    assert await town.states() == ALL_PULLED | {"school": "failed"}
    row = await town.row("school")
    assert row.error == (
        "The platform said yes, and reading back shows that Kari of school, Per of school can still publish."
    )
    assert (await town.on_record()).count(("pull_lever", "failed")) == 1, "the same news is told once"
    town.platform.lies.clear()
    await town.later(1)
    assert await town.states() == ALL_PULLED
    await town.stand_down(activation)
    await town.settle()
    assert town.platform.is_as_before


async def test_half_a_failure_names_who_remains_and_what_the_platform_said(town: Town) -> None:
    town.platform.refuses.add(("school", "2"))
    activation = await town.activate()
    await town.settle()
    assert await town.states() == ALL_PULLED | {"school": "failed"}
    assert (await town.row("school")).error == (
        "The platform refused: 2 is not yours to change. Reading back shows that Per of school can still publish."
    )
    assert town.platform.writers("school") == ["2"]
    town.platform.refuses.clear()
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before


async def test_an_account_that_is_gone_at_the_platform_says_so(town: Town) -> None:
    gone = town.platform.accounts.pop("pool")
    activation = await town.activate()
    await town.settle()
    assert await town.states() == ALL_PULLED | {"pool": "absent"}
    assert (await town.row("pool")).error == "The platform has no such account: no such account."
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK | {"pool": "absent"}
    town.platform.accounts["pool"] = gone
    assert town.platform.is_as_before


async def test_what_is_deleted_after_it_was_pulled_ends_and_is_not_asked_for_for_ever(town: Town) -> None:
    activation = await town.activate()
    await town.settle()
    del town.platform.accounts["pool"]
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK | {"pool": "absent"}
    calls = len(town.platform.calls)
    await town.later(2)
    assert len(town.platform.calls) == calls


async def test_a_platform_that_is_away_is_tried_again_and_delays_no_other(town: Town) -> None:
    town.platform.down.add("library")
    activation = await town.activate()
    await town.settle()
    assert await town.states() == ALL_PULLED | {"library": "wanted"}
    await town.later()
    assert (await town.row("library")).error == "The platform answered 503."
    assert await town.states() == ALL_PULLED | {"library": "failed"}
    town.platform.down.clear()
    await town.later(1)
    assert await town.states() == ALL_PULLED
    town.platform.down.add("library")
    await town.later(1)
    assert await town.states() == ALL_PULLED, "a look that fails says nothing new about who can publish"
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK | {"library": "restoring"}
    await town.later()
    assert await town.states() == ALL_BACK | {"library": "by_hand"}
    assert (await town.row("library")).error == (
        "Give it back at the platform by hand. Kari of library: publish, manage; Per of library: publish; "
        "Liv of library: read. The platform answered 503."
    )
    town.platform.down.clear()
    await town.later(1)
    assert await town.states() == ALL_BACK, "it is seen now and then whether it can be done after all"
    assert town.platform.is_as_before


async def test_a_platform_that_does_not_answer_meets_a_hard_limit(db: Database) -> None:
    with Platform("library", "school") as platform:
        town = Town(db, platform, RemoteLever(platform.url, call_seconds=0.1))
        await town.build()
        platform.silent.add("library")
        await town.activate()
        await town.settle()
        assert await town.states() == {"library": "wanted", "school": "pulled"}
        assert (await town.row("library")).error == "No answer within 0.3 seconds."
        platform.silent.clear()


async def test_who_gets_the_right_back_during_the_lock_loses_it_again_and_newcomers_keep_theirs_after_it(
    town: Town,
) -> None:
    activation = await town.activate()
    await town.settle()
    town.platform.accounts["library"]["1"]["rights"] = [PUBLISHES]
    newcomer = {"name": "Ola", "rights": [PUBLISHES], "is_removable": True}
    town.platform.accounts["library"]["9"] = dict(newcomer)
    await town.later(1)
    assert town.platform.writers("library") == []
    assert await town.states() == ALL_PULLED
    assert (await town.on_record()).count(("pull_lever", "pulled")) == 4
    await town.stand_down(activation)
    await town.settle()
    town.platform.before["library"]["9"] = newcomer
    assert town.platform.is_as_before


async def test_what_no_interface_gives_back_is_a_persons_to_do_and_is_seen_when_done(db: Database) -> None:
    with Platform("library") as platform:
        town = Town(db, platform, RemoteLever(platform.url, is_reversible=False))
        await town.build()
        activation = await town.activate()
        await town.settle()
        await town.stand_down(activation)
        await town.settle()
        assert await town.states() == {"library": "by_hand"}
        assert (await town.row("library")).error == (
            "Give it back at the platform by hand. Kari of library: publish, manage; Per of library: publish. "
            "No interface of the platform gives back what was taken."
        )
        platform.accounts["library"] = platform.before["library"]
        await town.later(1)
        assert await town.states() == {"library": "restored"}


async def test_an_activation_set_while_levers_are_being_given_back_keeps_what_was_so_before_both(town: Town) -> None:
    first = await town.activate()
    await town.settle()
    town.platform.down.add("library")
    await town.stand_down(first)
    await town.settle()
    assert (await town.states())["library"] == "restoring"
    assert town.platform.writers("library") == []
    second = await town.activate()
    town.platform.down.clear()
    await town.later(1)
    assert await town.states(second) == ALL_PULLED
    assert (await town.states(first))["library"] == "restoring", "the older one waits for the newer"
    assert (await town.row("library")).saved["rights"][0]["rights"] == [PUBLISHES, "manage"]
    await town.stand_down(second)
    await town.settle()
    assert await town.states(second) == ALL_BACK
    assert await town.states(first) == ALL_BACK
    assert town.platform.is_as_before


async def test_a_stand_down_before_anything_was_changed_leaves_nothing_to_give_back(town: Town) -> None:
    town.platform.down |= {"library", "school", "pool"}
    activation = await town.activate()
    await town.settle()
    await town.stand_down(activation)
    calls = len(town.platform.calls)
    await town.settle()
    assert await town.states() == ALL_BACK
    assert len(town.platform.calls) == calls


@pytest.mark.parametrize("step", ["save", "revoke"])
async def test_a_stand_down_in_the_middle_of_a_pull_leaves_nothing_revoked(town: Town, step: str) -> None:
    """Before it is saved nothing is taken any more; after it, what was taken is given back."""
    activation = await town.activate()
    reached = []

    def before(at: str) -> None:
        if at == step and not reached:
            reached.append(at)

    town.levers = town.duty(before=before)
    task = asyncio.create_task(town.levers.round())
    while not reached:
        await asyncio.sleep(0.001)
    await town.stand_down(activation)
    await task
    await town.settle()
    await town.settle()
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before


async def test_an_account_that_was_connected_elsewhere_meanwhile_is_given_back_where_it_was_taken(town: Town) -> None:
    activation = await town.activate()
    await town.settle()
    await town.run("UPDATE accounts SET address = 'school' WHERE id = :id", id=town.ids["library"])
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK
    assert town.platform.is_as_before


async def test_a_closed_account_whose_credentials_are_erased_is_a_persons_to_give_back(town: Town) -> None:
    activation = await town.activate()
    await town.settle()
    await town.run(
        "UPDATE accounts SET admin_credentials = NULL, state = 'closed' WHERE id = :id", id=town.ids["library"]
    )
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_BACK | {"library": "by_hand"}
    error = (await town.row("library")).error
    assert error.startswith(
        "Give it back at the platform by hand. Kari of library: publish, manage; Per of library: pub"
    )
    assert error.endswith("No administrator's credentials.")
