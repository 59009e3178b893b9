"""Whole lives of posts and messages, dealt by hypothesis, on the real database: promises P1, P2, P3 and P6 after every step.

``HYPOTHESIS_PROFILE=long`` plays for an hour instead of half a minute, and cuts a life that went wrong down to what matters.
"""

import asyncio
import os
import secrets

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as Size  # noqa: N812 - our own settings have the name
from hypothesis.stateful import run_state_machine_as_test

from crisis.settings import Settings
from tests.conftest import make_database
from tests.crisis.deliveries.lives import Lives
from tests.crisis.deliveries.stage import Stage

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


@pytest.mark.timeout(7200 if LONG else 300)
async def test_in_every_life_the_promises_hold(server_url: str, settings: Settings) -> None:
    url = await make_database(server_url, f"machine_{os.getpid()}_{secrets.token_hex(4)}")
    own = Settings(**settings.model_dump() | {"database_url": url})
    size = Size(
        max_examples=3000 if LONG else 20,
        stateful_step_count=120 if LONG else 50,
        phases=[phase for phase in Phase if LONG or phase not in {Phase.shrink, Phase.explain}],
        suppress_health_check=list(HealthCheck),
    )

    def play() -> None:
        with Stage(own) as built:
            run_state_machine_as_test(lambda: Lives(built), settings=size)
            assert len(built.seen) > 12, f"the lives were dull: {built.seen}"

    await asyncio.to_thread(play)
