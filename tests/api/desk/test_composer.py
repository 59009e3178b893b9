"""The composer over HTTP: what is typed is kept, two editors lose nothing, and all of it works without a script."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.messages import drafts, release
from crisis.messages.models import Kind, Revision
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.browser import Browser, Page
from tests.api.desk.conftest import SignIn

WHOLE = {
    "headline": "Skred ved Moen: Gå ut av området nå",
    "what_happened": "Det har gått et kvikkleireskred ved Moen.",
    "where": "Moen",
    "what_to_do": "Gå ut av området.\r\n\r\n  \r\nMøt på Fjordhallen.",
    "leads": "Politiet",
    "contact": "Sentralbordet 74 00 00 00",
    "short": "Skred ved Moen. Gå ut nå.",
}


@pytest.fixture
async def place(crisis: Crisis) -> int:
    """An activation, somewhere to publish, and one list; the activation's id."""
    for channel in ("website", "facebook", "twitter", "sms"):
        await factories.account(crisis, channel)
    await factories.audience(crisis, 12, "Alle innbyggere")
    return (await factories.activation(crisis.db)).id


def hidden(page: Page) -> dict[str, str]:
    """What the form carries unseen."""
    names = ("language", "built_on", "base", "terms_built_on")
    return {name: page.value(name) or "" for name in names}


async def begin(browser: Browser, hazard: str = "landslide", **blanks: str) -> str:
    """A draft out of a template; the composer's address."""
    values = {"område": "Moen", "møtested": "Fjordhallen", "telefon": "74 00 00 00"} | blanks
    made = await browser.ask(
        "POST",
        "/messages",
        data={
            "csrf": browser.csrf,
            "mode": "actual",
            "hazard": hazard,
            **later(hours=1),
            "audience_id": "1",
            **{f"blank-{name}": value for name, value in values.items()},
        },
    )
    assert made.status == 303, made.text
    return str(made.location)


NO_TIME = {"next_update_at": "", "next_update_at-date": ""}


def later(**ahead: int) -> dict[str, str]:
    """A time, as its two fields have it."""
    at = (clock.now() + timedelta(**ahead)).astimezone(clock.OSLO)
    return {"next_update_at": f"{at:%H.%M}", "next_update_at-date": f"{at:%Y-%m-%d}"}


async def keep(browser: Browser, path: str, page: Page, **fields: str) -> Page:
    """Send the form of a page with these fields changed, as its save button does; do not follow."""
    shown = {name: page.value(name) or "" for name in WHOLE}
    terms = {name: page.value(name) or "" for name in ("next_update_at", "next_update_at-date", "audience_id")}
    return await browser.ask("POST", path, data={"csrf": browser.csrf, **hidden(page), **terms, **shown, **fields})


async def revision(crisis: Crisis, number: int = 1) -> Revision:
    async with crisis.db.transaction() as session:
        return await drafts.get(session, number)


# To a draft


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


# Writing


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


@pytest.mark.usefixtures("place")
async def test_a_half_written_text_is_kept_too(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor, "none")
    page = await editor.get(path)
    assert (await keep(editor, path, page, headline="  Skred ved")).status == 303
    assert (await revision(crisis)).contents["nb"]["headline"] == "  Skred ved"
    assert (await editor.get(path)).value("headline") == "  Skred ved"


