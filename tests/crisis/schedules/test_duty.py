"""What is scheduled inside the platforms is stored, then unscheduled, and is its owner's to decide about. Nothing is lost."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from crisis.accounts.models import Account
from crisis.channels import Capabilities, Misconfigured, Rejected, Unavailable
from crisis.mode import Mode
from crisis.roles import Actor, Role
from crisis.schedules import planned as shelf
from crisis.schedules.duty import ScheduleDuty
from crisis.schedules.models import PlannedState
from crisis.schedules.planned import Standing
from tests import factories
from tests.crisis.deliveries.workbench import LIBRARIAN, LIBRARY, Workbench
from tests.crisis.schedules.agenda import Agenda

Duties = Callable[..., ScheduleDuty]


async def look(bench: Workbench, duty: ScheduleDuty) -> list[Standing]:
    """Every account's turn has come."""
    await bench.run("UPDATE schedules SET next_at = now() WHERE lease IS NULL OR lease_until < now()")
    while await duty.round():
        pass
    async with bench.db.transaction() as session:
        return await shelf.list_planned(session, Mode.ACTUAL)


async def entries(bench: Workbench) -> list[str]:
    async with bench.db.transaction() as session:
        rows = await session.execute(text("SELECT record::json AS record FROM audit ORDER BY seq"))
        return [row.record["action"] for row in rows if row.record["action"].startswith("planned_")]


@pytest.mark.parametrize("keeps", [False, True])
async def test_what_is_scheduled_is_unscheduled_and_becomes_a_blocked_post_of_its_owners(
    bench: Workbench, duty: Duties, keeps: bool
) -> None:
    agenda = Agenda(keeps=keeps)
    library = await bench.unit_account()
    ours = await factories.account(bench.crisis, "facebook", address="the page of the web editors")
    first = agenda.plan(library, "p1", "Lesestund på lørdag", author="Kari", attributes={"link": "https://bok.test/3"})
    agenda.plan(ours, "p2", "Vaffeloppskrift")
    seeing = duty(agenda)
    await look(bench, seeing)
    assert agenda.asked == [], "nothing is touched in peace"
    await factories.activation(bench.db)
    found = {each.reference: each for each in await look(bench, seeing)}
    assert {each.state for each in found.values()} == {PlannedState.UNSCHEDULED}
    assert agenda.waiting == {}
    assert found["p1"].due_at == first.due_at
    assert found["p1"].unit == LIBRARY
    (post,) = await bench.crisis.posts.blocked(LIBRARIAN, mode=Mode.ACTUAL)
    assert post.id == found["p1"].post_id
    assert post.text == "Lesestund på lørdag\n\nhttps://bok.test/3"
    assert (post.state, post.publish_at, post.created_by) == ("blocked", first.due_at, "Kari")
    editors = Actor("Nettredaktøren", Role.EDITOR, factories.EDITORS)
    posts = await bench.crisis.posts.blocked(editors, mode=Mode.ACTUAL)
    assert [each.text for each in posts if each.unit == factories.EDITORS] == ["Vaffeloppskrift"]
    assert await entries(bench) == ["planned_unscheduled"] * 2
    assert len(await look(bench, seeing)) == 2
    assert len(agenda.asked) == 2, "what is done is left alone"


async def test_what_is_scheduled_during_the_lock_is_found_too_and_scheduling_it_anew_is_of_no_use(
    bench: Workbench, duty: Duties
) -> None:
    agenda = Agenda(keeps=True)
    library = await bench.unit_account()
    await factories.activation(bench.db)
    seeing = duty(agenda)
    assert await look(bench, seeing) == []
    agenda.plan(library, "p1", "Lesestund på lørdag")
    (first,) = await look(bench, seeing)
    agenda.drafts.clear()
    agenda.plan(library, "p1", "Lesestund på lørdag")
    (again,) = await look(bench, seeing)
    assert again.state is PlannedState.UNSCHEDULED
    assert agenda.waiting == {}
    assert again.post_id == first.post_id, "the same text is one post"
    agenda.drafts.clear()
    agenda.plan(library, "p1", "Lesestund på søndag")
    (changed,) = await look(bench, seeing)
    assert changed.post_id != first.post_id
    posts = await bench.crisis.posts.blocked(LIBRARIAN, mode=Mode.ACTUAL)
    assert [post.text for post in posts] == ["Lesestund på lørdag", "Lesestund på søndag"]


async def test_what_the_platform_does_not_let_us_is_its_owners_until_somebody_takes_it_out(
    bench: Workbench, duty: Duties
) -> None:
    agenda = Agenda()
    library = await bench.unit_account()
    await factories.activation(bench.db)
    agenda.plan(library, "p1", "Lesestund på lørdag")
    agenda.refuses["p1"] = Rejected("Another app has scheduled it.")
    seeing = duty(agenda)
    for _ in range(2):
        (left,) = await look(bench, seeing)
        assert (left.state, left.error, left.post_id) == (PlannedState.LEFT, "Another app has scheduled it.", None)
    assert await entries(bench) == ["planned_left"]
    del agenda.waiting["p1"]
    (gone,) = await look(bench, seeing)
    assert gone.state is PlannedState.GONE
    assert gone.text == "Lesestund på lørdag"


