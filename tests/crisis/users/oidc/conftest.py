"""An identity provider that runs beside the tests."""

from collections.abc import AsyncIterator

import pytest

from crisis.users.oidc import CALLBACK
from tests.crisis.users.oidc.desk import DESK, PEOPLE
from tests.crisis.users.provider import provider


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    async with provider(DESK + CALLBACK, PEOPLE) as running:
        yield running
