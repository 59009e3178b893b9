"""Notes: written once, never changed, and whole or shown not to be."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from crisis import clock
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.errors import Invalid, NotAllowed, NotFound
from crisis.logbook import notes, reading
from crisis.logbook.acts import About
from crisis.logbook.notes import Written
from crisis.logbook.reading import Entry, Wanted
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.factories import DIRECTOR, EDITOR

KEEPER = Actor("Loggføreren", Role.LOGKEEPER)
AUDITOR = Actor("Revisoren", Role.AUDITOR)


async def log(crisis: Crisis, activation_id: int, wanted: Wanted = reading.EVERYTHING) -> list[Entry]:
    """The newest first."""
    async with crisis.db.transaction() as session:
        found = await reading.of(session, KEEPER, activation_id, "nb")
        return list(await found.newest(session, wanted))


async def test_a_note_stands_in_the_log_with_who_wrote_it_and_who_told_it(crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    at = clock.now() - timedelta(minutes=7)
    written = Written("  Bru stengt\r\nved Moen ", told_by=" Politiets  innsatsleder ", happened_at=at)
    await notes.write(crisis.db, KEEPER, activation.id, written)
    entry = (await log(crisis, activation.id))[0]
    assert (entry.about, entry.actor, entry.is_whole) == (About.NOTE, "Loggføreren", True)
    assert entry.note is not None
    assert (entry.note.text, entry.note.told_by) == ("Bru stengt\nved Moen", "Politiets innsatsleder")
    assert entry.note.happened_at == at
    async with crisis.db.transaction() as session:
        assert (await chain.verify(session)).holds


async def test_the_same_form_twice_is_one_note(crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    written = Written("Bru stengt", once=uuid4())
    first, again = [await notes.write(crisis.db, KEEPER, activation.id, written) for _ in range(2)]
    assert first.id == again.id
    assert len(await log(crisis, activation.id, Wanted(About.NOTE))) == 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (Written(" \n "), "empty"),
        (Written("x" * 4001), "4,001"),
        (Written("x", told_by="y" * 201), "told it"),
        (Written("x\x00y"), "shows nothing"),
        (Written("x", happened_at=clock.now() + timedelta(hours=1)), "still to come"),
        (Written("x", happened_at=clock.now().replace(tzinfo=None)), "time zone"),
    ],
)
async def test_what_cannot_be_a_note_is_told_why(crisis: Crisis, written: Written, said: str) -> None:
    activation = await factories.activation(crisis.db)
    with pytest.raises(Invalid, match=said):
        await notes.write(crisis.db, KEEPER, activation.id, written)
    assert await log(crisis, activation.id, Wanted(About.NOTE)) == []


async def test_a_note_corrects_one_of_the_same_log_and_no_other(crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    first = await notes.write(crisis.db, KEEPER, activation.id, Written("Tre hus"))
    await notes.write(crisis.db, KEEPER, activation.id, Written("Fire hus", corrects_id=first.id))
    exercise = await factories.activation(crisis.db, Mode.EXERCISE)
    with pytest.raises(NotFound):
        await notes.write(crisis.db, KEEPER, exercise.id, Written("Fem hus", corrects_id=first.id))
    newest = (await log(crisis, activation.id))[0].note
    assert newest is not None
    assert newest.corrects_id == first.id


async def test_who_may_write_and_who_may_read(crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    for actor in (AUDITOR, Actor("Admin", Role.ADMIN), Actor("Bibliotekaren", Role.UNIT, "biblioteket")):
        with pytest.raises(NotAllowed):
            await notes.write(crisis.db, actor, activation.id, Written("x"))
    async with crisis.db.transaction() as session:
        await reading.of(session, AUDITOR, activation.id, "nb")
        for role in (Role.SWITCHBOARD, Role.ADMIN):
            with pytest.raises(NotAllowed):
                await reading.of(session, Actor("x", role), activation.id, "nb")


@pytest.mark.parametrize("statement", ["UPDATE log_notes SET text = 'y'", "DELETE FROM log_notes"])
async def test_the_database_refuses_to_change_a_note(crisis: Crisis, statement: str) -> None:
    activation = await factories.activation(crisis.db)
    await notes.write(crisis.db, KEEPER, activation.id, Written("x"))
    with pytest.raises(ProgrammingError, match="append-only"):
        async with crisis.db.transaction() as session:
            await session.execute(text(statement))


async def test_a_note_that_the_databases_owner_changed_shows(crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    await notes.write(crisis.db, KEEPER, activation.id, Written("Bru åpen"))
    async with crisis.db.transaction() as session:
        await session.execute(text("ALTER TABLE log_notes DISABLE TRIGGER USER"))
        await session.execute(text("UPDATE log_notes SET text = 'Bru stengt'"))
        await session.execute(text("ALTER TABLE log_notes ENABLE TRIGGER USER"))
    assert not (await log(crisis, activation.id))[0].is_whole


async def test_the_log_tells_the_acts_of_its_activation_and_of_no_other(crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    exercise = await factories.activation(crisis.db, Mode.EXERCISE, "Øvelse")
    activation = await factories.activation(crisis.db)
    approved = await factories.approved_alert(crisis, activation.id)
    await notes.write(crisis.db, KEEPER, exercise.id, Written("Bare øvelse"))
    await crisis.desk.retract(DIRECTOR, approved.revision.message_id, "Falsk alarm")
    told = [(each.action, each.headline) for each in await log(crisis, activation.id)]
    headline = factories.SLIDE["nb"]["headline"]
    assert told == [("retract", headline), ("approve", headline), ("write", headline), ("activate", None)]
    assert [each.action for each in await log(crisis, exercise.id)] == ["note", "activate"]


async def test_it_is_filtered_by_what_by_whom_and_by_words(crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id)
    await notes.write(crisis.db, KEEPER, activation.id, Written("100 % sikkert: bru_1 er stengt"))
    await notes.write(crisis.db, EDITOR, activation.id, Written("Ringte ordføreren", told_by="Kommuneoverlegen"))

    async def actions(**wanted: object) -> list[str]:
        return [each.action for each in await log(crisis, activation.id, Wanted(**wanted))]  # type: ignore[arg-type]

    assert await actions(about=About.LOCK) == ["activate"]
    assert await actions(person="Loggføreren") == ["note"]
    assert await actions(words="kommuneOVERLEGEN") == ["note"]
    assert await actions(words="skred ved moen: gå") == ["approve", "write"]
    assert await actions(words="100 %") == ["note"]
    assert await actions(words="bru%stengt") == [], "a per cent sign is one, and not a wildcard"
    assert await actions(words="bruX1") == [], "an underscore neither"
    async with crisis.db.transaction() as session:
        found = await reading.of(session, KEEPER, activation.id, "nb")
        assert list(await found.people(session)) == ["Kommunedirektøren", "Loggføreren", "Nettredaksjonen"]


async def test_it_goes_on_page_by_page_and_an_export_has_all_of_it(crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    for number in range(7):
        await notes.write(crisis.db, KEEPER, activation.id, Written(f"Nummer {number}"))
    async with crisis.db.transaction() as session:
        found = await reading.of(session, KEEPER, activation.id, "nb")
        pages: list[Entry] = []
        while piece := await found.newest(session, before=pages[-1].seq if pages else None, most=3):
            pages += piece
    last = await reading.begin_export(crisis.db, KEEPER, found, "csv")
    await notes.write(crisis.db, KEEPER, activation.id, Written("Etterpå"))
    everything = [each async for each in found.all(crisis.db, last)]
    assert [each.seq for each in everything] == [*reversed([each.seq for each in pages]), last]
    assert everything[-1].action == "export_log"
    with pytest.raises(NotAllowed):
        await reading.begin_export(crisis.db, Actor("x", Role.SWITCHBOARD), found, "csv")
