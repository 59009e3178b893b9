"""To a draft: from the template that was chosen, and on from a message that is out."""

from datetime import datetime

import pytest

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests.api.desk.composing.composer import WHOLE, begin, keep, revision
from tests.api.desk.conftest import SignIn


async def test_without_a_crisis_there_is_nothing_to_write_and_the_way_is_shown(sign_in: SignIn) -> None:
    page = await (await sign_in(Role.DIRECTOR)).get("/messages/new")
    assert "Krisestab er ikke satt" in page.text
    assert page.tree.xpath("//main//a[@href='/activations/new']")


@pytest.mark.usefixtures("place")
async def test_every_template_is_offered_and_has_its_blanks(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    page = await editor.get("/messages/new")
    assert [each.get("id") for each in page.tree.cssselect(".choice")][:3] == [
        "hazard-landslide", "hazard-flood", "hazard-storm",
    ]  # fmt: skip
    form = await editor.get("/messages/new?hazard=landslide")
    assert form.value("blank-område") == ""
    assert form.value("next_update_at")
    assert form.value("audience_id") == "1"


@pytest.mark.usefixtures("place")
async def test_a_template_is_filled_in_every_language_at_once(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor, møtested="")
    kept = await revision(crisis)
    assert kept.contents.keys() == {"nb", "nn", "en"}
    assert kept.contents["en"]["headline"] == "Landslide at Moen: Leave the area now"
    assert "{møtested}" in kept.contents["nn"]["what_happened"]
    page = await editor.get(f"{path}?mend")
    assert "Fyll ut: {møtested}." in page.problem("what_to_do")


@pytest.mark.usefixtures("place")
async def test_a_form_sent_twice_begins_one_draft(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    assert await begin(editor) == await begin(editor)
    assert await begin(editor, område="Elvesletta") != await begin(editor)


@pytest.mark.usefixtures("place")
async def test_a_blank_that_is_too_long_keeps_what_was_typed(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    fields = {
        "mode": "actual",
        "hazard": "fire",
        "blank-område": "x" * 201,
        "blank-telefon": "74",
        "next_update_at": "x",
    }
    page = await editor.ask("POST", "/messages", data={"csrf": editor.csrf, **fields})
    assert (page.status, page.value("blank-telefon")) == (422, "74")
    assert "Høyst 200 tegn" in page.text
    assert page.problem("next_update_at") == "Skriv klokkeslettet med fire tall, for eksempel 0730 eller 19.15."
    assert page.value("next_update_at") == "x"


@pytest.mark.usefixtures("place")
async def test_what_is_typed_is_saved_and_the_page_says_when(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR, name="Kari")
    path = await begin(editor)
    page = await editor.get(path)
    saved = await keep(editor, path, page, **WHOLE)
    assert (saved.status, saved.location) == (303, f"{path}?tab=nb")
    kept = await revision(crisis)
    assert kept.contents["nb"]["what_to_do"] == ["Gå ut av området.", "Møt på Fjordhallen."]
    again = await editor.get(path)
    assert again.value("what_to_do") == "Gå ut av området.\nMøt på Fjordhallen."
    at = datetime.fromisoformat(kept.part_saves["nb"]["at"]).astimezone(clock.OSLO)
    assert again.part("#saved") == f"Lagret kl. {at:%H.%M}"
