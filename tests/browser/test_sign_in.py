"""Signing in, in a real browser: every page of it in every look, without scripts, and with a passkey that Chromium itself holds."""

import secrets
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.async_api import Page, expect
from pydantic import SecretStr
from sqlalchemy import text

from crisis.bootstrap import Crisis, crisis_of
from crisis.db import Database, no_bell
from crisis.roles import Role
from crisis.settings import Settings
from crisis.users import break_glass, service
from crisis.users.passwords import Passwords
from tests import factories
from tests.adapters.sandbox_server import free_port
from tests.api.server import ApiServer
from tests.browser.visitor import DARK_PHONE, DESKTOP, NO_SCRIPT, Look, Visitor, Windows

PASSWORD = "riktig hest batteri stift"
LOOKS = (DESKTOP, DARK_PHONE)


@pytest.fixture(scope="module")
def front_settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A demo's desk at a name that browsers give passkeys to, with an identity provider that is away."""
    return Settings(
        home=tmp_path_factory.mktemp("front"),
        database_url=SecretStr(database_url),
        numbers_key=SecretStr(secrets.token_hex(32)),
        credentials_key=SecretStr(secrets.token_hex(32)),
        public_url=f"http://localhost:{free_port()}",
        demo=True,
        oidc_issuer="http://127.0.0.1:9",
        oidc_client_id="crisis",
        oidc_roles={"krise": "director"},
    )


@pytest.fixture(scope="module")
def served(front_settings: Settings) -> Iterator[ApiServer]:
    with ApiServer(front_settings, urlsplit(front_settings.public_url).port or 0) as server:
        yield server


@pytest.fixture
async def crisis(served: ApiServer, front_settings: Settings, db: Database) -> AsyncIterator[Crisis]:  # noqa: ARG001 - empties it
    made = crisis_of(front_settings, bell=no_bell)
    yield made
    await made.db.close()


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


async def grow_stale(crisis: Crisis) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE sessions SET factor_at = factor_at - interval '11 minutes'"))


async def spend_time(crisis: Crisis) -> None:
    """Half a minute passes for the codes: the one that was used may be used once more."""
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE users SET totp_step = totp_step - 2"))


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
    for _ in range(4):
        await page.get_by_label("Brukernavn").fill("kari")
        await page.get_by_label("Passord").fill("feil passord")
        await page.get_by_role("button", name="Videre til koden").click()
    await expect(page.get_by_text("Du er ikke stengt ute")).to_be_visible()
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
