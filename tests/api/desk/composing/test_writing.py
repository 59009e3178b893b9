"""What is typed is kept and seen as it will look, and a hint is a question."""

import pytest

from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.desk.composing.composer import WHOLE, begin, hidden, keep, revision
from tests.api.desk.conftest import SignIn

NO_TIME = {"next_update_at": "", "next_update_at-date": ""}


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


@pytest.mark.usefixtures("place")
async def test_two_who_write_in_two_languages_are_not_in_each_others_way(sign_in: SignIn, crisis: Crisis) -> None:
    kari, per = await sign_in(Role.EDITOR, name="Kari"), await sign_in(Role.EDITOR, name="Per")
    path = await begin(kari)
    karis, pers = await kari.get(path), await per.get(f"{path}?tab=en")
    assert (await keep(kari, path, karis, where="Elvesletta")).status == 303
    assert (await keep(per, path, pers, where="The plain")).status == 303
    kept = await revision(crisis)
    assert (kept.contents["nb"]["where"], kept.contents["en"]["where"]) == ("Elvesletta", "The plain")
