"""What somebody who is signed in does with their sessions, and what a stale one is asked."""

from collections.abc import Awaitable, Callable

from sqlalchemy import text

from crisis.bootstrap import Crisis
from tests.api.desk.conftest import SignIn
from tests.api.desk.login.kari import Kari, cookie, type_in


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
