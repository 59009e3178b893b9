"""L: a line in the log from wherever somebody is, with the focus given back and nothing that was typed lost."""

from playwright.async_api import expect

from crisis.roles import Role
from tests import factories
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.visitor import DARK_PHONE, NO_SCRIPT


async def test_a_note_from_any_page_by_one_key_and_back_to_where_one_was(enter: Enter, town: Town) -> None:
    await factories.activation(town.crisis.db)
    editor = await enter(Role.EDITOR)
    page = editor.page
    await editor.go("/accounts")
    link = page.locator("main a").first
    await link.focus()
    await page.keyboard.press("l")
    note = page.locator("#note-text")
    await expect(note).to_be_focused()
    await page.keyboard.insert_text("Politiet er på")
    await page.keyboard.press("Escape")
    await expect(link).to_be_focused()
    await page.keyboard.press("L")
    await expect(note).to_have_value("Politiet er på")
    await page.keyboard.press("End")
    await page.keyboard.type(" lille stedet.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#quick-note-said")).to_have_text("Loggført.")
    await expect(page.locator("#quick-note")).to_be_hidden()
    await expect(link).to_be_focused()
    await page.keyboard.press("l")
    await expect(note).to_have_value("")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#note-text-problem")).to_contain_text("Skriv hva som skjedde")
    await expect(note).to_be_focused()
    await editor.go("/log")
    await expect(page.locator(".entries")).to_contain_text("Politiet er på lille stedet.")
    await page.keyboard.press("l")
    await expect(page.locator("#text")).to_be_focused()
    await editor.go("/accounts")
    await page.keyboard.press("l")
    await expect(note).to_be_focused()
    assert not await editor.check("crisis note dialog")


async def test_the_key_writes_an_l_where_one_writes_and_can_be_turned_off(enter: Enter, town: Town) -> None:
    await factories.activation(town.crisis.db)
    editor = await enter(Role.EDITOR, DARK_PHONE)
    page = editor.page
    await editor.go("/messages/new?hazard=landslide")
    await page.locator("main input[type=text]").first.press("l")
    await expect(page.locator("main input[type=text]").first).to_have_value("l")
    await editor.go("/help")
    await page.get_by_role("button", name="Slå av tasten L").click()
    await expect(page.get_by_role("button", name="Slå på tasten L")).to_have_attribute("aria-pressed", "false")
    await editor.go("/accounts")
    await page.keyboard.press("l")
    await expect(page.locator("#quick-note")).to_be_hidden()
    await page.get_by_role("link", name="Loggfør (L)").click()
    await expect(page.locator("#note-text")).to_be_focused()


async def test_what_is_typed_outlives_the_session_and_the_server(enter: Enter, town: Town) -> None:
    await factories.activation(town.crisis.db)
    editor = await enter(Role.EDITOR)
    page = editor.page
    await editor.go("/accounts")
    await page.keyboard.press("l")
    await page.keyboard.insert_text("Broa er stengt.")
    editor.watch.away = True
    await page.route("**/log/note", lambda route: route.abort())
    await page.locator("#note-send").click()
    await expect(page.get_by_text("Det er ikke lagret")).to_be_visible()
    await expect(page.locator("#note-text")).to_have_value("Broa er stengt.")
    await page.unroute("**/log/note")
    await page.locator("#note-send").click()
    await expect(page.locator("#quick-note-said")).to_have_text("Loggført.")


async def test_without_scripts_it_is_a_page(enter: Enter, town: Town) -> None:
    await factories.activation(town.crisis.db)
    editor = await enter(Role.EDITOR, NO_SCRIPT)
    await editor.go("/accounts")
    await editor.page.get_by_role("link", name="Loggfør (L)").click()
    await editor.page.fill("#note-text", "Broa er stengt.")
    await editor.page.click("#note-send")
    await expect(editor.page.get_by_text("Loggført.").first).to_be_visible()
    assert editor.path == "/accounts"
