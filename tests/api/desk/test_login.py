"""Signing in, without a screen and without JavaScript: every way in, and what each says when it does not work."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pyotp
import pytest
from sqlalchemy import text

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.users import break_glass, service
from crisis.users.passwords import Passwords
from tests.api.desk.browser import Browser, Page
from tests.api.desk.conftest import SignIn
from tests.factories import OPERATOR

PASSWORD = "riktig hest batteri stift"
SECRET = re.compile(r"[A-Z2-7]{4}( [A-Z2-7]{4}){7}")


@dataclass
class Kari:
    """Somebody who has chosen a password and one-time codes."""

    user_id: int
    browser: Browser
    secret: str

    def code(self, steps: int = 0) -> str:
        return str(pyotp.TOTP(self.secret).generate_otp(int(clock.now().timestamp()) // 30 + steps))


LEFT_LEAST = 5.0
"""Seconds of a code's step that a busy machine may need to send it and check it."""


async def enrol(browser: Browser, link: str) -> str:
    """Open the link, choose a password, and type the code of a moment ago; returns the codes' secret."""
    page = await browser.get(f"/enrol/{link}")
    assert page.status == 200, page.text
    found = SECRET.search(page.part(".secret"))
    assert found, page.text
    secret = found.group().replace(" ", "")
    codes = pyotp.TOTP(secret)
    # The code of the step before counts for as long as this step lasts, and then no more.
    if (left := 30 - clock.now().timestamp() % 30) < LEFT_LEAST:
        await asyncio.sleep(left)
    code = codes.generate_otp(int(clock.now().timestamp()) // 30 - 1)
    offered = page.value("offered") or ""
    done = await browser.post(f"/enrol/{link}", offered=offered, password=PASSWORD, again=PASSWORD, code=code)
    assert (done.status, done.location) == (303, "/"), done.text
    return secret


@pytest.fixture
def kari(sign_in: SignIn, crisis: Crisis) -> Callable[[], Awaitable[Kari]]:
    async def make() -> Kari:
        user, link = await service.add(crisis.db, OPERATOR, "Kari Moen", "kari", Role.ADMIN)
        browser = await sign_in(None)
        secret = await enrol(browser, link)
        return Kari(user.id, browser, secret)

    return make


async def type_in(browser: Browser, code: str, after: str = "/") -> Page:
    page = await browser.post("/login", login="kari", password=PASSWORD, next=after)
    assert page.status == 200, page.text
    return await browser.post("/login/code", begun=page.value("begun") or "", code=code, next=page.value("next") or "")


def cookie(browser: Browser) -> str:
    return browser.cookies.get("__Host-crisis", "").partition("=")[2]


async def test_a_link_a_password_a_code_and_in_and_out_again(
    sign_in: SignIn, kari: Callable[[], Awaitable[Kari]]
) -> None:
    made = await kari()
    assert "Kari Moen" in (await made.browser.get("/help")).text
    other = await sign_in(None)
    page = await other.get("/users")
    assert page.location == "/login?next=/users"
    page = await other.get(page.location)
    assert "Du kommer tilbake dit du var" in page.text
    page = await type_in(other, made.code(), page.value("next") or "")
    assert (page.status, page.location) == (303, "/users")
    page = await other.get("/users")
    assert "Kari Moen" in page.text
    before = cookie(other)
    other.csrf = (await other.get("/me")).value("csrf") or ""
    assert (await other.post("/logout")).location == "/login"
    assert cookie(other) in {"", '""'}
    other.cookies["__Host-crisis"] = f"__Host-crisis={before}"
    assert (await other.get("/users")).status == 303


async def test_the_sessions_cookie_is_this_hosts_alone_and_no_script_reads_it(
    sign_in: SignIn, kari: Callable[[], Awaitable[Kari]]
) -> None:
    made, other = await kari(), await sign_in(None)
    page = await type_in(other, made.code())
    set_ = page.headers.getall("Set-Cookie")  # type: ignore[attr-defined]
    (session,) = (each for each in set_ if each.startswith("__Host-crisis="))
    for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in session
    assert "Domain" not in session
    assert all("HttpOnly" in each and "Secure" in each for each in set_)


async def test_what_was_wrong_is_said_beside_what_was_typed_and_never_which_of_the_two(
    sign_in: SignIn, kari: Callable[[], Awaitable[Kari]]
) -> None:
    made, other = await kari(), await sign_in(None)
    said = set()
    for login, password in [("kari", "feil"), ("ukjent", PASSWORD)]:
        page = await other.post("/login", login=login, password=password)
        assert (page.status, page.value("login"), page.value("password")) == (422, login, "")
        said.add(page.problem("password"))
    assert len(said) == 1
    page = await other.post("/login", login="kari", password=PASSWORD, next="/help")
    page = await other.post("/login/code", begun=page.value("begun") or "", code="12 34", next="/help")
    assert page.status == 422
    assert "Vent til appen viser en ny" in page.problem("code")
    page = await other.post("/login/code", begun=page.value("begun") or "", code=made.code(), next="/help")
    assert (page.status, page.location) == (303, "/help")
    page = await other.post("/login/code", begun="x" * 43, code="123456", csrf="")
    assert page.status in {403, 409}


async def test_many_failures_make_the_next_wait_and_say_for_how_long(
    sign_in: SignIn, kari: Callable[[], Awaitable[Kari]], crisis: Crisis
) -> None:
    made, stranger = await kari(), await sign_in(None)
    pages = [await stranger.post("/login", login="kari", password="feil") for _ in range(5)]
    assert [page.status for page in pages[:3]] == [422] * 3
    assert pages[-1].status == 429
    assert "Du er ikke stengt ute" in pages[-1].problem("password")
    csrf = (await made.browser.get("/me")).value("csrf") or ""
    made.browser.csrf = csrf
    await made.browser.post("/logout")
    made.browser.csrf = ""
    page = await type_in(made.browser, made.code())  # a browser that is known is not held up
    assert page.status == 303
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE attempts_to_sign_in SET next_at = now()"))
    assert (await stranger.post("/login", login="kari", password=PASSWORD)).status == 200


@pytest.mark.parametrize(
    "after",
    [
        "//elsewhere.example/",
        "https://elsewhere.example/",
        "/\\elsewhere.example",
        "javascript:alert(1)",
        "/a\r\nb",
        "/login",
    ],
)
async def test_signing_in_leads_nowhere_else(sign_in: SignIn, kari: Callable[[], Awaitable[Kari]], after: str) -> None:
    made, other = await kari(), await sign_in(None)
    assert (await type_in(other, made.code(), after)).location == "/"


async def test_an_enrolment_says_what_to_mend_and_keeps_its_qr_code(sign_in: SignIn, crisis: Crisis) -> None:
    _, link = await service.add(crisis.db, OPERATOR, "Kari Moen", "kari", Role.EDITOR)
    browser = await sign_in(None)
    page = await browser.get(f"/enrol/{link}")
    assert "<svg" in page.body
    shown, offered = page.part(".secret"), page.value("offered") or ""
    page = await browser.post(f"/enrol/{link}", offered=offered, password="kort", again="kort", code="1")
    assert "minst 12 tegn" in page.problem("password")
    page = await browser.post(f"/enrol/{link}", offered=offered, password=PASSWORD, again="x", code="1")
    assert "ikke like" in page.problem("again")
    page = await browser.post(f"/enrol/{link}", offered=offered, password="krise i Fjordvik", again="krise i Fjordvik")
    assert "Kommunens navn" in page.problem("password")
    page = await browser.post(f"/enrol/{link}", offered=offered, password=PASSWORD, again=PASSWORD, code="000 00")
    assert page.problem("code")
    assert (page.part(".secret"), page.value("offered")) == (shown, offered)
    page = await browser.post(f"/enrol/{link}", offered="x", password=PASSWORD, again=PASSWORD, code="000000")
    assert page.part(".secret") not in {"", shown}
    await enrol(browser, link)
    for page in (await browser.get(f"/enrol/{link}"), await (await sign_in(None)).post(f"/enrol/{link}", code="1")):
        assert (page.status, "Lenken virker ikke lenger" in page.text) == (404, True)


async def test_a_printed_code_signs_in_loudly(sign_in: SignIn, crisis: Crisis) -> None:
    code, *_ = await break_glass.make(crisis.db, Passwords(), OPERATOR, Role.DIRECTOR)
    browser, director = await sign_in(None), await sign_in(Role.DIRECTOR)
    page = await browser.post("/login/break-glass", printed=code, name="", reason="Entra er nede")
    assert (page.status, page.value("printed"), page.value("reason")) == (422, code, "Entra er nede")
    page = await browser.post("/login/break-glass", printed=code, name="Kari Moen", reason="Entra er nede")
    assert (page.status, page.location) == (303, "/")
    for somebody in (director, await sign_in(Role.SWITCHBOARD), browser):
        assert "Kari Moen har brukt en nødkode: «Entra er nede»." in (await somebody.get("/help")).text
    assert (await browser.get("/users")).status == 403
    page = await director.get("/break-glass")
    (action,) = page.tree.xpath("//form[contains(@action, 'acknowledge')]/@action")
    page = await director.follow(await director.post(action))
    assert "notert" in page.text
    assert "har brukt en nødkode" not in (await browser.get("/help")).text
    assert (await browser.post("/login/break-glass", printed=code, name="Kari", reason="x", csrf="")).status == 403


async def test_without_a_provider_or_the_demo_their_doors_are_not_there(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    for path in ("/login/oidc", "/login/oidc/callback?code=x&state=y", "/demo"):
        assert (await nobody.get(path)).status == 404, path
    assert (await nobody.post("/demo", role="director")).status == 404
    page = await nobody.get("/login")
    assert "kommunens innlogging" not in page.text
    assert "/demo" not in page.body


async def test_the_sign_in_page_speaks_the_language_that_is_asked_for(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    page = await nobody.send("/language", language="nn", next="/users")
    assert "Brukarnamn" in page.text
    assert page.value("next") == "/users"
    page = await nobody.send("/language", language="en")
    assert page.title.startswith("Sign in")
    page = await nobody.send("/language", language="<script>")
    assert page.title.startswith("Sign in")


async def test_one_ends_ones_own_sessions_and_changes_ones_language(
    sign_in: SignIn, kari: Callable[[], Awaitable[Kari]]
) -> None:
    made, other = await kari(), await sign_in(None)
    await type_in(other, made.code())
    page = await made.browser.get("/me")
    made.browser.csrf = page.value("csrf") or ""
    assert len(page.tree.cssselect(".held form[action^='/me/sessions/']")) == 2
    page = await made.browser.send("/me/sessions/end-others")
    assert "1 annet sted" in page.text
    assert (await other.get("/me")).status == 303
    page = await made.browser.send("/me/language", language="nn")
    assert "Språk på desse sidene" in page.text


async def grow_stale(crisis: Crisis) -> None:
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE sessions SET factor_at = factor_at - interval '11 minutes'"))


async def test_a_stale_session_is_asked_for_a_code_and_what_was_typed_is_kept(
    kari: Callable[[], Awaitable[Kari]], crisis: Crisis
) -> None:
    made = await kari()
    admin = made.browser
    admin.csrf = (await admin.get("/me")).value("csrf") or ""
    await grow_stale(crisis)
    before = cookie(admin)
    page = await admin.post("/users", name="Ola Li", login="ola", role="editor", unit="")
    assert (page.status, page.title.split(" –")[0]) == (403, "Bekreft at det er deg")
    fields = page.fields
    assert (fields["name"], fields["login"], fields["role"]) == ("Ola Li", "ola", "editor")
    page = await admin.post("/users", **{**fields, "confirm_code": "000"})
    assert (page.status, bool(page.problem("confirm_code"))) == (422, True)
    page = await admin.post("/users", **{**fields, "confirm_code": made.code()})
    assert (page.status, "Lenke til Ola Li" in page.text) == (200, True)
    assert cookie(admin) != before
    page = await admin.get("/users")
    assert "Ola Li" in page.text
    admin.cookies["__Host-crisis"] = f"__Host-crisis={before}"
    assert (await admin.get("/users")).status == 303


async def test_the_administrator_adds_changes_shuts_out_and_resets(sign_in: SignIn, crisis: Crisis) -> None:
    admin, nobody = await sign_in(Role.ADMIN), await sign_in(None)
    page = await admin.post("/users", name="", login="Ø", role="chief", unit="")
    assert page.status == 422
    assert page.problem("name")
    assert page.problem("role")
    page = await admin.post("/users", name="Ola Li", login="ola", role="unit", unit="")
    assert (page.value("name"), bool(page.problem("unit"))) == ("Ola Li", True)
    page = await admin.post("/users", name="Ola Li", login="ola", role="unit", unit="skole")
    address = page.part(".secret")
    assert address.startswith("https://krise.example.no/varsling/enrol/")
    await enrol(nobody, address.rpartition("/")[2])
    assert (await nobody.get("/help")).status == 200
    page = await admin.post("/users", name="Ola To", login="ola", role="editor", unit="")
    assert page.problem("login")
    async with crisis.db.transaction() as session:
        ola = await service.find_by_login(session, "ola")
    assert ola is not None
    page = await admin.send(f"/users/{ola.id}", name="Ola Lie", role="auditor", unit="")
    assert "gjelder fra nå" in page.text
    assert "Ola Lie" in (await nobody.get("/help")).text
    page = await admin.send(f"/users/{ola.id}/disable")
    assert "stengt ute" in page.text
    assert (await nobody.get("/help")).status == 303
    await admin.send(f"/users/{ola.id}/enable")
    page = await admin.post(f"/users/{ola.id}/reset")
    assert "/enrol/" in page.part(".secret")


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, Role.OPERATOR}])
async def test_users_are_the_administrators_alone(sign_in: SignIn, role: Role) -> None:
    somebody = await sign_in(role)
    for path in ("/users", "/users/new", "/users/1"):
        assert (await somebody.get(path)).status == 403
    for path in ("/users", "/users/1", "/users/1/disable", "/users/1/enable", "/users/1/reset", "/break-glass"):
        assert (await somebody.post(path, name="x", login="xx", role="director")).status == 403


async def test_an_administrator_cannot_undo_themself(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN)
    page = await admin.get("/users")
    (own,) = page.tree.xpath("//main//td/a/@href")
    for act in ("disable", "reset"):
        page = await admin.post(f"{own}/{act}")
        assert (page.status, "En annen administrator kan" in page.text) == (422, True)
    page = await admin.post(own, name="Ada", role="director", unit="")
    assert page.problem("role")


async def test_failures_are_counted_under_where_people_sit_and_not_under_the_proxy(
    sign_in: SignIn, crisis: Crisis
) -> None:
    code, *_ = await break_glass.make(crisis.db, Passwords(), OPERATOR, Role.EDITOR)
    typed = {"printed": code, "name": "Kari Moen", "reason": "Entra er nede"}
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}  # of a proxy that is trusted: loopback's
    page = await (await sign_in(None)).ask("POST", "/login/break-glass", data=typed, headers=headers)
    assert page.status == 303
    async with crisis.db.transaction() as session:
        assert (await session.execute(text("SELECT address FROM sessions"))).scalar_one() == "203.0.113.9"
