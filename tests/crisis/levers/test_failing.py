"""The duty of levers before a platform that lies, refuses, is slow or is away, and before accounts that are gone."""

from crisis.db import Database
from tests.crisis.levers.platform import Platform
from tests.crisis.levers.remote_lever import RemoteLever
from tests.crisis.levers.town import ALL_BACK, ALL_PULLED, Town


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
