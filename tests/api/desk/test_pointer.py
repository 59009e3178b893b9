"""The pointer at the desk: written and approved by the web editors, published once by each unit with one press, withdrawn."""

from datetime import timedelta

from sqlalchemy import text

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.factories import DIRECTOR, EDITOR

WORDS = "Følg krise.fjordvik.kommune.no for informasjon."


async def states(crisis: Crisis) -> list[str]:
    async with crisis.db.transaction() as session:
        rows = await session.execute(text("SELECT lane || ' ' || state FROM deliveries ORDER BY id"))
        return list(rows.scalars())


async def test_the_editors_write_one_and_choose_accounts_and_the_unit_publishes_its_own_with_one_press(
    crisis: Crisis, sign_in: SignIn
) -> None:
    library = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    school = await factories.account(crisis, "twitter", unit="skolen", name="Skolen")
    await factories.account(crisis, "sms", unit="biblioteket", name="BIBLIOTEKET")
    editor, unit = await sign_in(Role.EDITOR), await sign_in(Role.UNIT)
    assert "Ingen kontoer er låst" in (await editor.get("/pointer")).text
    activation = await factories.activation(crisis.db)
    page = await editor.get("/pointer")
    assert page.value("text") == "Følg krise.fjordvik.kommune.no for informasjon."
    long = await editor.send("/pointer", text="ord " * 80)
    assert (long.status, long.value("text")) == (422, "ord " * 80)
    assert "X" in long.problem("text")
    page = await editor.send("/pointer", text=WORDS)
    assert "Enhetene kan publisere det nå" in page.text
    assert "BIBLIOTEKET" not in page.text, "nobody is sent one by SMS"
    page = await editor.send("/pointer/publish")
    assert "Kryss av for minst én konto" in page.text
    page = await editor.send("/pointer/publish", account=str(school))
    assert "på vei ut på 1 konto" in page.text
    own = await unit.get("/posts")
    assert WORDS in own.part("blockquote")
    assert "Skolen" not in own.text
    own = await unit.send("/pointer/publish", account=str(library), back="posts")
    assert "på vei ut på 1 konto" in own.text
    assert "Henvisningsinnlegg fra nettredaksjonen" in own.text
    again = await unit.send("/pointer/publish", account=str(library), back="posts")
    assert "Det går bare ut én gang" in again.text
    assert (await unit.send("/pointer/publish", account=str(school))).status == 403
    assert (await unit.send("/pointer", text=WORDS)).status == 403
    assert (await unit.get("/pointer")).status == 403
    assert await states(crisis) == ["public ready", "public ready"]
    board = (await editor.get("/")).text
    assert f"«{WORDS}» Publisert av 2 kontoer." in board
    assert (
        "Henvisningsinnlegget trekkes tilbake"
        in (await (await sign_in(Role.DIRECTOR)).get(f"/activations/{activation.id}/stand-down")).text
    )
    page = await editor.send("/pointer/1/withdraw")
    assert "2 som ikke var gått ut, blir ikke publisert" in page.text
    assert await states(crisis) == ["public cancelled", "public cancelled"]
    gone = await unit.send("/pointer/publish", account=str(library))
    assert (gone.status, "Ingen henvisning er godkjent" in gone.text) == (409, True)
    log = (await editor.get("/log")).text
    assert f"godkjente henvisningsinnlegget «{WORDS}»" in log
    assert "publiserte henvisningsinnlegget fra Biblioteket" in log


async def test_it_asks_who_one_is_before_it_goes_out_for_real_and_never_in_an_exercise(
    crisis: Crisis, sign_in: SignIn
) -> None:
    await factories.activation(crisis.db)
    await factories.activation(crisis.db, Mode.EXERCISE)
    editor = await sign_in(Role.EDITOR)
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE sessions SET factor_at = factor_at - :by"), {"by": timedelta(hours=5)})
    asked = await editor.send("/pointer", text=WORDS)
    assert "mer enn fire timer siden" in asked.text
    assert await crisis.pointers.standing(EDITOR) is None
    page = await editor.send("/pointer?mode=exercise", text=WORDS, mode="exercise")
    assert "ØVELSE ØVELSE ØVELSE" in page.part(".pointer-texts")


async def test_the_desk_says_it_when_the_activation_is_over(crisis: Crisis, sign_in: SignIn) -> None:
    activation = await factories.activation(crisis.db)
    editor = await sign_in(Role.EDITOR)
    await editor.send("/pointer", text=WORDS)
    await service.stand_down(crisis.db, DIRECTOR, activation.id)
    late = await editor.send("/pointer", text="Se krisesiden.")
    assert (late.status, late.problem("text") != "" or "Ingen kontoer er låst" in late.text) == (409, True)