async def test_trouble_is_tried_again_and_told_to_the_owner_when_there_is_little_time(
    bench: Workbench, duty: Duties
) -> None:
    agenda = Agenda()
    library = await bench.unit_account()
    await factories.activation(bench.db)
    agenda.plan(library, "later", "Lesestund på lørdag")
    agenda.plan(library, "soon", "Åpent til 20 i kveld", hours=0.1)
    for each in agenda.waiting:
        agenda.refuses[each] = Unavailable("No connection.")
    seeing = duty(agenda)
    states = {each.reference: each.state for each in await look(bench, seeing)}
    assert states == {"later": PlannedState.FOUND, "soon": PlannedState.LEFT}
    agenda.refuses = {"later": Misconfigured("The token may not do that.")}
    states = {each.reference: each.state for each in await look(bench, seeing)}
    assert states == {"later": PlannedState.LEFT, "soon": PlannedState.UNSCHEDULED}
    agenda.refuses = {}
    states = {each.reference: each.state for each in await look(bench, seeing)}
    assert states == {"later": PlannedState.UNSCHEDULED, "soon": PlannedState.UNSCHEDULED}


async def test_what_we_cannot_publish_stays_with_its_text(bench: Workbench, duty: Duties) -> None:
    agenda = Agenda()
    page = Agenda("linkedin", capabilities=Capabilities(unit_posts=False))
    library = await bench.unit_account()
    other = await bench.unit_account("linkedin")
    await factories.activation(bench.db)
    agenda.plan(library, "long", "Lesestund! " * 100)
    agenda.plan(library, "picture", "", attributes={"pictures": "2"})
    page.plan(other, "there", "Vi søker ny bibliotekar")
    found = await look(bench, duty(agenda, page))
    assert {(each.state, each.post_id) for each in found} == {(PlannedState.UNSCHEDULED, None)}
    assert {each.reference: each.attributes for each in found}["picture"] == {"pictures": "2"}
    assert {each.text for each in found} >= {"Lesestund! " * 100, "Vi søker ny bibliotekar"}
    assert await bench.crisis.posts.blocked(LIBRARIAN, mode=Mode.ACTUAL) == []


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("line", ["before the platform is asked", "after the platform did it"])
async def test_a_process_that_dies_in_the_middle_loses_nothing_and_unschedules_nothing_unsaved(
    bench: Workbench, duty: Duties, keeps: bool, line: str
) -> None:
    agenda = Agenda(keeps=keeps)
    library = await bench.unit_account()
    await factories.activation(bench.db)
    agenda.plan(library, "p1", "Lesestund på lørdag")
    stood: list[str] = []

    async def die(reference: str) -> None:
        async with bench.db.transaction() as session:
            (row,) = await session.execute(text("SELECT state, text FROM planned_posts"))
            stood.append(f"{row.state}: {row.text}")
        if line == "after the platform did it":
            del agenda.waiting[reference]
            if keeps:
                agenda.drafts.add(reference)
        await asyncio.Event().wait()  # for ever: the process is about to be killed

    agenda.before = die
    dying = asyncio.create_task(look(bench, duty(agenda)))
    async with asyncio.timeout(10):
        while not stood:
            await asyncio.sleep(0.01)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert stood == ["found: Lesestund på lørdag"], "our copy is committed before the platform is asked"
    agenda.before = None
    await bench.run("UPDATE schedules SET lease_until = now() - interval '1 second'")
    (found,) = await look(bench, duty(agenda))
    assert found.state is PlannedState.UNSCHEDULED
    assert agenda.waiting == {}
    (post,) = await bench.crisis.posts.blocked(LIBRARIAN, mode=Mode.ACTUAL)
    assert post.id == found.post_id


async def test_what_is_out_when_we_come_back_is_gone(bench: Workbench, duty: Duties) -> None:
    agenda = Agenda()
    library = await bench.unit_account()
    await factories.activation(bench.db)
    agenda.plan(library, "p1", "Lesestund på lørdag")
    agenda.refuses["p1"] = Unavailable("No connection.")
    seeing = duty(agenda)
    await look(bench, seeing)
    agenda.refuses.clear()
    del agenda.waiting["p1"]
    agenda.out.add("p1")
    (gone,) = await look(bench, seeing)
    assert (gone.state, gone.post_id) == (PlannedState.GONE, None)


async def test_the_administrators_credentials_are_over_the_publishing_ones(bench: Workbench, duty: Duties) -> None:
    agenda = Agenda()
    library = await bench.unit_account()
    await factories.activation(bench.db)
    async with bench.db.transaction() as session:
        account = await session.get_one(Account, library)
        sealed = bench.crisis.credentials.seal(json.dumps({"username": "sjefen"}), f"account:{library}:admin".encode())
        account.admin_credentials = sealed
    await look(bench, duty(agenda))
    held: dict[str, Any] = agenda.credentials[0]
    assert held["username"] == "sjefen"
    assert held["page_token"] == factories.CREDENTIALS["page_token"]
