"""Setting the crisis staff and ending it, from the desk."""

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.factories import DIRECTOR, EDITOR


async def test_the_director_sets_the_crisis_staff_on_one_page(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", name="Biblioteket", unit="biblioteket")
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/activations/new")
    assert "1 konto låses her" in page.text
    page = await director.post("/activations", mode="actual", hazard="", title=" Skred  ved Moen ")
    assert page.location == "/messages/new"
    page = await director.get("/help")
    async with crisis.db.transaction() as session:
        activation = await service.find_current(session, Mode.ACTUAL)
        assert activation is not None
        assert (activation.title, activation.activated_by) == ("Skred ved Moen", "en director")
        assert await service.find_current(session, Mode.EXERCISE) is None
    assert "Krisestab satt" in page.text
    assert "kontoene er låst. Skriv" in page.text, "said once, on the next page"
    assert "kontoene er låst. Skriv" not in (await director.get("/help")).text


async def test_what_is_chosen_names_it_and_begins_the_first_message(sign_in: SignIn, crisis: Crisis) -> None:
    director = await sign_in(Role.DIRECTOR, language="nn")
    page = await director.post("/activations", mode="exercise", hazard="landslide", title=" ")
    assert page.location == "/messages/new?mode=exercise&hazard=landslide"
    async with crisis.db.transaction() as session:
        activation = await service.find_current(session, Mode.EXERCISE)
    assert activation is not None
    assert activation.title == "Kvikkleireskred"


async def test_nothing_chosen_and_nothing_written_holds_nobody_up(sign_in: SignIn, crisis: Crisis) -> None:
    director = await sign_in(Role.DIRECTOR)
    assert (await director.post("/activations", mode="actual")).status == 303
    async with crisis.db.transaction() as session:
        activation = await service.find_current(session, Mode.ACTUAL)
    assert activation is not None
    assert activation.title == "Uavklart hendelse"


async def test_a_title_that_is_too_long_is_kept_and_what_is_wrong_said_beside_it(sign_in: SignIn) -> None:
    director = await sign_in(Role.DIRECTOR)
    page = await director.post("/activations", mode="exercise", title="x" * 201)
    assert (page.status, page.fields["title"], page.fields["mode"]) == (422, "x" * 201, "exercise")
    assert "høyst 200 tegn" in page.text
    assert 'aria-invalid="true"' in page.body


async def test_who_comes_second_is_told_who_was_first(sign_in: SignIn, crisis: Crisis) -> None:
    await service.activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Skred ved Moen")
    director = await sign_in(Role.DIRECTOR)
    page = await director.follow(await director.post("/activations", mode="actual", title="Noe annet"))
    assert f"{DIRECTOR.name} hadde allerede satt krisestab: «Skred ved Moen»" in page.text


async def test_ending_it_names_the_messages_that_nobody_has_ended(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    draft = await factories.alert(crisis, activation.id)
    await crisis.desk.approve(EDITOR, draft.id)
    director = await sign_in(Role.DIRECTOR)
    address = f"/activations/{activation.id}/stand-down"
    page = await director.get(address)
    assert f"Ikke sagt at faren er over: «{factories.SLIDE['nb']['headline']}»" in page.text
    page = await director.follow(await director.post(address))
    assert "Krisestab er avsluttet" in page.text
    assert "Normal drift" in page.text
    again = await director.post(address)
    assert (again.status, "Noe annet skjedde først" in again.text) == (409, True)


async def test_the_lock_is_shown_until_it_is_confirmed(sign_in: SignIn, crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(f"/activations/{activation.id}/lock")
    assert page.status == 200
    part = await editor.get(f"/activations/{activation.id}/lock", {"HX-Request": "true"})
    assert (part.status, "<html" in part.body, 'id="state"' in part.body) == (200, False, True)
