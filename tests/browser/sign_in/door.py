"""The door of that desk, and how somebody comes to have a password and a telephone there."""

import pyotp
from playwright.async_api import expect
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.settings import Settings
from crisis.users import service
from tests import factories
from tests.browser.visitor import DESKTOP, Look, Visitor, Windows

PASSWORD = "riktig hest batteri stift"


async def at_the_door(windows: Windows, settings: Settings, look: Look = DESKTOP) -> Visitor:
    """A window on this desk. Where one comes in to, the board, has tests of its own."""
    window = await windows.open(settings.public_url, look)
    window.watch.allow(404)
    return window


async def link_of(crisis: Crisis, role: Role = Role.ADMIN, login: str = "kari") -> str:
    _, secret = await service.add(crisis.db, factories.OPERATOR, "Kari Moen", login, role)
    return f"/enrol/{secret}"


async def enrol_by_password(window: Visitor, link: str) -> pyotp.TOTP:
    """As a person who cannot scan: types the secret over. Uses no script."""
    await window.go(link)
    await window.page.get_by_text("Kan du ikke skanne?").click()
    codes = pyotp.TOTP((await window.page.locator(".secret").text_content() or "").replace(" ", ""))
    await window.page.get_by_label("Velg passord").fill(PASSWORD)
    await window.page.get_by_label("Passordet en gang til").fill(PASSWORD)
    await window.page.get_by_label("Koden appen viser nå").fill(codes.now())
    await window.page.get_by_role("button", name="Lagre og logg inn").click()
    await expect(window.page.get_by_role("button", name="Logg ut")).to_be_visible()
    return codes


async def grow_stale(crisis: Crisis) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE sessions SET factor_at = factor_at - interval '11 minutes'"))


async def spend_time(crisis: Crisis) -> None:
    """Half a minute passes for the codes: the one that was used may be used once more."""
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE users SET totp_step = totp_step - 2"))
