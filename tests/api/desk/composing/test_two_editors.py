"""Two who write at once lose nothing, and both are told."""

import pytest

from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.desk.browser import Browser
from tests.api.desk.composing.composer import WHOLE, begin, hidden, keep, later, revision
from tests.api.desk.conftest import SignIn


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
