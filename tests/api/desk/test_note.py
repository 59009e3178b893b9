"""A note from any page: also for those who write in the log and do not read it, and with and without scripts."""

from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.browser import PARTIAL
from tests.api.desk.conftest import SignIn


async def written(crisis: Crisis) -> list[tuple[str, str]]:
    async with crisis.db.transaction() as session:
        return [
            (row.text, row.written_by)
            for row in await session.execute(text("SELECT text, written_by FROM log_notes ORDER BY id"))
        ]


async def test_the_frame_leads_to_the_note_and_back_to_where_one_was(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.activation(crisis.db)
    kari = await sign_in(Role.SWITCHBOARD, name="Kari")
    page = await kari.get("/help")
    (link,) = page.tree.xpath("//a[@data-open-note]")
    assert link.get("aria-keyshortcuts") == "L"
    note = await kari.get(link.get("href"))
    fields = note.fields | {"text": "En innringer har sett røyk ved Moen."}
    back = await kari.post("/log/note", **{name: each for name, each in fields.items() if name != "csrf"})
    assert (back.status, back.location) == (303, "/help")
    await kari.post("/log/note", **{name: each for name, each in fields.items() if name != "csrf"})
    assert await written(crisis) == [("En innringer har sett røyk ved Moen.", "Kari")], "twice sent is once written"


async def test_a_note_that_cannot_be_kept_is_shown_as_it_was_typed(sign_in: SignIn, crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    kari = await sign_in(Role.LOGKEEPER)
    for said, problem in ((" ", "Skriv hva som skjedde"), ("x" * 4001, "for lang")):
        page = await kari.post("/log/note", activation=str(activation.id), text=said, back="//evil.example")
        assert (page.status, page.value("text"), page.value("back")) == (422, said, "/")
        assert problem in page.part("#note-text-problem")
    part = await kari.ask(
        "POST", "/log/note", data={"csrf": kari.csrf, "activation": str(activation.id)}, headers=PARTIAL
    )
    assert (part.status, "HX-Trigger" in part.headers) == (200, False)
    assert "<html" not in part.body
    fields = {"csrf": kari.csrf, "activation": str(activation.id), "text": "Veien er stengt."}
    part = await kari.ask("POST", "/log/note", data=fields, headers=PARTIAL)
    assert (part.headers["HX-Trigger"], part.tree.findtext(".//textarea")) == ("noted", "")
    assert await written(crisis) == [("Veien er stengt.", "en logkeeper")]


async def test_there_is_a_way_to_it_only_for_who_may_and_while_something_goes_on(
    sign_in: SignIn, crisis: Crisis
) -> None:
    director, admin = await sign_in(Role.DIRECTOR), await sign_in(Role.ADMIN)
    assert "data-open-note" not in (await director.get("/help")).body
    assert "Loggen begynner når" in (await director.get("/log/note")).text
    await factories.activation(crisis.db, Mode.EXERCISE)
    assert "data-open-note" not in (await director.get("/help")).body
    assert 'action="/log/note"' in (await director.get("/messages?mode=exercise")).body
    assert "data-open-note" not in (await admin.get("/accounts?mode=exercise")).body
    assert (await admin.get("/log/note")).status == 403
    assert (await admin.post("/log/note", activation="1", text="x")).status == 403
    assert (await director.post("/log/note", activation="99", text="x")).status == 404
