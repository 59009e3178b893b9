"""Confirming who one is over HTTP: before what goes out, locks or takes the log away; once, with everything of the act kept."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import text

from api.desk.confirm import WHY
from api.desk.kept import ACTS
from crisis.bootstrap import Crisis
from crisis.messages import drafts
from crisis.messages.models import RevisionState
from crisis.mode import Mode
from crisis.roles import Act, Role
from crisis.users.confirmation import WITHIN
from tests import factories
from tests.api.desk.browser import Browser, Page
from tests.api.desk.conftest import SignIn
from tests.api.desk.known import age_factor, come_in, learn_token
from tests.crisis.users.people import Person


def asks(page: Page) -> bool:
    return (page.status, page.title.split(" –")[0]) == (403, "Bekreft at det er deg")


def form_of(page: Page) -> Any:
    """The one that asks for a code."""
    return next(each for each in page.tree.forms if "confirm_code" in each.fields)


async def press_again(browser: Browser, page: Page, code: str) -> Page:
    """Fill in the code on the page that asks for it, and send its form as it stands: all of it, in its order."""
    form = form_of(page)
    form.fields["confirm_code"] = code
    return await browser.ask("POST", str(form.action), data=form.form_values())


@pytest.fixture
async def nobody(sign_in: SignIn) -> Browser:
    return await sign_in(None)


async def a_draft(crisis: Crisis, mode: Mode = Mode.ACTUAL) -> str:
    for channel in ("website", "facebook"):
        await factories.account(crisis, channel)
    activation = await factories.activation(crisis.db, mode)
    draft = await factories.alert(crisis, activation.id)
    return f"/messages/{draft.message_id}/revisions/{draft.id}"


async def state(crisis: Crisis) -> RevisionState:
    async with crisis.db.transaction() as session:
        return (await drafts.get(session, 1)).state


async def test_a_message_is_sent_by_a_factor_of_the_last_four_hours_and_the_send_is_carried_over_it(
    crisis: Crisis, nobody: Browser
) -> None:
    kari = await come_in(crisis, nobody, "kari", Role.EDITOR)
    path = await a_draft(crisis)
    seen = (await nobody.get(f"{path}/check")).value("seen") or ""
    await age_factor(crisis, "4 hours")
    fields = [("csrf", nobody.csrf), ("seen", seen), ("leave_out", "nn"), ("leave_out", "en")]
    page = await nobody.ask("POST", f"{path}/send", data=fields)
    assert asks(page)
    assert "Det gjelder: Send meldingen." in page.text
    assert "Ingenting er sendt ennå" in page.text
    assert page.tree.xpath("//a[text()='Avbryt']/@href") == [f"{path}/check"]
    page = await press_again(nobody, page, "000000")
    assert (page.status, await state(crisis)) == (422, RevisionState.DRAFT)
    carried = [(name, value) for name, value in form_of(page).form_values() if name == "leave_out"]
    assert carried == [("leave_out", "nn"), ("leave_out", "en")], "what comes several times comes along several times"
    page = await press_again(nobody, page, kari.code(1))
    assert (page.status, page.location) == (303, "/messages/1")
    assert await state(crisis) is RevisionState.APPROVED
    page = await nobody.post("/messages/1/retract", reason="")
    assert page.status == 303, "asked once, and not again"


async def test_nobody_is_asked_within_the_shift_nor_in_an_exercise(crisis: Crisis, nobody: Browser) -> None:
    await come_in(crisis, nobody, "kari", Role.DIRECTOR)
    await age_factor(crisis, "3 hours 58 minutes")
    assert (await nobody.post("/activations", title="Skred")).status == 303
    await age_factor(crisis, "7 hours")
    assert (await nobody.post("/activations", title="Øvelse", mode="exercise")).status == 303
    draft = await factories.alert(crisis, 2)
    await factories.account(crisis, "website")
    path = f"/messages/{draft.message_id}/revisions/{draft.id}"
    page = await nobody.get(f"{path}/check")
    sent = await nobody.post(f"{path}/send", seen=page.value("seen") or "")
    assert (sent.status, sent.location) == (303, f"/messages/{draft.message_id}")
    assert (await nobody.post(f"/messages/{draft.message_id}/retract")).status == 303
    async with crisis.db.transaction() as session:
        found = await session.execute(text("SELECT count(*) FROM audit WHERE record LIKE '%confirm_sign_in%'"))
        assert found.scalar_one() == 0


@pytest.mark.parametrize(
    ("path", "fields", "table"),
    [
        ("/activations", {"title": "Skred ved Moen"}, "activations"),
        ("/messages/1/retract", {"reason": "Feil kart"}, "messages WHERE retracted_for = 'Feil kart'"),
    ],
)
async def test_what_locks_and_what_says_false_alarm_ask_too(
    crisis: Crisis, nobody: Browser, path: str, fields: Mapping[str, str], table: str
) -> None:
    kari = await come_in(crisis, nobody, "kari", Role.DIRECTOR)
    if "messages" in table:
        await factories.account(crisis, "website")
        await factories.approved_alert(crisis, (await factories.activation(crisis.db)).id)

    async def count() -> int:
        async with crisis.db.transaction() as session:
            return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())

    before = await count()
    await age_factor(crisis, "5 hours")
    page = await nobody.post(path, **fields)
    assert asks(page)
    assert fields.items() <= page.fields.items()
    assert await count() == before
    page = await press_again(nobody, page, kari.code(1))
    assert (page.status, await count()) == (303, before + 1)


async def exported(crisis: Crisis, browser: Browser) -> tuple[Person, Page]:
    kari = await come_in(crisis, browser, "kari", Role.EDITOR)
    await factories.activation(crisis.db)
    await age_factor(crisis, "11 minutes")
    return kari, await browser.post("/log/export", activation="1", form="csv")


async def test_the_log_is_taken_away_only_by_a_factor_of_the_last_ten_minutes(crisis: Crisis, nobody: Browser) -> None:
    kari, page = await exported(crisis, nobody)
    assert asks(page)
    assert "ta loggen ut" in page.text
    assert page.tree.xpath("//a[text()='Avbryt']/@href") == ["/log?activation=1"]
    async with crisis.db.transaction() as session:
        found = await session.execute(text("SELECT count(*) FROM audit WHERE record LIKE '%export%'"))
        assert found.scalar_one() == 0
    page = await press_again(nobody, page, kari.code(1))
    assert (page.status, page.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert page.body.startswith("number,at,actor")


async def test_a_page_that_stands_open_in_another_tab_can_still_be_sent_after_it(
    crisis: Crisis, nobody: Browser
) -> None:
    kari, page = await exported(crisis, nobody)
    before = nobody.csrf
    await press_again(nobody, page, kari.code(1))
    assert (await nobody.post("/log", activation="1", text="Skrevet i en annen fane")).status == 303
    await learn_token(nobody)
    assert nobody.csrf == before


async def test_an_accounts_keys_ask_and_are_in_no_address(crisis: Crisis, nobody: Browser) -> None:
    kari = await come_in(crisis, nobody, "kari", Role.ADMIN)
    account = await factories.account(crisis, "facebook")
    await age_factor(crisis, "11 minutes")
    fields = {"address": "1042", "credential-page_token": "en-ny-nøkkel"}
    page = await nobody.post(f"/accounts/{account}/connection", **fields)
    assert asks(page)
    page = await press_again(nobody, page, kari.code(1))
    assert (page.status, page.location) == (303, f"/accounts/{account}")


def test_every_act_that_asks_says_why_and_what() -> None:
    assert WITHIN.keys() <= WHY.keys()
    assert {Act.EXPORT_LOG, Act.MANAGE_ACCOUNTS, None} <= WHY.keys()
    assert {"/activations", "/log/export", "/messages/{message_id:int}/retract"} <= ACTS.keys()
