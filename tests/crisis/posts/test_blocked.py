"""Units' posts that met the lock, after it: nothing goes by itself, and their owner decides once."""

import pytest
from sqlalchemy import text

from crisis.accounts.service import close_account
from crisis.activations.service import ActivationLocked, stand_down
from crisis.audit import chain
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.factories import DIRECTOR, EDITOR, OPERATOR

TEACHER = Actor("Læreren", Role.UNIT, "skolen")


async def blocked(bench: Workbench, page: int, **more: object) -> int:
    """A post that met the lock, and the lock lifted."""
    activation = await factories.activation(bench.db)
    with pytest.raises(ActivationLocked):
        await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund", **more)  # type: ignore[arg-type]
    await stand_down(bench.db, DIRECTOR, activation.id)
    async with bench.db.transaction() as session:
        return int((await session.execute(text("SELECT max(id) FROM posts"))).scalar_one())


async def test_standing_down_sends_nothing(bench: Workbench, page: int) -> None:
    post = await blocked(bench, page)
    facebook = Outlet()
    for _ in range(3):
        await bench.sweep()
        await bench.send(Lane.UNIT, facebook)
        await bench.pass_time(86_400)
    assert facebook.begun == []
    assert (await bench.crisis.posts.get(LIBRARIAN, post)).state == "blocked"


async def test_its_owner_publishes_or_drops_it_once(bench: Workbench, page: int) -> None:
    first, second = await blocked(bench, page), await blocked(bench, page)
    posts = bench.crisis.posts
    assert (await posts.decide(LIBRARIAN, first, publish=True)).state == "ready"
    assert (await posts.decide(LIBRARIAN, second, publish=False)).state == "cancelled"
    for post in (first, second):
        with pytest.raises(Conflict, match="not blocked"):
            await posts.decide(LIBRARIAN, post, publish=True)
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert len(facebook.begun) == 1
    assert (await posts.get(LIBRARIAN, first)).state == "accepted"


async def test_nobody_elses_post_can_be_decided_or_seen(bench: Workbench, page: int) -> None:
    post = await blocked(bench, page)
    for actor in (TEACHER, EDITOR, DIRECTOR):
        with pytest.raises(NotAllowed):
            await bench.crisis.posts.decide(actor, post, publish=False)
    with pytest.raises(NotFound):
        await bench.crisis.posts.get(TEACHER, post)
    with pytest.raises(NotFound):
        await bench.crisis.posts.decide(LIBRARIAN, 99, publish=False)
    assert await bench.crisis.posts.list(TEACHER) == []
    assert len(await bench.crisis.posts.list(EDITOR)) == 1


async def test_while_the_lock_holds_it_can_be_dropped_and_not_published(bench: Workbench, page: int) -> None:
    post = await blocked(bench, page)
    await factories.activation(bench.db)
    with pytest.raises(ActivationLocked, match="stays blocked"):
        await bench.crisis.posts.decide(LIBRARIAN, post, publish=True)
    assert (await bench.crisis.posts.decide(LIBRARIAN, post, publish=False)).state == "cancelled"


async def test_a_text_message_published_after_the_lock_has_its_half_hour_from_then(bench: Workbench) -> None:
    account = await bench.unit_account("sms")
    audience = await factories.audience(bench.crisis, 2)
    post = await blocked(bench, account, audience_id=audience)
    await bench.pass_time(4 * 3600)
    await bench.crisis.posts.decide(LIBRARIAN, post, publish=True)
    sms = Outlet("sms")
    await bench.send(Lane.UNIT, sms)
    assert len(sms.begun) == 2
    assert all(each.valid_seconds is not None and 1700 < each.valid_seconds <= 1800 for each in sms.begun)


async def test_a_blocked_post_of_an_account_closed_meanwhile_can_still_be_dropped(bench: Workbench, page: int) -> None:
    post = await blocked(bench, page)
    await close_account(bench.db, OPERATOR, page)
    with pytest.raises(Invalid, match="closed"):
        await bench.crisis.posts.decide(LIBRARIAN, post, publish=True)
    assert (await bench.crisis.posts.decide(LIBRARIAN, post, publish=False)).state == "cancelled"


async def test_who_posted_and_who_decided_is_on_record(bench: Workbench, page: int) -> None:
    post = await blocked(bench, page)
    await bench.crisis.posts.decide(LIBRARIAN, post, publish=False)
    async with bench.db.transaction() as session:
        assert (await chain.verify(session)).holds
        acts = [tuple(row) for row in await session.execute(text("SELECT action, mode FROM audit ORDER BY seq"))]
    assert acts == [
        ("activate", "actual"),
        ("post", "actual"),
        ("stand_down", "actual"),
        ("drop_blocked", "actual"),
    ]
