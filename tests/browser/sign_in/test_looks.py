"""Every page about signing in, in a real browser and in every look."""

import pyotp
from playwright.async_api import Page, expect
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.settings import Settings
from crisis.users import break_glass, service
from crisis.users.passwords import Passwords
from tests import factories
from tests.browser.sign_in.door import PASSWORD, at_the_door, enrol_by_password, grow_stale, link_of, spend_time
from tests.browser.visitor import DARK_PHONE, DESKTOP, Visitor, Windows

LOOKS = (DESKTOP, DARK_PHONE)


class Lens:
    """Looks at each page in every look, and remembers what is wrong with any."""

    def __init__(self, window: Visitor) -> None:
        self.window = window
        self.wrong: list[str] = []
        window.watch.allow(403, 404, 409, 422, 429, 503)

    async def look(self, name: str) -> None:
        self.wrong += await self.window.check(f"sign-in {name}", LOOKS)
        await self.window.wear(DESKTOP)


async def test_every_page_before_signing_in_in_every_look(
    crisis: Crisis, front_settings: Settings, windows: Windows
) -> None:
    window = await at_the_door(windows, front_settings)
    page, lens = window.page, Lens(window)
    await window.go("/login?next=/users")
    await page.get_by_text("Virker ingenting av dette?").click()
    await lens.look("every way")
    await page.get_by_role("link", name="Logg inn med kommunens innlogging").click()
    await expect(page.get_by_text("Kommunens innlogging svarer ikke")).to_be_visible()
    await lens.look("provider away")
    told_to_wait = page.get_by_text("Du er ikke stengt ute")
    for _ in range(10):  # each wait is twice the one before: on a slow machine the first are over before the next try
        await page.get_by_label("Brukernavn").fill("kari")
        await page.get_by_label("Passord").fill("feil passord")
        async with page.expect_navigation():
            await page.get_by_role("button", name="Videre til koden").click()
        if await told_to_wait.is_visible():
            break
    await expect(told_to_wait).to_be_visible()
    await lens.look("wait")
    await window.go("/demo")
    await lens.look("demo")
    await window.go("/enrol/x", 404)
    await lens.look("link over")
    link = await link_of(crisis)
    await window.go(link)
    await lens.look("enrolment")
    await page.get_by_label("Velg passord").fill("passord12345")
    await page.get_by_label("Passordet en gang til").fill("passord12345")
    await page.get_by_label("Koden appen viser nå").fill("000000")
    await page.get_by_role("button", name="Lagre og logg inn").click()
    await expect(page.get_by_text("blant de første som blir prøvd")).to_be_visible()
    await lens.look("enrolment refused")
    assert not lens.wrong, "\n".join(lens.wrong)


async def test_every_page_about_signing_in_in_every_look(
    crisis: Crisis, front_settings: Settings, windows: Windows
) -> None:
    window = await at_the_door(windows, front_settings)
    page, lens = window.page, Lens(window)
    link = await link_of(crisis)
    codes = await enrol_by_password(window, link)
    await service.add(crisis.db, factories.OPERATOR, "Ola Li", "ola", Role.UNIT, "biblioteket")
    code, *_ = await break_glass.make(crisis.db, Passwords(), factories.OPERATOR, Role.DIRECTOR)
    await break_glass.use(
        crisis.db,
        Passwords(),
        code,
        "Per Dal",
        "Mobilnettet er nede",
        agent="",
        address="192.0.2.1",
        editors_unit="nettredaksjonen",
        language="nb",
    )
    for name, path in [("users", "/users"), ("new user", "/users/new"), ("user", "/users/1"), ("me", "/me")]:
        await window.go(path)
        await lens.look(name)
    await window.go("/break-glass")
    await page.get_by_role("button", name="Lag ti nye: Nettredaksjonen").click()
    await lens.look("break-glass codes")
    await window.go("/users/2")
    await page.get_by_role("button", name="Glem alt og lag ny lenke").click()
    await lens.look("new link")
    await grow_stale(crisis)
    await window.go("/users/new")
    await lens.look("confirm")
    await page.get_by_role("button", name="Logg ut").click()
    await window.go("/login")
    async with crisis.db.transaction() as session:
        await session.execute(text("DELETE FROM attempts_to_sign_in"))
    await page.get_by_label("Brukernavn").fill("kari")
    await page.get_by_label("Passord").fill(PASSWORD)
    await page.get_by_role("button", name="Videre til koden").click()
    await lens.look("code")
    await come_in(crisis, page, codes)
    await expect(page.get_by_role("button", name="Logg ut")).to_be_visible()
    await window.go("/users/2")
    await page.get_by_label("Navn").fill("Ola Lie")
    async with crisis.db.transaction() as session:
        await session.execute(text("DELETE FROM sessions"))
    await page.get_by_role("button", name="Lagre").click()
    await lens.look("sign-in with a kept form")
    await page.get_by_label("Brukernavn").fill("kari")
    await page.get_by_label("Passord").fill(PASSWORD)
    await page.get_by_role("button", name="Videre til koden").click()
    await come_in(crisis, page, codes)
    await lens.look("kept form")
    await page.get_by_role("button", name="Endre brukeren").click()
    await expect(page.get_by_role("heading", name="Ola Lie")).to_be_visible()
    await service.add(crisis.db, factories.OPERATOR, "Eva Lie", "eva", Role.DIRECTOR)
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE users SET role = 'director' WHERE login = 'kari'"))
    await window.go("/appointments")
    await lens.look("appointments")
    assert not lens.wrong, "\n".join(lens.wrong)


async def come_in(crisis: Crisis, page: Page, codes: pyotp.TOTP) -> None:
    """Type the code that the telephone shows now."""
    await spend_time(crisis)
    await page.get_by_label("Kode").fill(codes.now())
    await page.get_by_role("button", name="Logg inn").click()
