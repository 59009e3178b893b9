"""What a platform tells of an account makes it looked at now. It proves nothing, and never makes us ask more often than we may."""

from collections.abc import Callable

from sqlalchemy import text

from crisis.channels import Throttled
from crisis.mode import Mode
from crisis.watch.ring import LEAST_SECONDS, ring
from tests import factories
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.watch.wall import Wall
from tests.crisis.watch.watchman import Watchman

Watching = Callable[..., Watchman]


async def rung(bench: Workbench, *addresses: str, channel: str = "facebook") -> int:
    async with bench.db.transaction() as session:
        return await ring(session, Mode.ACTUAL, channel, addresses)


async def test_it_is_looked_at_at_once_and_only_what_is_there_is_a_breach(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    library = await bench.unit_account()
    await factories.activation(bench.db)
    watching = watchman(wall)
    await watching.look()
    await bench.run("UPDATE watches SET looked_at = looked_at - interval '1 minute'")
    wall.put_up(library, "Kom på lesestund i kveld!")
    await watching.settle()
    assert await watching.breaches() == [], "its turn has not come"
    assert await rung(bench, "facebook-address") == 1
    await watching.settle()
    assert len(await watching.breaches()) == 1
    await bench.run("UPDATE watches SET looked_at = looked_at - interval '1 minute'")
    await rung(bench, "facebook-address")
    await watching.settle()
    assert len(wall.looks) == 3
    assert len(await watching.breaches()) == 1


async def test_a_storm_of_rings_is_a_look_every_few_seconds(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    await bench.unit_account()
    await factories.activation(bench.db)
    watching = watchman(wall)
    await watching.look()
    for _ in range(5):
        await rung(bench, "facebook-address")
        await watching.settle()
    assert len(wall.looks) == 1
    (row,) = await watching.watches()
    assert row.wait.total_seconds() <= LEAST_SECONDS


async def test_who_asked_us_to_wait_is_not_asked_because_it_rang(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    await bench.unit_account()
    await factories.activation(bench.db)
    wall.trouble = lambda _: Throttled("Slow down.", retry_after=900.0)
    watching = watchman(wall)
    await watching.look()
    assert await rung(bench, "facebook-address") == 0
    (row,) = await watching.watches()
    assert row.wait.total_seconds() > 800


async def test_what_rings_while_we_look_is_looked_at_again(bench: Workbench, watchman: Watching) -> None:
    wall = Wall()
    await bench.unit_account()
    await factories.activation(bench.db)
    watching = watchman(wall)
    await watching.look()
    await bench.run("UPDATE watches SET next_at = now(), looked_at = looked_at - interval '1 minute'")
    await watching.duty._begin()
    assert await rung(bench, "facebook-address") == 1
    await watching.settle()
    assert len(wall.looks) == 3


async def test_accounts_that_are_not_watched_do_not_ring(bench: Workbench) -> None:
    await bench.unit_account()
    assert await rung(bench, "facebook-address") == 0
    await factories.activation(bench.db)
    assert await rung(bench, "facebook-address", "nowhere") == 0
    async with bench.db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM watches"))).scalar_one() == 0
