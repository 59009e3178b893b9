"""The contract of the watch: of every channel, and feed, whose posts can be looked at."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from crisis.channel_watch import Watch
from crisis.channels import ChannelError, Gone, Misconfigured
from tests.adapters.contract import error_of, in_time
from tests.adapters.lock.claims import WITHIN, scheduling, watched
from tests.adapters.lock_contract import Held

SLACK = 5.0
"""Seconds an age may be off: platforms write times in whole ones, and a test takes its time."""


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
