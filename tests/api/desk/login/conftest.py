"""Somebody with a password and a telephone."""

from collections.abc import Awaitable, Callable

import pytest

from crisis.bootstrap import Crisis
from crisis.roles import Role
from crisis.users import service
from tests.api.desk.conftest import SignIn
from tests.api.desk.login.kari import Kari, enrol
from tests.factories import OPERATOR


@pytest.fixture
def kari(sign_in: SignIn, crisis: Crisis) -> Callable[[], Awaitable[Kari]]:
    async def make() -> Kari:
        user, link = await service.add(crisis.db, OPERATOR, "Kari Moen", "kari", Role.ADMIN)
        browser = await sign_in(None)
        secret = await enrol(browser, link)
        return Kari(user.id, browser, secret)

    return make
