"""Posts behind our back are found within one interval, one alarm each; nothing of ours is ever one."""

from collections.abc import Callable

import pytest

from crisis.activations.service import stand_down
from crisis.channels import Gone, Misconfigured, Throttled, Unavailable
from crisis.lanes import Lane
from tests import factories
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.watch.wall import Wall
from tests.crisis.watch.watchman import Watchman

Watching = Callable[..., Watchman]


async def test_a_post_that_is_not_ours_is_one_breach_with_one_entry_on_record_however_often_it_is_seen(
    bench: Workbench, watchman: Watching
) -> None:
    wall = Wall()
    library = await bench.unit_account()
    ours = await factories.account(bench.crisis, "facebook", address="the page of the web editors")
    await factories.activation(bench.db)
    watching = watchman(wall)
    assert await watching.look() == []
    wall.put_up(library, "Kom på lesestund i kveld!", author="Kari i biblioteket")
    wall.put_up(ours, "Vi gir bort en bil.")
    other = watchman(wall)
    first = await watching.look()
    of_library, of_ours = sorted(first, key=lambda each: each.account_id)  # whichever was looked at first
    assert (of_library.account_id, of_library.text) == (library, "Kom på lesestund i kveld!")
    assert (of_library.author, of_library.url) == ("Kari i biblioteket", "https://wall.test/posts/100000001")
    assert (of_ours.account_id, of_ours.text, of_ours.author) == (ours, "Vi gir bort en bil.", None)
    assert 0 <= of_library.after.total_seconds() < 10
    await other.look()
    assert await watching.look() == first
    entries = await watching.entries("breach")
    assert [each["subject"] for each in entries] == [f"breach:{each.id}" for each in first]
    (entry,) = [each for each in entries if each["subject"] == f"breach:{of_library.id}"]
    assert entry["detail"]["author"] == "Kari i biblioteket"
    assert entry["mode"] == "actual"


@pytest.mark.parametrize("skew", [-300.0, 300.0])
async def test_a_platform_whose_clock_is_five_minutes_off_changes_nothing(
    bench: Workbench, watchman: Watching, skew: float
) -> None:
    wall = Wall(skew=skew)
    library = await bench.unit_account()
    wall.put_up(library, "Åpent som vanlig i morgen.", ago=200.0)
    await factories.activation(bench.db)
    await bench.run("UPDATE activations SET activated_at = activated_at - interval '100 seconds'")
    wall.put_up(library, "Kom på lesestund i kveld!", ago=50.0)
    watching = watchman(wall)
    (breach,) = await watching.look()
    assert breach.text == "Kom på lesestund i kveld!"
    assert 48 < breach.after.total_seconds() < 60
    assert await watching.look() == [breach]


async def test_nothing_of_ours_is_a_breach(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    ids = await bench.alert("facebook")
    watching = watchman(wall)
    await bench.send(Lane.PUBLIC, wall)
    assert await bench.states(ids) == {"accepted": 1}
    assert await watching.look() == []
    assert len(wall.looks) == 1


async def test_what_is_not_in_force_is_not_watched(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    library = await bench.unit_account()
    watching = watchman(wall)
    wall.put_up(library, "Kom på lesestund i kveld!", ago=5.0)
    assert await watching.look() == []
    assert wall.looks == []


async def test_the_last_look_is_after_the_stand_down_and_finds_what_came_out_before_it(
    bench: Workbench, watchman: Watching
) -> None:
    wall = Wall()
    library = await bench.unit_account()
    activation = await factories.activation(bench.db)
    watching = watchman(wall)
    assert await watching.look() == []
    await stand_down(bench.db, factories.DIRECTOR, activation.id)
    looks = len(wall.looks)
    assert await watching.look() == []
    assert len(wall.looks) == looks, "a platform lists a post some seconds after it came out"
    await bench.run(
        "UPDATE activations SET activated_at = activated_at - interval '1 min', stood_down_at = stood_down_at - interval '30 s'"
    )
    wall.put_up(library, "Vi holder åpent!", ago=40.0)
    wall.put_up(library, "Vi er tilbake.", ago=20.0)
    await bench.run("UPDATE watches SET looked_at = now() - interval '50 s'")
    wall.trouble = lambda _: Unavailable("No connection.")
    assert await watching.look() == []
    wall.trouble = lambda _: None
    (breach,) = await watching.look()
    assert breach.text == "Vi holder åpent!"
    looks = len(wall.looks)
    assert await watching.look() == [breach]
    assert len(wall.looks) == looks, "once, and never again"


async def test_an_account_that_never_answers_after_the_stand_down_is_given_up(
    bench: Workbench, watchman: Watching
) -> None:
    wall = Wall()
    await bench.unit_account()
    activation = await factories.activation(bench.db)
    watching = watchman(wall)
    wall.trouble = lambda _: Unavailable("No connection.")
    await watching.look()
    await stand_down(bench.db, factories.DIRECTOR, activation.id)
    await bench.run("UPDATE activations SET stood_down_at = stood_down_at - interval '61 min'")
    looks = len(wall.looks)
    await watching.look()
    assert len(wall.looks) == looks


async def test_an_account_that_was_deleted_at_its_platform_says_so_once(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    library = await bench.unit_account()
    await factories.activation(bench.db)
    watching = watchman(wall)
    wall.trouble = lambda _: Gone("The page was deleted.")
    await watching.look()
    await watching.look()
    (row,) = await watching.watches()
    assert row.is_absent
    assert row.error == "The page was deleted."
    assert [each["subject"] for each in await watching.entries("account_absent")] == [f"account:{library}"]
    wall.trouble = lambda _: None
    await watching.look()
    (row,) = await watching.watches()
    assert not row.is_absent
    assert row.error is None
    assert len(await watching.entries("account_present")) == 1


async def test_who_asks_us_to_wait_is_not_asked_before(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    await bench.unit_account()
    await factories.activation(bench.db)
    watching = watchman(wall)
    wall.trouble = lambda _: Throttled("Slow down.", retry_after=900.0)
    await watching.look()
    (row,) = await watching.watches()
    assert row.wait.total_seconds() > 890
    assert row.looked_at is None
    wall.trouble = lambda _: Unavailable("No connection.")
    for _ in range(3):
        await watching.look()
    (row,) = await watching.watches()
    assert row.failures == 4
    assert row.wait.total_seconds() < 60
    wall.trouble = lambda _: Misconfigured("Wrong token.")
    await watching.look()
    (row,) = await watching.watches()
    assert 40 < row.wait.total_seconds() < 80
    wall.trouble = lambda _: None
    await watching.look()
    (row,) = await watching.watches()
    assert (row.failures, row.error) == (0, None)
    assert 40 < row.wait.total_seconds() < 80


async def test_each_look_goes_back_behind_the_last_and_no_further_than_the_lock(
    bench: Workbench, watchman: Watching
) -> None:
    wall = Wall()
    await bench.unit_account()
    await factories.activation(bench.db)
    await bench.run("UPDATE activations SET activated_at = activated_at - interval '1 day'")
    watching = watchman(wall)
    await watching.look()
    await watching.look()
    (_, first), (_, second) = wall.looks
    assert 86_400 < first < 86_400 + 700
    assert 3_600 < second < 3_600 + 700
