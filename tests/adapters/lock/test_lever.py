"""The contract of the lever: what the engine may rely on, of every channel that has one."""

import json
from typing import Any, cast

import pytest

from crisis.channel_access import Access, Lever
from crisis.channel_watch import Schedule, Watch
from crisis.channels import Channel, Gone, Misconfigured, OutcomeUnknown, Unsupported
from tests.adapters.contract import error_of, shows_a_secret, tripwire
from tests.adapters.lock.claims import WITHIN, _claiming, _error, _held, watched
from tests.adapters.lock_contract import HELD, Held

CLAIMS: tuple[Any, ...] = (Lever, Watch, Schedule)
levers = pytest.mark.parametrize("outlet", _held(Lever), indirect=True)


@pytest.fixture
def lever(channel: Channel) -> Lever:
    return cast("Lever", channel)


def test_every_channel_that_claims_something_is_in_the_suite() -> None:
    assert {name for claim in CLAIMS for name in _claiming(claim)} == set(HELD)


@levers
async def test_a_levers_credentials_are_not_those_that_publish(outlet: Held, channel: Any) -> None:
    assert channel.admin_credentials
    assert set(channel.admin_credentials).isdisjoint(channel.capabilities.credentials)
    assert set(channel.admin_credentials) <= set(outlet.admin_credentials)


@levers
async def test_looking_changes_nothing_and_tells_who_can_publish(outlet: Held, lever: Lever) -> None:
    outlet.people()
    before = len(outlet.sandbox.records())
    access = await lever.inspect(outlet.admin())
    assert access.open_to
    assert all(each.id and each.name for each in access.rights)
    assert await lever.inspect(outlet.admin()) == access
    assert len(outlet.sandbox.records()) == before
    assert Access.from_json(json.loads(json.dumps(access.to_json()))) == access
    assert not shows_a_secret(str(access.to_json()))


@levers
async def test_pulled_and_read_back_only_those_nobody_can_remove_are_left(outlet: Held, lever: Lever) -> None:
    outlet.people()
    saved = await lever.inspect(outlet.admin())
    for _ in range(2):  # whoever died in between does it again
        await lever.revoke(outlet.admin(), saved)
        left = (await lever.inspect(outlet.admin())).open_to
        assert not any(each.is_removable for each in left)
        assert [each for each in saved.open_to if not each.is_removable] == list(left)
    assert all(each.name == outlet.unremovable for each in left)


@levers
async def test_given_back_everyone_has_exactly_what_they_had(outlet: Held, lever: Lever) -> None:
    outlet.people()
    saved = await lever.inspect(outlet.admin())
    kept = Access.from_json(json.loads(json.dumps(saved.to_json())))
    await lever.revoke(outlet.admin(), kept)
    if not lever.is_reversible:
        await lever.restore(outlet.admin(), kept)
        assert not any(each.is_removable for each in (await lever.inspect(outlet.admin())).open_to)
        return
    for _ in range(2):
        await lever.restore(outlet.admin(), kept)
        again = await lever.inspect(outlet.admin())
        assert {each.id: each for each in again.rights} == {each.id: each for each in saved.rights}


@levers
async def test_a_lever_that_was_never_pulled_is_given_back_too(outlet: Held, lever: Lever) -> None:
    outlet.people()
    saved = await lever.inspect(outlet.admin())
    await lever.restore(outlet.admin(), saved)
    assert {each.id: each for each in (await lever.inspect(outlet.admin())).rights} == {
        each.id: each for each in saved.rights
    }


@levers
async def test_what_the_service_publishes_still_goes_out(outlet: Held, channel: Any) -> None:
    if not outlet.publishes_on:
        pytest.skip("the lever takes the account's own sender, and the service has another")
    outlet.people()
    await channel.revoke(outlet.admin(), await channel.inspect(outlet.admin()))
    await channel.publish(outlet.account(), outlet.message())
    assert len(outlet.creates()) == 1


@levers
async def test_a_platform_that_lies_is_found_out_by_reading_back(outlet: Held, lever: Lever) -> None:
    outlet.people()
    outlet.scene(is_lying=True)
    saved = await lever.inspect(outlet.admin())
    await lever.revoke(outlet.admin(), saved)
    assert await lever.inspect(outlet.admin()) == saved


@levers
async def test_half_done_is_said_and_can_be_finished(outlet: Held, lever: Lever) -> None:
    outlet.people()
    saved = await lever.inspect(outlet.admin())
    outlet.sandbox.fault(str(outlet.provider), "5xx_before", times=1, match={"verb": "right"})
    assert await error_of(lever.revoke(outlet.admin(), saved), OutcomeUnknown)
    await lever.revoke(outlet.admin(), saved)
    assert not any(each.is_removable for each in (await lever.inspect(outlet.admin())).open_to)


@levers
async def test_an_answer_that_is_lost_leaves_the_outcome_unknown(outlet: Held, lever: Lever) -> None:
    outlet.people()
    saved = await lever.inspect(outlet.admin())
    outlet.sandbox.fault(str(outlet.provider), "drop_after", times=1, match={"verb": "right"})
    assert await error_of(lever.revoke(outlet.admin(), saved), OutcomeUnknown)
    await lever.revoke(outlet.admin(), saved)
    assert not any(each.is_removable for each in (await lever.inspect(outlet.admin())).open_to)


@levers
async def test_an_account_that_is_gone_is_said_to_be_gone(outlet: Held, lever: Lever) -> None:
    outlet.people()
    saved = await lever.inspect(outlet.admin())
    outlet.vanish()
    assert await error_of(lever.inspect(outlet.admin()), Gone)
    assert await error_of(lever.revoke(outlet.admin(), saved), Gone)
    if lever.is_reversible:
        assert await error_of(lever.restore(outlet.admin(), saved), Gone)


@levers
async def test_without_the_administrators_credentials_nothing_is_asked(outlet: Held, lever: Lever) -> None:
    for call in (lever.inspect(outlet.account()), lever.revoke(outlet.account(), Access())):
        assert await error_of(call, Misconfigured, Unsupported)
    assert outlet.sandbox.requests() == []


@levers
async def test_a_lever_of_an_exercise_reaches_nothing_else(outlet: Held) -> None:
    with tripwire() as (address, reached):
        async with outlet.opened(f"http://{address}") as channel:
            lever = cast("Lever", channel)
            for call in (lever.inspect(outlet.admin()), lever.revoke(outlet.admin(), Access())):
                if (error := await _error(call)) is not None:
                    assert isinstance(error, Misconfigured)
        assert reached == []


@watched
async def test_nothing_there_is_nothing_and_a_watch_is_no_hammer(outlet: Held, channel: Any) -> None:
    assert list(await channel.list_posted(outlet.account(), WITHIN)) == []
    assert channel.watch_seconds >= 15
    assert outlet.sandbox.records() == []
