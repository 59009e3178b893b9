"""Somebody with a password and one-time codes, signed in at the desk; and their session's ageing and end."""

from sqlalchemy import text

from api.desk.visit import cookie_name
from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.users import sessions
from crisis.users.models import How
from tests.api.desk.browser import Browser, Page
from tests.crisis.users.people import PASSWORD, Person, enrolled


async def come_in(crisis: Crisis, browser: Browser, login: str, role: Role, name: str = "") -> Person:
    """A new person, signed in with this browser."""
    person = await enrolled(crisis.db, crisis.credentials, login, role, name or login.title())
    secret = await sessions.begin(crisis.db, person.user, How.PASSWORD, agent="a test", address="127.0.0.1")
    key = cookie_name(crisis)
    browser.cookies[key] = f"{key}={secret}"
    await learn_token(browser)
    return person


async def learn_token(browser: Browser) -> None:
    """The token that the forms of this session carry, as a page has it."""
    browser.csrf = (await browser.get("/me")).tree.cssselect("input[name=csrf]")[0].value


async def sign_in_again(browser: Browser, person: Person, code: str, after: str) -> Page:
    """By the forms of the sign-in page; gives what comes after the code."""
    page = await browser.bare_post(
        "/login", {"Sec-Fetch-Site": "same-origin"}, login=person.user.login or "", password=PASSWORD, next=after
    )
    assert page.status == 200, page.text
    fields = {"begun": page.value("begun") or "", "next": page.value("next") or "", "code": code}
    return await browser.bare_post("/login/code", {"Sec-Fetch-Site": "same-origin"}, **fields)


async def age_factor(crisis: Crisis, by: str) -> None:
    """Everybody's factor was shown so much earlier: ``4 hours``."""
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE sessions SET factor_at = factor_at - CAST(:by AS interval)"), {"by": by})


async def end_sessions(crisis: Crisis) -> None:
    """Everybody is signed out."""
    async with crisis.db.transaction() as session:
        await session.execute(text("DELETE FROM sessions"))
