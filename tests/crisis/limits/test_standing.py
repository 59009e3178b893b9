"""Reading where accounts stand, which every sender does several times a second for as long as it runs."""

import gc

from crisis.channels import Throttled
from crisis.limits.limiter import Limiter
from crisis.limits.standing import Standings
from tests.crisis.deliveries.workbench import Workbench

LOOKS = 20


async def test_a_look_leaves_hardly_anything_for_the_collector(bench: Workbench) -> None:
    """What it leaves lies there until the next collection: megabytes in a sender, when it was some two hundred objects a look."""
    await bench.alert("sms", people=1)
    account = (await bench.rows())[0].account_id
    standings, limiter = Standings(bench.mode), Limiter(bench.mode)
    async with bench.db.transaction() as session:
        limiter.note(account, Throttled("later", retry_after=30.0))
        await limiter.learn(session)
        assert [each.flow.account_id for each in await standings.slow(session)] == [account]
        await standings.of(session, [account])
        gc.collect()
        gc.disable()
        try:
            for _ in range(LOOKS):
                await standings.slow(session)
                await standings.of(session, [account])
            left = gc.collect()
        finally:
            gc.enable()
    assert left / (2 * LOOKS) < 20
