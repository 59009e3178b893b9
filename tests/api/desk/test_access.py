"""The stand-down gives access back to all, or holds it back for the director to give to each unit; and says how it stands."""

from sqlalchemy import text

from crisis.activations.models import Activation
from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As
from tests.api.desk.conftest import SignIn


async def taken(crisis: Crisis) -> Activation:
    """An activation in which the levers of two units were pulled."""
    activation = await factories.activation(crisis.db)
    lever = text(
        """
        INSERT INTO levers (mode, activation_id, account_id, state, saved, pulled_at)
        VALUES ('actual', :activation, :account, 'pulled', '{"rights": [], "facts": {}}', now())
        """
    )
    for unit in ("biblioteket", "skolen"):
        account = await factories.account(crisis, "facebook", unit=unit, name=unit.capitalize())
        async with crisis.db.transaction() as session:
            await session.execute(lever, {"activation": activation.id, "account": account})
    return activation


async def levers(crisis: Crisis) -> list[tuple[str, bool]]:
    async with crisis.db.transaction() as session:
        rows = await session.execute(text("SELECT state, held_back FROM levers ORDER BY account_id"))
        return [(row.state, row.held_back) for row in rows]


async def test_everyone_gets_access_back_unless_something_else_is_said(crisis: Crisis, sign_in: SignIn) -> None:
    activation = await taken(crisis)
    director = await sign_in(Role.DIRECTOR)
    page = await director.get(f"/activations/{activation.id}/stand-down")
    assert page.value("access") == "all"
    assert "for 2 kontoer" in page.text
    assert (
        "Krisestab er satt, så ingenting gis tilbake ennå"
        in (await director.get(f"/activations/{activation.id}/access")).text
    )
    await director.send(f"/activations/{activation.id}/stand-down", access="all")
    assert await levers(crisis) == [("pulled", False)] * 2, "the securer gives them back"


async def test_unit_by_unit_it_is_given_back_on_a_page(crisis: Crisis, sign_in: SignIn) -> None:
    activation = await taken(crisis)
    director = await sign_in(Role.DIRECTOR)
    page = await director.send(f"/activations/{activation.id}/stand-down", access="unit_by_unit")
    assert "Gi tilgangen tilbake til hver enhet når den er klar" in page.text
    assert await levers(crisis) == [("pulled", True)] * 2
    assert "Gi tilbake til biblioteket" in page.text
    page = await director.send(f"/activations/{activation.id}/access", unit="biblioteket")
    assert "Tilgangen gis tilbake til biblioteket nå" in page.text
    assert await levers(crisis) == [("restoring", False), ("pulled", True)]
    editor = await sign_in(Role.EDITOR)
    shown = await editor.get(f"/activations/{activation.id}/access")
    assert "tilgangen gis tilbake nå" in shown.text
    assert "Gi tilbake til skolen" not in shown.text, "the director's to give"
    assert (await editor.send(f"/activations/{activation.id}/access", unit="skolen")).status == 403
    await director.send(f"/activations/{activation.id}/access")
    assert await levers(crisis) == [("restoring", False)] * 2


async def test_by_script_too(crisis: Crisis, as_role: As) -> None:
    activation = await taken(crisis)
    director = await as_role(Role.DIRECTOR)
    early = await director("POST", f"/v1/activations/{activation.id}/restore")
    assert early.status == 409
    await director("POST", f"/v1/activations/{activation.id}/stand-down", {"access": "unit_by_unit"})
    assert await levers(crisis) == [("pulled", True)] * 2
    given = await director("POST", f"/v1/activations/{activation.id}/restore", {"unit": "skolen"})
    assert (given.status, given.json) == (200, {"account_ids": [2]})
