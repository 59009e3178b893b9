"""The board, the switchboard and the log, as each role meets them."""

import json

from crisis.bootstrap import Crisis
from crisis.logbook import notes
from crisis.logbook.notes import Written
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.conftest import SignIn
from tests.factories import EDITOR


async def sent(crisis: Crisis, mode: Mode = Mode.ACTUAL) -> tuple[int, int]:
    """An activation with one message that is out on the crisis page: its number, and the revision's."""
    await factories.account(crisis, "website", name="Krisesiden")
    activation = await factories.activation(crisis.db, mode)
    draft = await factories.alert(crisis, activation.id)
    await crisis.desk.approve(EDITOR, draft.id)
    return activation.id, draft.id


async def test_in_ordinary_times_the_director_finds_one_button(sign_in: SignIn) -> None:
    page = await (await sign_in(Role.DIRECTOR)).get("/")
    assert page.tree.xpath("//main//a[@href='/activations/new']/text()") == ["Sett krisestab"]
    assert "Dere har ikke øvd her ennå" in page.text
    editor = await (await sign_in(Role.EDITOR)).get("/")
    assert not editor.tree.xpath("//main//a[@href='/activations/new']")
    assert (await (await sign_in(Role.UNIT)).get("/")).location == "/posts"


async def test_the_board_shows_what_is_out_what_is_promised_and_who_must_be_told(
    sign_in: SignIn, crisis: Crisis
) -> None:
    _, revision = await sent(crisis)
    director = await sign_in(Role.DIRECTOR)
    page = await director.get("/")
    assert factories.SLIDE["nb"]["headline"] in page.text
    assert "0 av 1 sendt" in page.text
    assert "Sentralbordet" in page.text
    assert "sendte ut:" in page.text
    page = await director.follow(await director.post(f"/revisions/{revision}/read", party="switchboard", back="board"))
    assert "ja, sier en director" in page.text
    part = await director.get("/", partial=True)
    assert "<html" not in part.body


async def test_an_exercise_has_a_board_of_its_own(sign_in: SignIn, crisis: Crisis) -> None:
    await sent(crisis, Mode.EXERCISE)
    director = await sign_in(Role.DIRECTOR)
    assert factories.SLIDE["nb"]["headline"] not in (await director.get("/")).text
    page = await director.get("/?mode=exercise")
    assert factories.SLIDE["nb"]["headline"] in page.text
    assert page.title.startswith("ØVELSE")


async def test_the_switchboard_reads_the_whole_message_and_says_so_once(sign_in: SignIn, crisis: Crisis) -> None:
    _, revision = await sent(crisis)
    switchboard = await sign_in(Role.SWITCHBOARD)
    page = await switchboard.get("/switchboard")
    for said in (factories.SLIDE["nb"]["what_happened"], *factories.SLIDE["nb"]["what_to_do"]):
        assert said in page.text
    page = await switchboard.follow(await switchboard.post(f"/revisions/{revision}/read"))
    assert "Du har lest denne" in page.text
    assert not page.tree.xpath(f"//form[@action='/revisions/{revision}/read']")
    assert (await (await sign_in(Role.ADMIN)).post(f"/revisions/{revision}/read")).status == 403


async def test_a_note_is_written_once_and_stands_among_what_happened(sign_in: SignIn, crisis: Crisis) -> None:
    activation, _ = await sent(crisis)
    keeper = await sign_in(Role.LOGKEEPER)
    form = (await keeper.get("/log")).fields
    note = {"activation": str(activation), "text": "Veien er stengt.\r\nRingt brannvakta.", "once": form["once"]}
    for _ in range(2):
        page = await keeper.follow(await keeper.post("/log", **note, told_by="Politiet"))
    assert page.text.count("Veien er stengt.") == 1
    assert "Fortalt av Politiet." in page.text
    assert "Nettredaksjonen sendte ut: «" in page.text
    only = await keeper.get(f"/log?activation={activation}&about=lock")
    assert "satte krisestab" in only.text
    assert "Veien er stengt" not in only.text
    assert "Ingenting her ennå" in (await keeper.get(f"/log?activation={activation}&words=finnesikke")).text


async def test_a_note_that_cannot_be_kept_is_shown_again_as_it_was_typed(sign_in: SignIn, crisis: Crisis) -> None:
    activation, _ = await sent(crisis)
    keeper = await sign_in(Role.LOGKEEPER)
    page = await keeper.post("/log", activation=str(activation), text=" ", told_by="Politiet", happened_at="i går")
    assert (page.status, page.fields["told_by"]) == (422, "Politiet")
    assert page.problem("text")
    assert page.problem("happened_at") == "Skriv klokkeslettet med fire tall, for eksempel 0730 eller 19.15."
    assert page.value("happened_at") == "i går"
    assert (await (await sign_in(Role.AUDITOR)).post("/log", activation=str(activation), text="x")).status == 403


async def test_the_log_goes_out_as_a_sheet_without_formulas_and_as_proof_with_every_hash(
    sign_in: SignIn, crisis: Crisis
) -> None:
    activation, _ = await sent(crisis)
    await notes.write(crisis.db, EDITOR, activation, Written("=1+1", told_by="@noen"))
    auditor = await sign_in(Role.AUDITOR)
    sheet = await auditor.post("/log/export", activation=str(activation), form="csv")
    assert sheet.headers["Content-Disposition"] == f'attachment; filename="log-{activation}.csv"'
    assert ",'=1+1,'@noen," in sheet.body
    proof = await auditor.post("/log/export", activation=str(activation), form="jsonl")
    lines = [json.loads(line) for line in proof.body.splitlines()]
    assert json.loads(lines[0]["record"])["action"] == "activate"
    assert all(len(line["hash"]) == 64 for line in lines)
    assert "hentet ut loggen" in (await auditor.get("/log")).text
    assert (await (await sign_in(Role.SWITCHBOARD)).post("/log/export", activation=str(activation))).status == 403
