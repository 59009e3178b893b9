"""Slowness: a provider that takes its time, and an update that follows."""

import asyncio

from crisis.channels import (
    Outgoing,
    Receipt,
)
from crisis.deliveries.states import DeliveryState
from tests.crisis.deliveries.outlet import accepted

S = DeliveryState


async def slowly(outgoing: Outgoing) -> Receipt:
    await asyncio.sleep(0.03)
    return accepted(outgoing)
