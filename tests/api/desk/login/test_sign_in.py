"""Signing in, without a screen and without JavaScript: every way in, and what each says when it does not work."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.users import break_glass, service
from crisis.users.passwords import Passwords
from tests.api.desk.conftest import SignIn
from tests.api.desk.login.kari import PASSWORD, Kari, cookie, enrol, type_in
from tests.factories import OPERATOR


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
