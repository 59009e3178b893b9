"""The duty of levers when it ends, or ends at a bad moment: everybody gets back what they had, and nothing else."""

import asyncio

import pytest

from crisis.db import Database
from tests.crisis.levers.platform import PUBLISHES, Platform
from tests.crisis.levers.remote_lever import RemoteLever
from tests.crisis.levers.town import ALL_BACK, ALL_PULLED, Town


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
