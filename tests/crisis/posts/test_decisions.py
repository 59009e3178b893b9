"""After the lock: many posts at once, spread out, taken back until they go; rewritten in one act; and nothing by itself."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.activations.service import ActivationLocked, stand_down
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.posts.spread import OF_ALL, OF_ONE_ACCOUNT
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.factories import DIRECTOR

TEACHER = Actor("Læreren", Role.UNIT, "skolen")


async def blocked(bench: Workbench, *accounts: int, actor: Actor = LIBRARIAN, mode: Mode = Mode.ACTUAL) -> list[int]:
    """A post for each of these accounts that met the lock, and the lock lifted."""
    activation = await factories.activation(bench.db, mode)
    found: list[int] = []
    for number, account in enumerate(accounts):
        with pytest.raises(ActivationLocked) as held:
            await bench.crisis.posts.publish(actor, account, f"Eventyrstund {number}", mode=mode)
        assert held.value.post_id is not None
        found.append(held.value.post_id)
    await stand_down(bench.db, DIRECTOR, activation.id)
    return found


async def moments(bench: Workbench) -> list[datetime]:
    async with bench.db.transaction() as session:
        rows = await session.execute(
            text("SELECT release_at FROM posts WHERE release_at IS NOT NULL ORDER BY release_at")
        )
        return list(rows.scalars())


async def test_the_second_and_later_of_an_account_wait_their_turn(bench: Workbench) -> None:
    page = await bench.unit_account()
    posts = await blocked(bench, page, page, page)
    done = await bench.crisis.posts.decide_all(LIBRARIAN, posts, publish=True)
    first, second, third = (post.goes_at for post in done.posts)
    assert (second - first, third - second) == (OF_ONE_ACCOUNT, OF_ONE_ACCOUNT)
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert [each.text for each in facebook.begun] == ["Eventyrstund 0"]
    await bench.pass_time(OF_ONE_ACCOUNT.total_seconds() + 1)
    await bench.send(Lane.UNIT, facebook)
    assert [each.text for each in facebook.begun] == ["Eventyrstund 0", "Eventyrstund 1"]


async def test_two_units_that_press_at_once_take_turns(bench: Workbench) -> None:
    page, school = await bench.unit_account(), await factories.account(bench.crisis, "facebook", unit="skolen")
    ours, theirs = await blocked(bench, page, page), await blocked(bench, school, school, actor=TEACHER)
    await asyncio.gather(
        bench.crisis.posts.decide_all(LIBRARIAN, ours, publish=True),
        bench.crisis.posts.decide_all(TEACHER, theirs, publish=True),
    )
    found = await moments(bench)
    assert all(later - sooner >= OF_ALL for sooner, later in pairwise(found))
    assert found[-1] - found[0] < OF_ONE_ACCOUNT + 3 * OF_ALL, "neither waits for the other's whole row"


async def test_an_exercise_takes_nobodys_turn(bench: Workbench) -> None:
    page = await bench.unit_account()
    (real,), (drilled,) = await blocked(bench, page), await blocked(bench, page, mode=Mode.EXERCISE)
    await bench.crisis.posts.decide(LIBRARIAN, real, publish=True)
    assert (await bench.crisis.posts.decide(LIBRARIAN, drilled, publish=True)).goes_at < clock.now() + OF_ALL


async def test_until_it_goes_it_can_be_taken_back_and_is_blocked_again(bench: Workbench) -> None:
    page = await bench.unit_account()
    posts = await blocked(bench, page, page)
    await bench.crisis.posts.decide_all(LIBRARIAN, posts, publish=True)
    with pytest.raises(Conflict, match="not waiting"):
        await bench.crisis.posts.take_back(LIBRARIAN, posts[0])
    back = await bench.crisis.posts.take_back(LIBRARIAN, posts[1])
    assert (back.state, back.error, back.release_at) == ("blocked", "taken back before it went out", None)
    again = await bench.crisis.posts.decide(LIBRARIAN, posts[1], publish=True)
    assert again.release_at is not None, "its turn is free again for itself"
    assert await moments(bench) == sorted(await moments(bench))


async def test_one_that_waits_its_turn_meets_the_next_lock(bench: Workbench) -> None:
    page = await bench.unit_account()
    posts = await blocked(bench, page, page)
    await bench.crisis.posts.decide_all(LIBRARIAN, posts, publish=True)
    await factories.activation(bench.db)
    await bench.pass_time(OF_ONE_ACCOUNT.total_seconds() + 1)
    facebook = Outlet()
    await bench.send(Lane.UNIT, facebook)
    assert facebook.begun == []
    assert await bench.states() == {"blocked": 2}


async def test_what_was_decided_meanwhile_is_left_alone_and_all_else_is_all_or_none(bench: Workbench) -> None:
    page, school = await bench.unit_account(), await factories.account(bench.crisis, "facebook", unit="skolen")
    ours, (theirs,) = await blocked(bench, page, page), await blocked(bench, school, actor=TEACHER)
    await bench.crisis.posts.decide(LIBRARIAN, ours[0], publish=False)
    for wanted, why in (
        ([*ours, theirs], NotAllowed),
        ([*ours, 99], NotFound),
        ([], Invalid),
        (range(1, 502), Invalid),
    ):
        with pytest.raises(why):
            await bench.crisis.posts.decide_all(LIBRARIAN, list(wanted), publish=True)
    assert await moments(bench) == []
    done = await bench.crisis.posts.decide_all(LIBRARIAN, ours, publish=False)
    assert ([post.id for post in done.posts], done.left) == ([ours[1]], [ours[0]])
    with pytest.raises(Conflict, match="not blocked"):
        await bench.crisis.posts.decide_all(LIBRARIAN, ours, publish=True)


# Rewritten


async def test_a_rewritten_post_drops_the_old_one_and_keeps_the_link(bench: Workbench) -> None:
    page = await bench.unit_account()
    old, other = await blocked(bench, page, page)
    await bench.crisis.posts.decide(LIBRARIAN, other, publish=True)
    new = await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund, ny", instead_of=old)
    assert new.instead_of == old
    assert new.goes_at - clock.now() > OF_ONE_ACCOUNT - timedelta(seconds=10), "it waits its turn like the others"
    before = await bench.crisis.posts.get(LIBRARIAN, old)
    assert (before.state, before.rewritten_as, before.error) == ("cancelled", new.id, "rewritten as another post")


async def test_a_rewritten_post_that_cannot_go_out_leaves_the_old_one_as_it_was(bench: Workbench) -> None:
    page, x = await bench.unit_account(), await bench.unit_account("twitter")
    (old,) = await blocked(bench, page)
    with pytest.raises(Invalid):
        await bench.crisis.posts.publish(LIBRARIAN, x, "ord " * 80, instead_of=old)
    assert (await bench.crisis.posts.get(LIBRARIAN, old)).state == "blocked"


async def test_it_takes_the_place_of_no_post_that_went_out_or_is_anothers(bench: Workbench) -> None:
    page, school = await bench.unit_account(), await factories.account(bench.crisis, "facebook", unit="skolen")
    (old,), (theirs,) = await blocked(bench, page), await blocked(bench, school, actor=TEACHER)
    await bench.crisis.posts.decide(LIBRARIAN, old, publish=True)
    with pytest.raises(Conflict, match="not blocked any more"):
        await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund, ny", instead_of=old)
    with pytest.raises(NotAllowed):
        await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund, ny", instead_of=theirs)
    with pytest.raises(NotFound):
        await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund, ny", instead_of=99)
    assert len(await bench.rows()) == 2


async def test_rewritten_under_the_lock_the_new_text_is_the_one_that_is_kept(bench: Workbench) -> None:
    page = await bench.unit_account()
    (old,) = await blocked(bench, page)
    await factories.activation(bench.db)
    with pytest.raises(ActivationLocked) as held:
        await bench.crisis.posts.publish(LIBRARIAN, page, "Eventyrstund, ny", instead_of=old)
    assert [row.state for row in await bench.rows()] == ["cancelled", "blocked"]
    kept = await bench.crisis.posts.get(LIBRARIAN, held.value.post_id or 0)
    assert (kept.text, kept.instead_of) == ("Eventyrstund, ny", old)
