"""The contract of the lock: what the engine may rely on, of every channel that has a lever, is watched, or schedules posts.

Every check runs for every channel that claims what it is about, against the sandbox over real sockets.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from adapters import CHANNELS
from crisis.channel_access import Access, Lever
from crisis.channel_watch import Schedule, Watch
from crisis.channels import Channel, ChannelError, Gone, Misconfigured, OutcomeUnknown, Rejected, Throttled, Unsupported
from tests.adapters.contract import APP_ID, TWILIO_TOKEN, error_of, in_time, shows_a_secret, tripwire
from tests.adapters.lock_contract import ADMIN_TOKEN, BESIDE, HELD, Held
from tests.adapters.sandbox_server import SandboxServer
from tests.adapters.setups import a_setup

CLAIMS: tuple[Any, ...] = (Lever, Watch, Schedule)
SLACK = 5.0
"""Seconds an age may be off: platforms write times in whole ones, and a test takes its time."""
WITHIN = 3600.0


def _claiming(claim: Any) -> list[str]:
    setup = a_setup("http://127.0.0.1:1", "127.0.0.1:1", public_dir=Path("exercise/public"))
    return [name for name, build in CHANNELS.items() if isinstance(build(setup), claim)]


def _held(claim: Any) -> list[str]:
    return [name for name in _claiming(claim) if name in HELD]


levers = pytest.mark.parametrize("outlet", _held(Lever), indirect=True)
watched = pytest.mark.parametrize("outlet", [*_held(Watch), *BESIDE], indirect=True)
scheduling = pytest.mark.parametrize("outlet", _held(Schedule), indirect=True)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(TWILIO_TOKEN, CRISIS_FACEBOOK_APP_ID=APP_ID) as running:
        yield running


@pytest.fixture
def outlet(
    request: pytest.FixtureRequest, server: SandboxServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Iterator[Held]:
    """A far end, empty and behaving. Whatever was done with it, no secret was in a URL or a log line."""
    server.clear()
    caplog.set_level(logging.DEBUG)
    yield {**HELD, **BESIDE}[request.param](server, tmp_path, "http://127.0.0.1:1")
    assert {counts.get("tokens_in_urls", 0) for counts in server.counts().values()} == {0}
    seen = [
        *(each["target"] for each in server.requests()),
        *(each.getMessage() for each in caplog.get_records("call")),
    ]
    assert not any(shows_a_secret(each) or ADMIN_TOKEN in each for each in seen)


@pytest.fixture
async def channel(outlet: Held) -> AsyncIterator[Any]:
    async with outlet.opened() as channel:
        yield channel


@pytest.fixture
def lever(channel: Channel) -> Lever:
    return cast("Lever", channel)


def test_every_channel_that_claims_something_is_in_the_suite() -> None:
    assert {name for claim in CLAIMS for name in _claiming(claim)} == set(HELD)


# The lever


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


async def _error(call: Any) -> ChannelError | None:
    try:
        await call
    except ChannelError as error:
        return error
    return None


# The watch


@watched
async def test_nothing_there_is_nothing_and_a_watch_is_no_hammer(outlet: Held, channel: Any) -> None:
    assert list(await channel.list_posted(outlet.account(), WITHIN)) == []
    assert channel.watch_seconds >= 15
    assert outlet.sandbox.records() == []


@watched
async def test_a_post_behind_our_back_is_found_with_all_there_is_to_it(outlet: Held, channel: Any) -> None:
    reference = outlet.foreign("a", "Åpent som vanlig på biblioteket", author="Bibliotekets redaktør", age_seconds=120)
    (found,) = await channel.list_posted(outlet.account(), WITHIN)
    assert found.reference == reference
    assert "Åpent som vanlig" in found.text
    assert abs(found.age_seconds - 120) < SLACK
    assert not found.is_ours
    assert found.author == ("Bibliotekets redaktør" if outlet.tells_author else None)


@watched
async def test_our_own_post_has_the_reference_of_its_receipt(outlet: Held, channel: Any) -> None:
    if not outlet.publishes:
        pytest.skip("nothing of ours is published there")
    receipt = await channel.publish(outlet.account(), outlet.message())
    foreign = outlet.foreign("a", "Ikke vårt")
    found = await channel.list_posted(outlet.account(), WITHIN)
    assert {each.reference for each in found} == {receipt.reference, foreign}


@watched
@pytest.mark.parametrize("skew", [300.0, -300.0])
async def test_ages_are_right_however_wrong_the_platforms_clock_is(outlet: Held, channel: Any, skew: float) -> None:
    outlet.scene(skew_seconds=skew)
    outlet.foreign("a", "Før", age_seconds=200)
    outlet.foreign("b", "Etter")
    found = await channel.list_posted(outlet.account(), 30.0)
    assert found[0].age_seconds < SLACK
    ages = {round(each.age_seconds / 100) for each in found}
    assert ages <= {0, 2}
    assert 0 in ages


@watched
async def test_everything_is_listed_the_newest_first(outlet: Held, channel: Any) -> None:
    references = [outlet.foreign(f"n{n}", f"Nr. {n}", age_seconds=1000 - n * 8) for n in range(120)]
    found = [each.reference for each in await channel.list_posted(outlet.account(), WITHIN)]
    assert found == references[::-1]


@watched
@pytest.mark.parametrize(
    "kind", ["garbage", "wrong_type", "html", "json_503", "429", "drop_before", "bare", "5xx_before"]
)
async def test_what_cannot_be_read_is_never_nothing_there(outlet: Held, channel: Any, kind: str) -> None:
    outlet.foreign("a", "Der er noe")
    outlet.sandbox.fault(str(outlet.provider), kind, match={"verb": "read"})
    assert await error_of(channel.list_posted(outlet.account(), WITHIN), ChannelError)


@watched
async def test_a_watched_account_that_is_gone_is_said_to_be_gone(outlet: Held, channel: Any) -> None:
    if not outlet.watched_can_vanish:
        pytest.skip("a sender is a name, and there is no account of its own to be gone")
    outlet.vanish()
    assert await error_of(channel.list_posted(outlet.account(), WITHIN), Gone)


@watched
async def test_a_look_is_bounded_in_time(outlet: Held) -> None:
    outlet.sandbox.fault(str(outlet.provider), "timeout_before", match={"verb": "read"})
    async with outlet.opened(call_seconds=1.0) as channel:
        look = cast("Watch", channel).list_posted(outlet.account(), WITHIN)
        assert await error_of(in_time(look, 1.0), ChannelError)


@watched
async def test_credentials_that_are_not_let_in_are_for_a_person(outlet: Held, channel: Any) -> None:
    outlet.sandbox.fault(
        str(outlet.provider), "error", status=401, code=_LOCKED_OUT.get(str(outlet.provider)), match={"verb": "read"}
    )
    assert await error_of(channel.list_posted(outlet.account(), WITHIN), Misconfigured)


_LOCKED_OUT = {"graph": 190, "twilio": 20003, "wordpress": "rest_not_logged_in"}


# What is scheduled


@scheduling
async def test_what_is_planned_is_listed_the_soonest_first(outlet: Held, channel: Any) -> None:
    assert list(await channel.list_planned(outlet.planner())) == []
    later = outlet.foreign("b", "Quiz på fredag", due_in_seconds=9000, author="Bibliotekets redaktør")
    sooner = outlet.foreign("a", "Lesestund", due_in_seconds=3600)
    outlet.foreign("c", "Allerede ute")
    found = await channel.list_planned(outlet.planner())
    assert [each.reference for each in found] == [sooner, later]
    assert "Lesestund" in found[0].text
    assert abs(found[0].due_at - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=SLACK)
    assert not any(each.reference in {sooner, later} for each in await channel.list_posted(outlet.account(), WITHIN))


@scheduling
async def test_unscheduled_it_does_not_go_out_and_again_is_harmless(outlet: Held, channel: Any) -> None:
    outlet.foreign("a", "Lesestund", due_in_seconds=3)
    (planned,) = await channel.list_planned(outlet.planner())
    await channel.unschedule(outlet.planner(), planned)
    assert list(await channel.list_planned(outlet.planner())) == []
    error = await _error(channel.unschedule(outlet.planner(), planned))
    assert error is None or isinstance(error, Gone)
    await asyncio.sleep(3)
    assert list(await channel.list_posted(outlet.account(), WITHIN)) == []


@scheduling
async def test_what_went_out_meanwhile_is_gone_and_stays_out(outlet: Held, channel: Any) -> None:
    """Taking down what the public has seen is an act of its own."""
    outlet.foreign("a", "Lesestund", due_in_seconds=1)
    (planned,) = await channel.list_planned(outlet.planner())
    await asyncio.sleep(1.1)
    assert await error_of(channel.unschedule(outlet.planner(), planned), Gone)
    (found,) = await channel.list_posted(outlet.account(), WITHIN)
    assert found.reference == planned.reference


@scheduling
async def test_a_platform_that_does_not_let_us_unschedule_says_so(outlet: Held, channel: Any) -> None:
    outlet.foreign("a", "Lesestund", due_in_seconds=3600)
    (planned,) = await channel.list_planned(outlet.planner())
    outlet.sandbox.fault(str(outlet.provider), "error", status=403, code=200, message="No.", match={"verb": "write"})
    error = await error_of(channel.unschedule(outlet.planner(), planned), Rejected)
    assert not isinstance(error, Gone)
    assert len(await channel.list_planned(outlet.planner())) == 1


@scheduling
@pytest.mark.parametrize("kind", ["garbage", "wrong_type", "429", "5xx_before"])
async def test_a_plan_that_cannot_be_read_is_never_empty(outlet: Held, channel: Any, kind: str) -> None:
    outlet.foreign("a", "Lesestund", due_in_seconds=3600)
    outlet.sandbox.fault(str(outlet.provider), kind, match={"verb": "read"})
    error = await error_of(channel.list_planned(outlet.planner()), ChannelError)
    assert isinstance(error, Throttled) == (kind == "429")
