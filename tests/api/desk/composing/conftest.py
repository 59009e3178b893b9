"""A crisis to write in."""

import pytest

from crisis.bootstrap import Crisis
from tests import factories


@pytest.fixture
async def place(crisis: Crisis) -> int:
    """An activation, somewhere to publish, and one list; the activation's id."""
    for channel in ("website", "facebook", "twitter", "sms"):
        await factories.account(crisis, channel)
    await factories.audience(crisis, 12, "Alle innbyggere")
    return (await factories.activation(crisis.db)).id
