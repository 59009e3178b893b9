"""Pages that change by themselves, in a real browser: what changes, what stays in its place, and what is said when it stops."""

from playwright.async_api import expect
from sqlalchemy import text

from crisis.embedded.port import free_port
from crisis.roles import Role
from crisis.settings import Settings
from tests import factories
from tests.api.server import ApiServer
from tests.browser.conftest import Enter
from tests.browser.town import Town
from tests.browser.visitor import DESKTOP, NO_SCRIPT, PHONE, Windows


async def move(town: Town, *states: str) -> None:
    """Every delivery through these states."""
    async with town.crisis.db.transaction() as session:
        for state in states:
            await session.execute(text("UPDATE deliveries SET state = :state, changed_at = now()"), {"state": state})


async def sent(town: Town) -> int:
    """A message that nobody sends yet; its number."""
    activation = await factories.activation(town.crisis.db)
    return (await factories.approved_alert(town.crisis, activation.id)).revision.message_id


async def test_a_message_and_the_board_follow_what_happens_and_the_focus_stays(enter: Enter, town: Town) -> None:
    message = await sent(town)
    editor, switchboard = await enter(Role.EDITOR), await enter(Role.SWITCHBOARD, PHONE)
    telephone = await enter(Role.SPOKESPERSON)
    await telephone.go("/switchboard")
    await editor.go(f"/messages/{message}")
    await switchboard.go("/")
    for window in (editor, switchboard, telephone):
        await expect(window.page.locator("[data-live]")).to_have_attribute("data-live", "on")
        await expect(window.page.get_by_text("Oppdateres av seg selv.")).to_be_visible()
        for said in ("Forbindelsen er brutt", "Databasen svarer ikke", "Du er logget ut", "Slik sto det"):
            await expect(window.page.get_by_text(said)).to_be_hidden()
    link = editor.page.locator(".standing a").first
    await link.focus()
    await move(town, "in_flight", "accepted")
    await expect(editor.page.locator(".summary")).to_contain_text("Meldingen er ute overalt.")
    await expect(link).to_be_focused()
    await expect(switchboard.page.locator(".told")).to_contain_text("3 av 3 sendt")
    await telephone.page.get_by_role("button", name="Jeg har lest denne").click()
    await expect(telephone.page.get_by_text("Du har lest denne.")).to_be_visible()


PRESS_AT_ONCE = """
    () => new MutationObserver((changes) => {
      for (const change of changes) {
        for (const node of change.addedNodes) node.querySelector?.("[id^='read-']")?.click();
      }
    }).observe(document.querySelector("main"), { childList: true, subtree: true })
"""


async def test_a_button_that_was_written_anew_this_very_moment_does_its_work(enter: Enter, town: Town) -> None:
    """A hand is on its way to it already. Unless the page knows the button when it shows it, it would be refused as another
    site's.
    """
    activation = await factories.activation(town.crisis.db)
    telephone = await enter(Role.SPOKESPERSON)
    await telephone.go("/switchboard")
    await expect(telephone.page.locator("[data-live]")).to_have_attribute("data-live", "on")
    await telephone.page.evaluate(PRESS_AT_ONCE)
    await factories.approved_alert(town.crisis, activation.id)
    await expect(telephone.page.get_by_text("Du har lest denne.")).to_be_visible()


async def test_a_desk_that_stops_is_said_and_goes_on_when_it_is_back(
    windows: Windows, town: Town, desk_settings: Settings
) -> None:
    message, port = await sent(town), free_port()
    with ApiServer(desk_settings, port) as stopping:
        editor = await windows.open(stopping.url, DESKTOP, await town.secret(Role.EDITOR))
        await editor.go(f"/messages/{message}")
        live = editor.page.locator("[data-live]")
        await expect(live).to_have_attribute("data-live", "on")
        editor.watch.away = True
    await expect(live).to_have_attribute("data-live", "lost")
    await expect(editor.page.get_by_text("Forbindelsen er brutt")).to_be_visible()
    await move(town, "in_flight", "accepted")
    with ApiServer(desk_settings, port):
        await expect(live).to_have_attribute("data-live", "on")
        await expect(editor.page.get_by_text("Forbindelsen er brutt")).to_be_hidden()
        await expect(editor.page.locator(".summary")).to_contain_text("Meldingen er ute overalt.")
        await editor.page.close()


async def test_without_scripts_it_says_when_it_was_so_and_has_a_link(enter: Enter, town: Town) -> None:
    message = await sent(town)
    editor = await enter(Role.EDITOR, NO_SCRIPT)
    await editor.go(f"/messages/{message}")
    await expect(editor.page.get_by_text("Slik sto det kl.")).to_be_visible()
    await move(town, "in_flight", "accepted")
    await editor.page.get_by_role("link", name="Oppdater", exact=True).click()
    await expect(editor.page.locator(".summary")).to_contain_text("Meldingen er ute overalt.")


async def test_a_text_is_copied_by_a_button(enter: Enter, town: Town) -> None:
    await sent(town)
    editor = await enter(Role.EDITOR)
    await editor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await editor.go("/deliveries/1")
    await editor.page.get_by_role("button", name="Kopier teksten").click()
    await expect(editor.page.get_by_text("Kopiert.")).to_be_visible()
    copied = await editor.page.evaluate("navigator.clipboard.readText()")
    assert copied == await editor.page.locator(".sent-text").text_content()
