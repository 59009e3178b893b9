"""The link in a notification: opened by anybody and anything, it changes nothing; its button answers, once."""

import re

import pytest
from sqlalchemy import text

from crisis.activations.models import Activation
from crisis.activations.service import stand_down
from crisis.audit import chain
from crisis.bootstrap import Crisis, notifications_of
from crisis.mode import Mode
from crisis.notifications import contacts, service
from crisis.notifications.contacts import ContactIn
from crisis.notifications.models import Part
from crisis.roles import Role
from tests import factories
from tests.api.desk.browser import Browser
from tests.api.desk.conftest import SignIn

LINK = re.compile(r"/k/[a-z2-7]{26}")


class Told:
    """A unit's leader who was told, and the link they got."""

    def __init__(self, crisis: Crisis, activation: Activation, path: str) -> None:
        self.crisis, self.activation, self.path = crisis, activation, path

    async def acknowledged(self) -> list[tuple[str, str]]:
        async with self.crisis.db.transaction() as session:
            rows = await session.execute(
                text("SELECT acknowledged_by, acknowledged_way FROM notifications WHERE acknowledged_at IS NOT NULL")
            )
            return [tuple(row) for row in rows]


@pytest.fixture
async def told(crisis: Crisis) -> Told:
    await factories.account(crisis, "sms")
    await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek")
    await contacts.add_contact(
        crisis.db,
        factories.OPERATOR,
        "biblioteket",
        ContactIn("Biblioteksjef", Part.LEADER, "40000001", "", "en"),
        sealer=crisis.numbers,
        region="NO",
        editors_unit=factories.EDITORS,
    )
    activation = await factories.activation(crisis.db, Mode.ACTUAL)
    await notifications_of(Mode.ACTUAL, crisis.settings, crisis.db).round()
    async with crisis.db.transaction() as session:
        said = (
            await session.execute(text("SELECT text FROM renditions WHERE notification_id IS NOT NULL"))
        ).scalar_one()
    return Told(crisis, activation, LINK.findall(said)[0])


@pytest.fixture
async def anybody(sign_in: SignIn) -> Browser:
    return await sign_in(None)


async def test_opening_a_link_changes_nothing_and_shows_what_it_is_about(told: Told, anybody: Browser) -> None:
    for _ in range(3):
        page = await anybody.get(told.path)
    assert page.status == 200
    assert page.tree.get("lang") == "en"
    for said in ("Kvikkleireskred ved Moen", "Kommunedirektøren set the crisis staff", "Facebook: Fjordvik bibliotek"):
        assert said in page.text
    assert len(page.tree.cssselect("main button")) == 1
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert await told.acknowledged() == []


async def test_the_button_answers_once_and_on_record(told: Told, anybody: Browser) -> None:
    assert "Thank you" in (await anybody.send(told.path)).text
    again = await anybody.send(told.path)
    assert (again.status, "Biblioteksjef confirmed this" in again.text) == (200, True)
    assert await told.acknowledged() == [("Biblioteksjef", "link")]
    async with told.crisis.db.transaction() as session:
        acts = [record async for _, record, _ in chain.entries(session) if '"acknowledge_lock"' in record]
    assert len(acts) == 1
    assert '"actor":"Biblioteksjef"' in acts[0]


async def test_an_altered_or_unknown_link_says_so_and_whom_to_call(told: Told, anybody: Browser) -> None:
    altered = told.path[:-1] + ("a" if told.path[-1] != "a" else "b")
    for path in (altered, "/k/x", "/k/" + "a" * 26):
        for page in (await anybody.get(path), await anybody.send(path)):
            assert (page.status, "Lenken virker ikke" in page.text) == (404, True)
            assert "Ring nettredaksjonen" in page.text
    assert await told.acknowledged() == []


async def test_a_link_that_is_too_old_or_whose_crisis_is_over_says_so(told: Told, anybody: Browser) -> None:
    async with told.crisis.db.transaction() as session:
        await session.execute(text("UPDATE notifications SET expires_at = now()"))
    for page in (await anybody.get(told.path), await anybody.send(told.path)):
        assert (page.status, "too old" in page.text, "Call the web editors" in page.text) == (410, True, True)
    await stand_down(told.crisis.db, factories.DIRECTOR, told.activation.id)
    for page in (await anybody.get(told.path), await anybody.send(told.path)):
        assert (page.status, "The crisis staff is stood down" in page.text) == (410, True)
    assert await told.acknowledged() == []


async def test_guessing_is_slowed_down(told: Told, anybody: Browser) -> None:
    statuses = [(await anybody.get(f"/k/{'a' * 25}{letter}")).status for letter in "abcdefghijklmnopqrstuvwxyz"]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert "Vent" in (await anybody.get(told.path)).text


async def test_another_site_presses_no_button(told: Told, anybody: Browser) -> None:
    page = await anybody.ask("POST", told.path, headers={"Sec-Fetch-Site": "cross-site"}, data={})
    assert page.status == 403
    assert await told.acknowledged() == []


async def test_an_answer_by_telephone_is_shown_to_whoever_opens_the_link_afterwards(
    told: Told, anybody: Browser
) -> None:
    async with told.crisis.db.transaction() as session:
        contact = (await session.execute(text("SELECT id FROM contacts"))).scalar_one()
    done = await service.acknowledge_by_telephone(told.crisis.db, factories.EDITOR, told.activation.id, contact)
    assert done.created
    assert await told.acknowledged() == [("Nettredaksjonen", "telephone")]
    assert "Nettredaksjonen wrote down the answer" in (await anybody.get(told.path)).text


async def test_a_units_own_user_answers_at_the_desk(told: Told, sign_in: SignIn) -> None:
    librarian = await sign_in(Role.UNIT, "biblioteket")
    page = await librarian.get("/posts")
    assert f"/activations/{told.activation.id}/silence" in page.body
    page = await librarian.send(f"/activations/{told.activation.id}/silence")
    assert "Nettredaksjonen ser at dere ikke legger ut noe" in page.text
    assert await told.acknowledged() == [("en unit", "desk")]
    page = await librarian.get("/posts")
    assert f"/activations/{told.activation.id}/silence" not in page.body
    assert "en unit har bekreftet" in page.text
