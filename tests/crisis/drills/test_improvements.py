"""Improvements and remarks: written down on record, open until they are closed with a word of why."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from crisis import clock
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.drills import improvements, remarks
from crisis.drills.improvements import Wanted, is_overdue
from crisis.drills.models import ImprovementState, Verdict
from crisis.drills.remarks import Written
from crisis.drills.subject import Subject
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.drills import runs
from tests.crisis.drills.runs import LEADER, once

WANTED = Wanted("Vaktliste for sosiale medier.", "Kommunikasjonssjefen", date(2027, 1, 15))


async def subjects(crisis: Crisis) -> tuple[Subject, Subject]:
    """A drill and a real crisis."""
    activation = await factories.activation(crisis.db)
    return Subject(drill_id=await runs.empty(crisis)), Subject(activation_id=activation.id)


async def actions(crisis: Crisis) -> list[str]:
    async with crisis.db.transaction() as session:
        return list((await session.execute(text("SELECT action FROM audit ORDER BY seq"))).scalars())


async def test_one_of_a_drill_and_one_of_a_crisis_stay_open_until_somebody_closes_them(crisis: Crisis) -> None:
    drill, real = await subjects(crisis)
    first = await improvements.add(crisis.db, LEADER, drill, WANTED)
    second = await improvements.add(crisis.db, LEADER, real, Wanted("Nødkoder.", "Lederen", date(2026, 12, 1)))
    assert (first.mode, second.mode) == (Mode.EXERCISE, Mode.ACTUAL)
    async with crisis.db.transaction() as session:
        assert [each.id for each in await improvements.list_open(session)] == [second.id, first.id], "the one due first"
    done = await improvements.close(crisis.db, LEADER, first.id, ImprovementState.DONE, "Lista henger i vaktrommet.")
    assert (done.closed_by, done.outcome) == (LEADER.name, "Lista henger i vaktrommet.")
    await improvements.close(crisis.db, LEADER, second.id, ImprovementState.DROPPED, "Finnes alt.")
    async with crisis.db.transaction() as session:
        assert await improvements.list_open(session) == []
        assert [each.id for each in await improvements.list_closed(session)] == [second.id, first.id]
        assert (await chain.verify(session)).holds
    assert (await actions(crisis))[-4:] == [
        "add_improvement",
        "add_improvement",
        "close_improvement",
        "close_improvement",
    ]
    with pytest.raises(Conflict, match="closed already"):
        await improvements.close(crisis.db, LEADER, first.id, ImprovementState.DONE, "En gang til")


async def test_the_same_form_twice_is_one_improvement(crisis: Crisis) -> None:
    drill, real = await subjects(crisis)
    first, again = [await improvements.add(crisis.db, LEADER, drill, WANTED) for _ in range(2)]
    assert first.id == again.id
    assert (await improvements.add(crisis.db, LEADER, real, WANTED)).id != first.id


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(" ", "x", WANTED.due), "missing"),
        (Wanted("x", "\u200b", WANTED.due), "missing"),
        (Wanted("x" * 1001, "x", WANTED.due), "1,001"),
        (Wanted("x\x07", "x", WANTED.due), "shows nothing"),
    ],
)
async def test_what_cannot_be_an_improvement_is_told_why(crisis: Crisis, wanted: Wanted, said: str) -> None:
    drill, _ = await subjects(crisis)
    with pytest.raises(Invalid, match=said):
        await improvements.add(crisis.db, LEADER, drill, wanted)


async def test_who_may_and_about_what(crisis: Crisis) -> None:
    drill, _ = await subjects(crisis)
    for role in (Role.AUDITOR, Role.ADMIN, Role.UNIT):
        with pytest.raises(NotAllowed):
            await improvements.add(crisis.db, Actor("x", role), drill, WANTED)
        with pytest.raises(NotAllowed):
            await remarks.write(crisis.db, Actor("x", role), drill, Written(Verdict.WENT_WELL, "x"))
    for nothing in (Subject(drill_id=99), Subject(activation_id=99)):
        with pytest.raises(NotFound):
            await improvements.add(crisis.db, LEADER, nothing, WANTED)
    with pytest.raises(NotFound):
        await improvements.close(crisis.db, LEADER, 99, ImprovementState.DONE, "x")
    made = await improvements.add(crisis.db, LEADER, drill, WANTED)
    with pytest.raises(Invalid):
        await improvements.close(crisis.db, LEADER, made.id, ImprovementState.DONE, " ")
    with pytest.raises(Invalid):
        await improvements.close(crisis.db, LEADER, made.id, ImprovementState.OPEN, "x")


async def test_it_is_overdue_the_day_after_and_only_while_it_is_open(crisis: Crisis) -> None:
    drill, _ = await subjects(crisis)
    today = clock.now().astimezone(clock.OSLO).date()
    made = await improvements.add(crisis.db, LEADER, drill, Wanted("x", "y", today))
    assert not is_overdue(made)
    assert is_overdue(made, today + timedelta(days=1))
    done = await improvements.close(crisis.db, LEADER, made.id, ImprovementState.DONE, "x")
    assert not is_overdue(done, today + timedelta(days=1))


async def test_a_remark_is_replaced_and_never_changed(crisis: Crisis) -> None:
    drill, real = await subjects(crisis)
    form = once()
    first, again = [
        await remarks.write(crisis.db, LEADER, drill, Written(Verdict.WENT_WELL, "Rolig.", once=form)) for _ in range(2)
    ]
    assert first.id == again.id
    better = Written(Verdict.WENT_WELL, "Rolig og raskt.", replaces_id=first.id)
    await remarks.write(crisis.db, LEADER, drill, better)
    with pytest.raises(Conflict, match="replaced"):
        await remarks.write(crisis.db, LEADER, drill, better)
    with pytest.raises(NotFound):
        await remarks.write(crisis.db, LEADER, real, better)
    for empty in ("", "x" * 2001):
        with pytest.raises(Invalid):
            await remarks.write(crisis.db, LEADER, drill, Written(Verdict.WENT_WELL, empty))
    assert (await actions(crisis)).count("remark") == 2
    with pytest.raises(ProgrammingError, match="append-only"):
        async with crisis.db.transaction() as session:
            await session.execute(text("UPDATE report_remarks SET text = 'Kaos.'"))
