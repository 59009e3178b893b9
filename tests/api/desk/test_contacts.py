"""Contacts at the desk: typed in, imported whole or not at all, and never shown again but masked."""

import pytest

from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn

FIELDS = {"unit": "biblioteket", "name": "Biblioteksjef", "part": "leader", "language": "nn"}
SHEET = """unit,name,part,phone,email,language
biblioteket,Biblioteksjef,leder,40000001,sjef@fjordvik.test,nn
biblioteket,Redaktør,editor,,redaktor@fjordvik.test,
"""


@pytest.fixture
async def _library(crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")


@pytest.mark.usefixtures("_library")
async def test_a_contact_is_added_changed_and_removed_and_shown_masked(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN)
    page = await admin.get("/contacts")
    assert "Enheter uten kontaktperson" in page.text
    assert "ingen kan varsles på e-post" in page.text
    page = await admin.send("/contacts", **FIELDS, phone="400 00 001", email="sjef@fjordvik.test")
    assert "Biblioteksjef varsles heretter for biblioteket" in page.text
    assert "Biblioteksjef leder mobil …01, s…@fjordvik.test" in page.text
    assert "sjef@fjordvik" not in page.body
    assert "400 00 001" not in page.body
    (link,) = [
        each for each in page.tree.xpath("//main//a/@href") if each.startswith("/contacts/") and each[10:].isdigit()
    ]
    page = await admin.send(link, **FIELDS | {"name": "Ny biblioteksjef", "part": "deputy"}, phone="", email="")
    assert "Ny biblioteksjef stedfortreder mobil …01, s…@fjordvik.test" in page.text
    assert "er fjernet" in (await admin.send(f"{link}/remove")).text
    assert "Ny biblioteksjef" not in (await admin.get("/contacts")).part("main section")
    assert (await admin.get(link)).status == 404


@pytest.mark.usefixtures("_library")
async def test_what_cannot_be_used_is_said_beside_its_field_and_what_was_typed_stays(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN)
    page = await admin.send("/contacts", **FIELDS, phone="112", email="")
    assert page.status == 422
    assert "nødnummer" in page.problem("phone")
    assert page.value("name") == "Biblioteksjef"
    page = await admin.send("/contacts", **FIELDS, phone="", email="ikke en adresse")
    assert "E-postadressen kan ikke brukes" in page.problem("email")
    page = await admin.send("/contacts", **FIELDS, phone="", email="")
    assert "Ellers kan ingen varsles" in page.problem("phone")
    page = await admin.send("/contacts", **FIELDS | {"unit": "bibliotekt"}, phone="40000001", email="")
    assert "«biblioteket»" in page.problem("unit")


@pytest.mark.usefixtures("_library")
async def test_a_file_comes_in_whole_or_not_at_all_with_every_bad_line(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN)
    bad = (
        SHEET + "biblioteket,Vikar,sjef,40000003,,\nhavnekontoret,Fogd,leader,40000004,,\nbiblioteket,Ingen,deputy,,,\n"
    )
    page = await admin.upload("/contacts/import", bad.encode())
    assert page.status == 422
    for said in ("Linje 4: «sjef» i kolonnen part", "Linje 5: Ingen konto hører til enheten «havnekontoret»"):
        assert said in page.text
    assert "40000003" not in page.text
    page = await admin.upload("/contacts/import", (SHEET + "biblioteket,Ingen,deputy,,,\n").encode())
    assert "Linje 4: verken mobilnummer eller e-postadresse" in page.text
    assert "Enheter uten kontaktperson" in (await admin.get("/contacts")).text
    page = await admin.upload("/contacts/import", SHEET.encode())
    assert "2 nye kontaktpersoner" in page.text
    assert "Biblioteksjef leder mobil …01, s…@fjordvik.test" in page.text
    assert "Redaktør redaktør r…@fjordvik.test" in page.text


@pytest.mark.parametrize("role", [Role.EDITOR, Role.UNIT, Role.DIRECTOR])
async def test_nobody_else_sees_them(sign_in: SignIn, role: Role) -> None:
    assert (await (await sign_in(role)).get("/contacts")).status == 403
