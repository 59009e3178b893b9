"""A stand-in for Twilio, and the channel that sends through it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.sms import Sms
from tests.adapters.scripted import Scripted
from tests.adapters.sms.twilio import setup_for


@pytest.fixture
def twilio() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
async def sms(twilio: Scripted) -> AsyncIterator[Sms]:
    channel = Sms(setup_for(twilio.url))
    yield channel
    await channel.close()
