"""Somebody who signs in with a password and a telephone, and how they came to have both."""

import asyncio
import re
from dataclasses import dataclass

import pyotp

from crisis import clock
from tests.api.desk.browser import Browser, Page

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


async def type_in(browser: Browser, code: str, after: str = "/") -> Page:
    page = await browser.post("/login", login="kari", password=PASSWORD, next=after)
    assert page.status == 200, page.text
    return await browser.post("/login/code", begun=page.value("begun") or "", code=code, next=page.value("next") or "")


def cookie(browser: Browser) -> str:
    return browser.cookies.get("__Host-crisis", "").partition("=")[2]
