"""Trying again at once: only what failed and waits, and not what may be out."""

import pytest

from crisis.channels import OutcomeUnknown, Unavailable
from crisis.deliveries.impatience import try_again
from crisis.errors import NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.roles import Actor, Role
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR


async def test_what_failed_is_tried_at_once_and_nothing_else(bench: Workbench) -> None:
    await bench.alert("facebook", "twitter")
    facebook = Outlet("facebook", say=lambda _: Unavailable("503"))
    x = Outlet("twitter", say=lambda _: OutcomeUnknown("502"))
    await bench.send(Lane.PUBLIC, facebook, x)
    assert await bench.states() == {"retry_wait": 1, "unknown": 1}
    await bench.run("UPDATE deliveries SET due_at = now() + interval '1 hour'")
    assert not await bench.send(Lane.PUBLIC, Outlet("facebook"), x)
    done = await try_again(bench.db, EDITOR, 1)
    assert done.deliveries == 1
    await bench.send(Lane.PUBLIC, Outlet("facebook"), x)
    assert await bench.states() == {"accepted": 1, "unknown": 1}
    assert (await try_again(bench.db, EDITOR, 1)).deliveries == 0


async def test_who_may_and_of_what(bench: Workbench) -> None:
    await bench.alert("facebook")
    with pytest.raises(NotFound):
        await try_again(bench.db, EDITOR, 99)
    with pytest.raises(NotAllowed):
        await try_again(bench.db, Actor("Sentralbordet", Role.SWITCHBOARD), 1)
