"""Signing in, in a real browser: with a passkey that Chromium itself holds, without scripts, and in the demo."""

import pytest
from playwright.async_api import expect
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.settings import Settings
from tests.browser.sign_in.door import PASSWORD, at_the_door, enrol_by_password, grow_stale, link_of, spend_time
from tests.browser.visitor import NO_SCRIPT, Visitor, Windows


async def with_telephone(window: Visitor) -> None:
    """Chromium's own authenticator, which says yes to every question, as a finger would."""
    tools = await window.context.new_cdp_session(window.page)
    await tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_a_passkey_lets_in_confirms_and_is_taken_away(
    crisis: Crisis, front_settings: Settings, windows: Windows
) -> None:
    window = await at_the_door(windows, front_settings)
    page = window.page
    await with_telephone(window)
    await window.go(await link_of(crisis))
    await page.get_by_label("Hva heter telefonen eller maskinen?").fill("Telefonen min")
    await page.get_by_role("button", name="Lag passnøkkel og logg inn").click()
    await expect(page.get_by_role("button", name="Logg ut")).to_be_visible()
    await page.get_by_role("button", name="Logg ut").click()
    await page.wait_for_url(window.url + "/login")

    await window.go("/login?next=/users")
    await page.get_by_role("button", name="Logg inn med passnøkkel").click()
    await page.wait_for_url(window.url + "/users")

    await grow_stale(crisis)
    window.watch.allow(403)
    await window.go("/users/new")
    await page.get_by_role("button", name="Bekreft med passnøkkel").click()
    await page.wait_for_url(window.url + "/users/new")
    await page.get_by_label("Navn", exact=True).fill("Ola Li")
    await page.get_by_label("Brukernavn").fill("ola")
    await page.get_by_label("Rolle").select_option("editor")
    await grow_stale(crisis)
    await page.get_by_role("button", name="Legg til og lag lenke").click()
    await page.get_by_role("button", name="Bekreft med passnøkkel").click()
    await expect(page.get_by_role("heading", name="Lenke til Ola Li")).to_be_visible()

    window.watch.allow(422)
    await window.go("/me")
    await page.get_by_role("button", name="Fjern passnøkkelen Telefonen min").click()
    await expect(page.get_by_text("Dette er den eneste måten du kan logge inn på")).to_be_visible()


async def test_a_passkey_that_is_refused_leaves_the_other_ways(
    front_settings: Settings, windows: Windows, crisis: Crisis
) -> None:
    window = await at_the_door(windows, front_settings)
    await with_telephone(window)
    await window.go("/login")
    await window.page.get_by_role("button", name="Logg inn med passnøkkel").click()  # it holds no key of ours
    await expect(window.page.get_by_text("Det ble ingen passnøkkel")).to_be_visible()
    await expect(window.page.get_by_label("Passord")).to_be_visible()
    async with crisis.db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM sessions"))).scalar_one() == 0


async def test_without_scripts_a_password_and_a_code_do(
    crisis: Crisis, front_settings: Settings, windows: Windows
) -> None:
    first = await at_the_door(windows, front_settings, NO_SCRIPT)
    codes = await enrol_by_password(first, await link_of(crisis))
    await spend_time(crisis)
    window = await at_the_door(windows, front_settings, NO_SCRIPT)
    page = window.page
    await window.go("/users")
    await expect(page.get_by_role("button", name="Logg inn med passnøkkel")).to_be_hidden()
    await page.get_by_label("Brukernavn").fill("kari")
    await page.get_by_label("Passord").fill(PASSWORD)
    await page.get_by_role("button", name="Videre til koden").click()
    await page.get_by_label("Kode").fill(codes.now())
    await page.get_by_role("button", name="Logg inn").click()
    await page.wait_for_url(window.url + "/users")
    await expect(page.get_by_role("link", name="Kari Moen")).to_be_visible()


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.UNIT])
async def test_the_demo_lets_in_as_any_role_with_one_press(
    crisis: Crisis, front_settings: Settings, windows: Windows, role: Role
) -> None:
    window = await at_the_door(windows, front_settings)
    await window.go("/login")
    await window.page.get_by_role("link", name="Gå inn som hvem du vil").click()
    await window.page.locator(f"button[value={role}]").click()
    await expect(window.page.get_by_role("button", name="Logg ut")).to_be_visible()
    async with crisis.db.transaction() as session:
        assert (await session.execute(text("SELECT how, role FROM sessions"))).one() == ("demo", role.value)
