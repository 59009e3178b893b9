"""Promise P1: once an activation is confirmed, no unit post starts and none is in flight unlisted. And the harness that says
so can be trusted, since it catches every wrong protocol."""

import asyncio
import secrets
from collections.abc import Callable

import pytest

from tests.conftest import make_database
from tests.faults.size import TIMEOUT, either
from tests.race.harness import Outcome, race
from tests.race.protocols import MUTANTS, PRODUCT, Protocol
from tests.race.ways import Way

ROUNDS, DOORS = either(100, 2000), either(2, 90)


@pytest.mark.fault(26)
@pytest.mark.timeout(TIMEOUT + 180)
async def test_no_unit_post_starts_or_runs_unlisted_after_confirmation(
    server_url: str, record_property: Callable[[str, object], None]
) -> None:
    url = await make_database(server_url, f"race_{secrets.token_hex(4)}")
    outcome = await _race(url, PRODUCT, rounds=ROUNDS, doors=DOORS)
    assert outcome.rounds == ROUNDS
    assert outcome.calls > 2 * ROUNDS, "the senders were not racing"
    assert (outcome.started_after, outcome.unlisted, outcome.other_texts) == (0, 0, 0)
    idle = [way for way in Way if not outcome.tally.started[way] + outcome.tally.blocked[way]]
    assert not idle, "nothing was raced by these ways"
    assert outcome.tally.started[Way.POINTER] > 0, "no pointer got past the gate"
    record_property("rounds", outcome.rounds)
    record_property("calls", outcome.calls)
    record_property("violations", outcome.violations)
    record_property("started, by way", [f"{way} {outcome.tally.started[way]:,}" for way in Way])
    record_property("blocked, by way", [f"{way} {outcome.tally.blocked[way]:,}" for way in Way])
    record_property("confirmed, p99 s", outcome.p(0.99))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "mutant", [pytest.param(each, marks=pytest.mark.mutant(each.name), id=each.name) for each in MUTANTS]
)
async def test_the_race_catches_the_wrong_protocol(server_url: str, mutant: Protocol) -> None:
    # A violation is a matter of milliseconds: more rounds if the first ones were lucky.
    for seed, rounds in enumerate((20, 40, *[60] * 9), 1):
        url = await make_database(server_url, f"race_{secrets.token_hex(4)}")
        if (await _race(url, mutant, rounds=rounds, seed=seed)).violations:
            return
    pytest.fail(f"“{mutant.name}” was not caught in 600 rounds")


async def _race(url: str, protocol: Protocol, *, rounds: int, doors: int = 0, seed: int = 1) -> Outcome:
    return await asyncio.to_thread(race, url, protocol, rounds=rounds, doors=doors, seed=seed)
