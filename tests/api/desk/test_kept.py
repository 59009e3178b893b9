"""Forms that come after their session has ended: kept for whoever wrote them, shown to nobody else, done by nobody but them."""

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from api.desk.desk import NOUNS
from api.desk.kept import ACTS, BLANK, TYPED
from crisis.bootstrap import Crisis
from crisis.housekeeping import tidy
from crisis.roles import Role
from crisis.users import kept_forms
from tests import factories
from tests.api.desk.browser import Browser, Page
from tests.api.desk.conftest import SignIn
from tests.api.desk.known import come_in, end_sessions, learn_token, sign_in_again
from tests.crisis.users.people import Person

TEMPLATES = Path(__file__).parents[3] / "templates"
NOTE = "Politiet har stengt fylkesveien ved Moen.\nDe regner med to timer."


@pytest.fixture
async def nobody(sign_in: SignIn) -> Browser:
    return await sign_in(None)


async def count(crisis: Crisis, table: str = "kept_forms") -> int:
    async with crisis.db.transaction() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def press(browser: Browser, page: Page) -> Page:
    """The button of the page that shows what was typed."""
    form = page.tree.cssselect(".sheet form")[0]
    return await browser.ask("POST", str(form.action), data=form.form_values())


async def written_too_late(crisis: Crisis, browser: Browser) -> Person:
    """Kari writes a note in the log, and her session has ended when she sends it."""
    kari = await come_in(crisis, browser, "kari", Role.EDITOR)
    await factories.activation(crisis.db)
    await end_sessions(crisis)
    page = await browser.post("/log", activation="1", text=NOTE, told_by="Politiet", once="")
    assert (page.status, page.location) == (303, "/login?next=/kept")
    return kari


async def test_a_note_is_shown_again_after_signing_in_and_written_when_its_button_is_pressed(
    crisis: Crisis, nobody: Browser
) -> None:
    kari = await written_too_late(crisis, nobody)
    page = await nobody.get("/login?next=/kept")
    assert "Det du skrev, er tatt vare på" in page.text
    assert "Moen" not in page.body
    page = await nobody.follow(await sign_in_again(nobody, kari, kari.code(1), "/kept"))
    assert page.part(".sheet h2") == "Skriv i loggen"
    assert "Politiet har stengt fylkesveien ved Moen. De regner med to timer." in page.text
    assert await count(crisis, "log_notes") == 0, "nothing is done by itself"
    page = await press(nobody, page)
    assert (page.status, page.location) == (303, "/log?activation=1")
    async with crisis.db.transaction() as session:
        (note,) = (await session.execute(text("SELECT text, told_by FROM log_notes"))).all()
    assert (note.text.replace("\r", ""), note.told_by) == (NOTE, "Politiet")


async def test_nobody_else_sees_it_and_it_waits_for_whoever_wrote_it(crisis: Crisis, nobody: Browser) -> None:
    kari = await written_too_late(crisis, nobody)
    await come_in(crisis, nobody, "per", Role.DIRECTOR)
    page = await nobody.get("/kept")
    assert (page.status, "hører til en annen bruker" in page.text) == (403, True)
    assert "Moen." not in page.body
    assert not page.tree.cssselect("form[action='/log']")
    await end_sessions(crisis)
    page = await nobody.follow(await sign_in_again(nobody, kari, kari.code(1), "/kept"))
    assert "stengt fylkesveien" in page.text


async def test_it_is_sealed_and_no_password_is_in_it(crisis: Crisis, nobody: Browser) -> None:
    await come_in(crisis, nobody, "kari", Role.EDITOR)
    await end_sessions(crisis)
    secret = "et nytt passord som ingen har"
    page = await nobody.post("/me/password", password=secret, again=secret, reason="Glemt")
    assert page.location == "/login?next=/kept"
    async with crisis.db.transaction() as session:
        (row,) = (await session.execute(text("SELECT sealed FROM kept_forms"))).all()
    assert b"Glemt" not in row.sealed
    kept_secret = nobody.cookies["__Host-crisis-kept"].partition("=")[2]
    async with crisis.db.transaction() as session:
        kept = await kept_forms.find(session, crisis.credentials, kept_secret)
    assert kept is not None
    assert (kept.path, list(kept.fields)) == ("/me/password", [("reason", "Glemt")])


