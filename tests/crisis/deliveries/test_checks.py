"""A person asks: is it out, and is it to be seen? Answered by reading, in words; only what was found moves anything."""

import asyncio
from collections.abc import Mapping

import pytest
from sqlalchemy import text

from crisis.audit import chain
from crisis.bootstrap import openers_for
from crisis.channels import Capabilities, Channel, Finding, Found, Misconfigured, OutcomeUnknown, Outgoing, Sighting
from crisis.deliveries.book import Openers
from crisis.deliveries.checks import Checked, check
from crisis.errors import Conflict, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.factories import EDITOR

PUBLIC = Capabilities(reconcile=True, settle_seconds=0.0, look_seconds=(10.0, 30.0))


async def ask(bench: Workbench, delivery: int, *outlets: Outlet, actor: Actor = EDITOR) -> Checked:
    def outside(mode: Mode) -> tuple[Mapping[str, Channel], Openers]:
        return {outlet.name: outlet for outlet in outlets}, openers_for(mode, bench.crisis.settings)

    return await check(bench.db, actor, delivery, outside)


async def nobody_can_tell(bench: Workbench, lane: Lane, outlet: Outlet) -> int:
    """A delivery at unknown_final, in front of a person."""
    (delivery,) = await (bench.posts(1) if lane is Lane.UNIT else bench.alert("facebook"))
    outlet.say = lambda _: OutcomeUnknown("no answer")
    for _ in range(2):
        await bench.send(lane, outlet)
        await bench.look(lane, outlet)
    outlet.say = accepted
    assert (await bench.row(delivery)).state == "unknown_final"
    outlet.begun.clear()
    outlet.looked.clear()
    return delivery


@pytest.mark.parametrize("lane", [Lane.PUBLIC, Lane.UNIT])
async def test_what_is_found_out_there_counts_as_accepted(bench: Workbench, lane: Lane) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, lane, outlet)
    outlet.find = lambda _: Finding(Found.YES, "ref-7", "https://example.no/7")
    found = await ask(bench, delivery, outlet, actor=EDITOR if lane.crisis else LIBRARIAN)
    assert (found.state, found.url) == ("accepted", "https://example.no/7")
    assert "It is out" in found.answer
    row = await bench.row(delivery)
    assert (row.state, row.reference, row.lease, row.error) == ("accepted", "ref-7", None, None)


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding(Found.NO), "it is not there. Nothing was sent"),
        (Finding(Found.CANNOT_TELL), "nobody can tell"),
        (Misconfigured("The token is dead."), "The token is dead."),
        (TimeoutError(), "no answer in time"),
        (Misconfigured("\x00\ud800"), "nobody can tell"),
    ],
    ids=repr,
)
async def test_every_other_answer_leaves_it_to_the_person_and_sends_nothing(
    bench: Workbench, finding: Finding | Exception, said: str
) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, Lane.PUBLIC, outlet)
    outlet.find = lambda _: finding
    found = await ask(bench, delivery, outlet)
    assert found.state == "unknown_final"
    assert said in found.answer
    assert "Decide: send again, mark as sent" in found.answer
    row = await bench.row(delivery)
    assert (row.state, row.lease) == ("unknown_final", None)
    assert "Looked" in row.error
    assert await bench.send(Lane.PUBLIC, outlet) == {}
    assert outlet.begun == []


async def test_a_post_that_is_still_looked_into_by_itself_is_looked_into_at_once(bench: Workbench) -> None:
    outlet = Outlet(
        say=lambda _: OutcomeUnknown("no answer"), capabilities=Capabilities(reconcile=True, settle_seconds=60.0)
    )
    (delivery,) = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, outlet)
    assert await bench.look(Lane.PUBLIC, outlet) == 0
    found = await ask(bench, delivery, outlet)
    assert (found.state, outlet.looked) == ("unknown", [])
    assert await bench.look(Lane.PUBLIC, outlet) == 1


async def test_a_public_post_is_looked_at_from_outside(bench: Workbench) -> None:
    outlet = Outlet(capabilities=PUBLIC, see=lambda _: Sighting(Found.NO, "The page is not there (HTTP 404)."))
    (delivery,) = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, outlet)
    found = await ask(bench, delivery, outlet)
    assert (found.state, found.sight, found.seen) == ("accepted", "not_seen", "accepted, not seen")
    assert "HTTP 404" in found.answer
    outlet.see = lambda _: Sighting(Found.YES)
    found = await ask(bench, delivery, outlet)
    assert found.sight == "seen"
    assert (found.seen or "").startswith("seen live at ")
    outlet.see = lambda _: Sighting(Found.NO)
    assert (await ask(bench, delivery, outlet)).sight == "gone"
    assert (await bench.row(delivery)).state == "accepted"


async def test_two_checks_at_once_look_once(bench: Workbench) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow(Outlet):
        async def look(self, *args: object) -> Sighting:
            begun.set()
            await go.wait()
            return await super().look(*args)  # type: ignore[arg-type]

    outlet = Slow(capabilities=PUBLIC)
    (delivery,) = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, outlet)
    first = asyncio.create_task(ask(bench, delivery, outlet))
    await begun.wait()
    with pytest.raises(Conflict, match="just now"):
        await ask(bench, delivery, outlet)
    go.set()
    assert (await first).sight == "seen"
    assert len(outlet.seen) == 1


async def test_a_decision_made_meanwhile_stands(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, Lane.PUBLIC, outlet)

    class Slow(Outlet):
        async def reconcile(self, *_: object) -> Finding:
            await bench.run("UPDATE deliveries SET state = 'cancelled' WHERE id = :id", id=delivery)
            return Finding(Found.YES, "late")

    with pytest.raises(Conflict, match="Somebody decided"):
        await ask(bench, delivery, Slow())
    row = await bench.row(delivery)
    assert (row.state, row.reference) == ("cancelled", None)


async def test_where_there_is_nothing_to_look_at_it_says_so(bench: Workbench) -> None:
    outlet = Outlet(capabilities=PUBLIC)
    (delivery,) = await bench.alert("facebook")
    with pytest.raises(Conflict, match="“ready”"):
        await ask(bench, delivery, outlet)
    with pytest.raises(NotFound):
        await ask(bench, 4711, outlet)
    assert outlet.seen == []


async def test_who_may_not_decide_may_not_check_and_every_check_is_on_record(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, Lane.UNIT, outlet)
    with pytest.raises(NotAllowed):
        await ask(bench, delivery, outlet, actor=Actor("Skolen", Role.UNIT, "skolen"))
    assert outlet.looked == []
    outlet.find = _no
    await ask(bench, delivery, outlet, actor=LIBRARIAN)
    async with bench.db.transaction() as session:
        records = list(await session.scalars(text("SELECT record FROM audit")))
        assert (await chain.verify(session)).holds
    assert sum('"check"' in record for record in records) == 1


def _no(_: Outgoing) -> Finding:
    return Finding(Found.NO)
