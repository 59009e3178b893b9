"""Somebody of every role, signed in at the desk."""

from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from api.desk.visit import cookie_name
from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.users import sessions
from crisis.users.models import How, User
from tests.api.desk.browser import Browser
from tests.api.server import ApiServer
from tests.factories import EDITORS

SignIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def without_cookies() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections that several browsers share; each keeps its own cookies."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as made:
        yield made


@pytest.fixture
def sign_in(server: ApiServer, crisis: Crisis, without_cookies: aiohttp.ClientSession) -> SignIn:
    """A browser in which a new person of this role has signed in; of ``None``, one in which nobody has."""
    return signer(server, crisis, without_cookies)


def signer(server: ApiServer, crisis: Crisis, without_cookies: aiohttp.ClientSession) -> SignIn:
    """The same at any server."""

    async def make(role: Role | None, unit: str | None = None, *, language: str = "nb", name: str = "") -> Browser:
        if role is None:
            return Browser(without_cookies, server.url)
        unit = unit or {Role.UNIT: "biblioteket", Role.EDITOR: EDITORS}.get(role)
        user = User(name=name or f"en {role.value}", role=role, unit=unit, language=language, created_by="vakt")
        async with crisis.db.transaction() as at:
            at.add(user)
        secret = await sessions.begin(crisis.db, user, How.PASSKEY, agent="a browser of a test", address="127.0.0.1")
        found = await sessions.find(crisis.db, secret)
        assert found is not None
        return Browser(without_cookies, server.url, f"{cookie_name(crisis)}={secret}", found.csrf)

    return make