@pytest.mark.parametrize("token", ["", "x" * 64, f"{'x' * 64}.{'0' * 64}", f"{'x' * 64}."])
async def test_what_carries_no_mark_of_ours_is_not_kept(crisis: Crisis, nobody: Browser, token: str) -> None:
    page = await nobody.ask("POST", "/log", data={"csrf": token, "text": NOTE})
    assert (page.status, page.location) == (303, "/login")
    assert await count(crisis) == 0


async def test_another_sites_form_is_not_kept(crisis: Crisis, nobody: Browser) -> None:
    await come_in(crisis, nobody, "kari", Role.EDITOR)
    await end_sessions(crisis)
    page = await nobody.bare_post("/log", {"Sec-Fetch-Site": "cross-site"}, csrf=nobody.csrf, text=NOTE)
    assert (page.status, await count(crisis)) == (403, 0)


async def test_neither_a_file_nor_what_a_script_sends_is_kept(crisis: Crisis, nobody: Browser) -> None:
    await come_in(crisis, nobody, "kari", Role.ADMIN)
    action = await nobody.upload_address("/audiences/import")
    await end_sessions(crisis)
    data = nobody.multipart(b"telefon\n90000001\n", fields={"csrf": nobody.csrf, "name": "Alle"})
    assert (await nobody.ask("POST", action, data=data)).location == "/login"
    page = await nobody.ask("POST", "/log", data={"csrf": nobody.csrf, "text": NOTE}, headers={"HX-Request": "true"})
    assert (page.status, await count(crisis)) == (401, 0)


async def test_a_page_older_than_the_session_goes_the_same_way(crisis: Crisis, nobody: Browser) -> None:
    kari = await come_in(crisis, nobody, "kari", Role.EDITOR)
    await factories.activation(crisis.db)
    before = nobody.csrf
    await end_sessions(crisis)
    await sign_in_again(nobody, kari, kari.code(1), "/")
    nobody.csrf = before
    page = await nobody.follow(await nobody.post("/log", activation="1", text=NOTE))
    assert "stengt fylkesveien" in page.text
    assert (await press(nobody, page)).location == "/log?activation=1"
    nobody.csrf = before
    await come_in(crisis, nobody, "per", Role.EDITOR)
    nobody.csrf = before
    assert (await nobody.post("/log", activation="1", text=NOTE)).status == 403, "of somebody else's page"
    assert await count(crisis, "log_notes") == 1


async def test_it_is_dropped_when_it_is_not_wanted_and_after_an_hour(crisis: Crisis, nobody: Browser) -> None:
    kari = await written_too_late(crisis, nobody)
    await sign_in_again(nobody, kari, kari.code(1), "/kept")
    await learn_token(nobody)
    page = await nobody.send("/kept/drop")
    assert "Det er slettet" in page.text
    assert await count(crisis) == 0
    assert (await nobody.get("/kept")).location == "/"
    await end_sessions(crisis)
    await nobody.post("/log", activation="1", text=NOTE)
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE kept_forms SET expires_at = now() - interval '1 second'"))
    await tidy(crisis.db, keep_unlisted_days=30)
    assert await count(crisis) == 0


async def test_nobody_fills_the_database_with_it(crisis: Crisis, nobody: Browser) -> None:
    await come_in(crisis, nobody, "kari", Role.EDITOR)
    await end_sessions(crisis)
    for _ in range(kept_forms.KEPT_MOST + 3):
        await nobody.post("/log", activation="1", text=NOTE)
    assert await count(crisis) == kept_forms.KEPT_MOST


def test_every_field_that_people_write_in_has_a_name_or_is_a_secret() -> None:
    written, hidden = set(), set()
    for page in (TEMPLATES / "pages").glob("*.html"):
        for kind, name, rest in re.findall(r'\b(input|textarea)\("([\w-]+)"([^}]*)', page.read_text(encoding="utf-8")):
            (hidden if 'type="password"' in rest else written).add((kind, name))
    assert {name for _, name in hidden} >= {"password", "again"}
    assert all(kept_forms.is_secret(name) for _, name in hidden)
    searches, choices = {"words"}, {"next_update_at", "publish_at", "concurrency", "per_second", "due"}
    other_doors = {"q-", "word"}  # answers that nobody signs in to give, and a drill's emergency word
    names = {name for _, name in written if not kept_forms.is_secret(name)}
    assert BLANK in names
    assert names - searches - choices - other_doors - {BLANK} <= TYPED.keys()


def test_every_act_that_is_named_is_one() -> None:
    routes = {
        route.path
        for noun in NOUNS
        for route in noun.router.routes
        if isinstance(route, APIRoute) and "POST" in route.methods
    }
    assert ACTS.keys() <= routes
