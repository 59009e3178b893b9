"""The contract of schedules: of every channel in which posts wait for their time."""

import asyncio
from typing import Any

import pytest

from crisis.channels import ChannelError, Gone, Rejected, Throttled
from tests.adapters.contract import error_of
from tests.adapters.lock.claims import WITHIN, _error, scheduling
from tests.adapters.lock_contract import Held


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
    outlet.foreign("a", "Lesestund", due_in_seconds=3)
    (planned,) = await channel.list_planned(outlet.planner())
    await asyncio.sleep(3)
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