@pytest.mark.usefixtures("place")
async def test_autosave_answers_with_what_changed_and_nothing_that_is_typed_in(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    page = await editor.get(path)
    fields = {name: page.value(name) or "" for name in WHOLE} | {"where": "Moen og Elvesletta 🏔", "short": ""}
    part = await editor.ask(
        "POST", path, data={"csrf": editor.csrf, **hidden(page), **fields}, headers={"HX-Request": "true"}
    )
    assert part.status == 200
    swapped = {each.get("id") for each in part.tree.xpath("//*[@hx-swap-oob]")}
    assert swapped == {"marks", "saved", "tabs", "clash", "hints", "previews"}
    assert not part.tree.xpath("//textarea")
    assert part.tree.xpath("//input[@name='built_on']/@value") == ["2"]
    assert "Tegnet «🏔»" in part.part("#previews")
    assert (await revision(crisis)).contents["nb"]["where"] == "Moen og Elvesletta 🏔"


@pytest.mark.usefixtures("place")
async def test_languages_say_how_far_they_have_come(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)

    async def states() -> list[str]:
        page = await editor.get(path)
        return [" ".join(each.text_content().split()) for each in page.tree.cssselect(".tab")]

    assert await states() == ["bokmål ✓ ferdig", "nynorsk ✓ ferdig", "engelsk ✓ ferdig"]
    await keep(editor, path, await editor.get(path), where="Moen og Elvesletta")
    english = await editor.get(f"{path}?tab=en")
    await keep(editor, path, english, leads="")
    assert await states() == ["bokmål ✓ ferdig", "nynorsk ▲ utdatert", "engelsk … ikke ferdig"]
    await keep(editor, path, await editor.get(f"{path}?tab=nn"), **dict.fromkeys(WHOLE, ""))
    assert await states() == ["bokmål ✓ ferdig", "nynorsk ○ mangler", "engelsk … ikke ferdig"]


@pytest.mark.usefixtures("place")
async def test_going_to_another_language_saves_this_one(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    moved = await keep(editor, path, await editor.get(path), where="Elvesletta", tab="en")
    assert moved.location == f"{path}?tab=en"
    assert (await revision(crisis)).contents["nb"]["where"] == "Elvesletta"
    page = await editor.get(f"{path}?tab=en")
    assert (page.value("language"), page.value("headline")) == ("en", "Landslide at Moen: Leave the area now")
    assert page.tree.get_element_by_id("headline").get("lang") == "en"


@pytest.mark.usefixtures("place")
async def test_previews_are_the_thing_itself_with_its_length(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    page = await editor.get(await begin(editor))
    looks = {each.get("data-look"): " ".join(each.text_content().split()) for each in page.tree.cssselect(".preview")}
    assert looks.keys() == {"page", "post", "tweet", "phone"}
    assert "Fjordvik kommune: Skred ved Moen. Gå ut av området nå." in looks["phone"]
    assert "1 del, " in looks["phone"]
    assert " av 280 tegn" in looks["tweet"]


async def test_an_exercise_is_marked_in_every_preview_and_in_the_frame(sign_in: SignIn, crisis: Crisis) -> None:
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    draft = await factories.alert(crisis, activation.id)
    page = await (await sign_in(Role.EDITOR)).get(f"/messages/{draft.message_id}/revisions/{draft.id}")
    assert page.title.startswith("ØVELSE ØVELSE ØVELSE")
    assert all("ØVELSE ØVELSE ØVELSE" in each.text_content() for each in page.tree.cssselect(".preview-body"))


@pytest.mark.usefixtures("place")
async def test_what_is_typed_is_never_markup(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'
    await keep(editor, path, await editor.get(path), **dict.fromkeys(WHOLE, evil))
    for page in (await editor.get(path), await editor.get(f"{path}/check")):
        assert not page.tree.xpath("//main//script | //main//img | //*[@onerror]")
        assert "{{ 7*7 }}" in page.text
        assert "49" not in page.part("#previews")


# Hints


@pytest.mark.usefixtures("place")
async def test_a_hint_is_a_question_with_a_click_that_mends_it(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    page = await editor.get(path)
    assert page.part("#hints li") == ""
    await keep(editor, path, page, what_happened="Skred ved Moen. Vi iverksetter søk. To er savnet.", where="Moen")
    page = await editor.get(path)
    assert "Er dette klarert med politiet?" in page.part("#hints")
    assert "Kan du si det enklere? For eksempel «starter»." in page.part("#hints")
    await keep(editor, path, page, fix="hard.nb.what_happened")
    assert (await revision(crisis)).contents["nb"]["what_happened"] == "Skred ved Moen. Vi starter søk. To er savnet."


@pytest.mark.usefixtures("place")
async def test_a_click_sets_the_time_of_the_next_message(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    await keep(editor, path, await editor.get(path), **NO_TIME)
    assert (await revision(crisis)).next_update_at is None
    await keep(editor, path, await editor.get(path), **NO_TIME, fix="time.nb.next_update_at")
    assert (await revision(crisis)).next_update_at is not None


# Two editors


@pytest.mark.usefixtures("place")
async def test_two_who_write_in_two_languages_are_not_in_each_others_way(sign_in: SignIn, crisis: Crisis) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    karis, pers = await kari.get(path), await per.get(f"{path}?tab=en")
    assert (await keep(kari, path, karis, where="Elvesletta")).status == 303
    assert (await keep(per, path, pers, where="The plain")).status == 303
    kept = await revision(crisis)
    assert (kept.contents["nb"]["where"], kept.contents["en"]["where"]) == ("Elvesletta", "The plain")


@pytest.mark.usefixtures("place")
async def test_two_who_write_in_two_fields_of_a_language_get_both(sign_in: SignIn, crisis: Crisis) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    karis, pers = await kari.get(path), await per.get(path)
    await keep(kari, path, karis, where="Elvesletta")
    part = await per.ask(
        "POST", path, headers={"HX-Request": "true"},
        data={"csrf": per.csrf, **hidden(pers), **{name: pers.value(name) or "" for name in WHOLE}, "leads": "Per leder"},
    )  # fmt: skip
    assert "Kari skrev samtidig" in part.part("#clash")
    assert part.part("textarea[name=where]") == "Elvesletta"
    kept = await revision(crisis)
    assert (kept.contents["nb"]["where"], kept.contents["nb"]["leads"]) == ("Elvesletta", "Per leder")


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("choice", "expected"), [("mine", "Pers sted"), ("theirs", "Karis sted")])
async def test_two_who_write_in_one_field_see_both_and_choose(
    sign_in: SignIn, crisis: Crisis, choice: str, expected: str
) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    karis, pers = await kari.get(path), await per.get(path)
    await keep(kari, path, karis, where="Karis sted")
    clash = await keep(per, path, pers, where="Pers sted", leads="Per leder")
    assert (clash.status, clash.value("where")) == (409, "Pers sted")
    assert "Kari skrev samtidig med deg" in clash.part("#clash")
    assert "Karis sted" in clash.part("#clash")
    assert (await revision(crisis)).contents["nb"]["where"] == "Karis sted"
    chosen = await keep(per, path, clash, against=clash.value("against") or "", **{"pick-where": choice})
    assert chosen.status == 303, chosen.text
    kept = await revision(crisis)
    assert (kept.contents["nb"]["where"], kept.contents["nb"]["leads"]) == (expected, "Per leder")


@pytest.mark.usefixtures("place")
async def test_a_choice_between_texts_that_have_changed_again_is_asked_for_anew(
    sign_in: SignIn,
) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    pers = await per.get(path)
    await keep(kari, path, await kari.get(path), where="Karis sted")
    clash = await keep(per, path, pers, where="Pers sted")
    await keep(kari, path, await kari.get(path), where="Karis andre sted")
    again = await keep(per, path, clash, against=clash.value("against") or "", **{"pick-where": "mine"})
    assert again.status == 409
    assert "Karis andre sted" in again.part("#clash")
    assert again.value("where") == "Pers sted"


@pytest.mark.usefixtures("place")
async def test_editors_see_who_else_is_there_and_what_is_new(sign_in: SignIn) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    pers = await per.get(path)

    async def seen(browser: Browser, language: str, built_on: str = "1") -> str:
        fields = {"csrf": browser.csrf, "language": language, "built_on": built_on}
        part = await browser.ask("POST", f"{path}/presence", data=fields, headers={"HX-Request": "true"})
        return part.text if part.body.strip() else ""

    assert await seen(kari, "nb") == ""
    assert await seen(per, "en") == "● Kari skriver på bokmål"
    assert "Per skriver på engelsk" in await seen(kari, "nb")
    await keep(kari, path, await kari.get(path), where="Elvesletta")
    told = await seen(per, "nb", pers.value("built_on") or "")
    assert "Kari skriver også på bokmål" in told
    assert "Kari har lagret noe nytt her" in told


@pytest.mark.usefixtures("place")
async def test_what_is_typed_after_it_was_sent_is_shown_and_not_lost(sign_in: SignIn, crisis: Crisis) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    pers = await per.get(path)
    await crisis.desk.approve(factories.EDITOR, 1)
    late = await keep(per, path, pers, where="For sent")
    assert (late.status, late.value("where")) == (409, "For sent")
    assert "Meldingen er ikke lenger et utkast" in late.text
    assert (await per.get(path)).location == "/messages/1"


@pytest.mark.usefixtures("place")
async def test_terms_that_somebody_else_changed_are_shown_and_not_overwritten(sign_in: SignIn, crisis: Crisis) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    pers = await per.get(path)
    await keep(kari, path, await kari.get(path), audience_id="")
    late = await keep(per, path, pers, **later(hours=5), where="Elvesletta")
    assert "Kari har endret dette i mellomtiden" in late.part("#terms")
    kept = await revision(crisis)
    assert (kept.audience_id, kept.contents["nb"]["where"]) == (None, "Elvesletta")


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("typed", ["i morgen", "2026-13-40T99:99", "24.00", "x" * 500])
async def test_a_time_that_is_none_is_said_beside_the_field(sign_in: SignIn, crisis: Crisis, typed: str) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    page = await keep(editor, path, await editor.get(path), next_update_at=typed, where="Elvesletta")
    said = (page.status, page.problem("next_update_at"), page.value("next_update_at"))
    assert said == (422, "Skriv klokkeslettet med fire tall, for eksempel 0730 eller 19.15.", typed)
    assert (await revision(crisis)).contents["nb"]["where"] == "Elvesletta"


@pytest.mark.usefixtures("place")
async def test_a_text_no_draft_can_hold_stays_on_the_page(sign_in: SignIn) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    page = await keep(editor, path, await editor.get(path), where="å" * 20_001)
    assert page.status == 422
    assert len(page.value("where") or "") == 20_001


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("base", ["", "[]", "{", '{"headline": 1}', '{"x": "y"}', "[" * 5000])
async def test_a_form_that_was_tampered_with_harms_nobody(sign_in: SignIn, base: str) -> None:
    editor = await sign_in(Role.EDITOR)
    path = await begin(editor)
    page = await editor.get(path)
    tampered = {"base": base, "built_on": "-1", "terms_built_on": "x", "language": "tlh", "audience_id": "99999999999"}
    answered = await keep(editor, path, page, **tampered, where="Elvesletta")
    assert answered.status in {303, 409, 422}
    assert (await editor.get("/messages/1/revisions/99")).status == 404
    assert (await editor.get("/messages/2/revisions/1")).status == 404


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("role", [Role.UNIT, Role.AUDITOR, Role.ADMIN, Role.SWITCHBOARD])
async def test_others_than_the_desk_neither_write_nor_send(sign_in: SignIn, crisis: Crisis, role: Role) -> None:
    path = await begin(await sign_in(Role.EDITOR))
    other = await sign_in(role)
    assert (await other.get(path)).status == 403
    assert (await other.get("/messages/new")).status == 403
    for where in (
        path,
        f"{path}/presence",
        f"{path}/send",
        f"{path}/submit",
        f"{path}/send-back",
        "/messages/1/revisions",
    ):
        assert (await other.ask("POST", where, data={"csrf": other.csrf})).status == 403, where
    kept = await revision(crisis)
    assert (kept.saves, kept.state.value) == (1, "draft")


# On from a message


@pytest.mark.usefixtures("place")
async def test_a_message_goes_on_in_one_draft_of_each_kind(sign_in: SignIn, crisis: Crisis) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    await begin(kari)
    await crisis.desk.approve(factories.EDITOR, 1)

    async def go_on(browser: Browser, kind: str) -> Any:
        return (await browser.ask("POST", "/messages/1/revisions", data={"csrf": browser.csrf, "kind": kind})).location

    update = await go_on(kari, "update")
    assert await go_on(per, "update") == update
    page = await kari.get(update)
    assert page.title.startswith("Oppdatering")
    assert page.value("where") == "Moen"
    clear = await kari.get(await go_on(kari, "all_clear"))
    assert (clear.value("where"), clear.value("headline")) == ("Moen", "")
    assert (await kari.ask("POST", "/messages/1/revisions", data={"csrf": kari.csrf, "kind": "x"})).status == 422
    assert (await revision(crisis, 2)).kind is Kind.UPDATE


@pytest.mark.usefixtures("place")
async def test_the_list_shows_what_waits_for_somebody_first(sign_in: SignIn, crisis: Crisis) -> None:
    editor = await sign_in(Role.EDITOR)
    await begin(editor)
    await crisis.desk.approve(factories.EDITOR, 1)
    await begin(editor, "flood", område="Elvesletta")
    await release.submit(crisis.db, factories.EDITOR, 2)
    page = await editor.get("/messages")
    entries = [" ".join(each.text_content().split()) for each in page.tree.cssselect(".message-list > li")]
    assert entries[0].startswith("Flom ved Elvesletta: Hold deg unna elva Venter på godkjenning: se over")
    assert "Oppdatering" in entries[1]
    assert json.dumps(entries).count("Uten overskrift") == 0
