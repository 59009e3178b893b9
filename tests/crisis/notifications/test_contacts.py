"""Contacts: sealed, spared from what erases recipients nobody lists, and gone when they are removed or ask for it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from crisis.audiences.service import erase_orphans, forget_number
from crisis.bootstrap import Crisis
from crisis.errors import Conflict, Invalid, NotAllowed
from crisis.notifications import contact_sheet, contacts
from crisis.notifications.contacts import ContactIn, ContactOut
from crisis.notifications.models import Part
from crisis.roles import Actor, Role
from tests import factories

ADMIN = Actor("Systemansvarlig", Role.ADMIN)


async def add(
    crisis: Crisis, name: str = "Leder", phone: str = "40000001", email: str = "leder@fjordvik.test"
) -> ContactOut:
    return await contacts.add_contact(
        crisis.db,
        ADMIN,
        "biblioteket",
        ContactIn(name, Part.LEADER, phone, email),
        sealer=crisis.numbers,
        region="NO",
        editors_unit=factories.EDITORS,
    )


async def recipients(crisis: Crisis) -> int:
    async with crisis.db.transaction() as session:
        return int((await session.execute(text("SELECT count(*) FROM recipients"))).scalar_one())


async def grow_old(crisis: Crisis) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE recipients SET created_at = now() - interval '90 days'"))


@pytest.fixture
async def crisis_with_unit(crisis: Crisis) -> Crisis:
    await factories.account(crisis, "facebook", unit="biblioteket")
    return crisis


async def test_number_and_address_lie_sealed_and_open_only_in_their_place(crisis_with_unit: Crisis) -> None:
    crisis = crisis_with_unit
    made = await add(crisis)
    assert (made.phone, made.email) == ("…01", "l…@fjordvik.test")
    async with crisis.db.transaction() as session:
        row = (await session.execute(text("SELECT email FROM contacts"))).scalar_one()
    assert b"leder" not in bytes(row)
    assert crisis.numbers.open(bytes(row), f"contact:{made.id}".encode()) == "leder@fjordvik.test"


async def test_erasing_those_on_no_list_spares_contacts_and_a_removed_one_is_none(crisis_with_unit: Crisis) -> None:
    crisis = crisis_with_unit
    made = await add(crisis)
    await grow_old(crisis)
    assert await erase_orphans(crisis.db, None, days=30) == 0
    assert await recipients(crisis) == 1
    await contacts.remove_contact(crisis.db, ADMIN, made.id)
    assert await erase_orphans(crisis.db, None, days=30) == 1
    assert await recipients(crisis) == 0


async def test_whoever_asks_to_be_forgotten_is_no_contacts_number_any_more(crisis_with_unit: Crisis) -> None:
    crisis = crisis_with_unit
    made = await add(crisis)
    await forget_number(crisis.db, ADMIN, "400 00 001", sealer=crisis.numbers, region="NO")
    async with crisis.db.transaction() as session:
        found = await contacts.get_contact(session, made.id, crisis.numbers)
    assert (found.phone, found.email) == (None, "l…@fjordvik.test")


async def test_two_contacts_may_share_a_number_and_a_name_is_there_once_in_a_unit(crisis_with_unit: Crisis) -> None:
    crisis = crisis_with_unit
    await add(crisis)
    await add(crisis, "Stedfortreder")
    assert await recipients(crisis) == 1
    with pytest.raises(Conflict, match="has a contact called Leder already"):
        await add(crisis)


async def test_a_removed_name_may_come_back(crisis_with_unit: Crisis) -> None:
    made = await add(crisis_with_unit)
    await contacts.remove_contact(crisis_with_unit.db, ADMIN, made.id)
    assert (await add(crisis_with_unit)).id != made.id


@pytest.mark.parametrize(
    "email",
    ["x", "a@b", "a b@c.no", "a@c.no\nBcc: x@y.no", "a@c.no,b@c.no", "<a@c.no>", "a@.no", "å@c.no", "a" * 65 + "@c.no"],
)
async def test_an_address_that_could_say_more_than_itself_is_refused(crisis_with_unit: Crisis, email: str) -> None:
    with pytest.raises(Invalid, match="e-mail address cannot be used"):
        await add(crisis_with_unit, email=email)


async def test_only_whoever_keeps_the_register_may(crisis_with_unit: Crisis) -> None:
    with pytest.raises(NotAllowed):
        await contacts.remove_contact(crisis_with_unit.db, factories.EDITOR, 1)


async def test_a_sheet_changes_those_that_are_there_and_leaves_what_it_says_nothing_about(
    crisis_with_unit: Crisis, tmp_path: Path
) -> None:
    crisis, sheet = crisis_with_unit, tmp_path / "contacts.csv"
    made = await add(crisis)
    sheet.write_text("unit;name;part;phone;email\nbiblioteket;Leder;stedfortreder;;\nbiblioteket;Ny;leder;40000002;\n")
    done = await contact_sheet.import_contacts(crisis.db, ADMIN, sheet, sealer=crisis.numbers, settings=crisis.settings)
    assert (done.new, done.changed) == (1, 1)
    async with crisis.db.transaction() as session:
        leader, new = await contacts.list_contacts(session, crisis.numbers)
    assert (leader.id, leader.part, leader.phone, leader.email) == (made.id, Part.DEPUTY, "…01", "l…@fjordvik.test")
    assert (new.name, new.part, new.phone, new.email) == ("Ny", Part.LEADER, "…02", None)


async def test_no_number_stands_in_an_error_or_the_audit_log(crisis_with_unit: Crisis, tmp_path: Path) -> None:
    crisis, sheet = crisis_with_unit, tmp_path / "contacts.csv"
    await add(crisis)
    sheet.write_text("unit,name,part,phone,email\nbiblioteket,Ny,leader,74000000,hemmelig@@fjordvik.test\n")
    with pytest.raises(Invalid) as caught:
        await contact_sheet.import_contacts(crisis.db, ADMIN, sheet, sealer=crisis.numbers, settings=crisis.settings)
    assert "line 2" in str(caught.value)
    async with crisis.db.transaction() as session:
        records = " ".join((await session.execute(text("SELECT record FROM audit"))).scalars())
    for kept in ("74000000", "hemmelig", "40000001", "leder@fjordvik"):
        assert kept not in str(caught.value) + records
