"""The population run's verdict: right when all is right, and wrong for each thing that may be wrong, by that thing's claim."""

from dataclasses import replace

import pytest

from bench.unruly import Standing
from bench.verdict import Repeats, claims
from bench.weight import Grown

PEOPLE = 1000
STATES = {"delivered": 950, "undelivered": 30, "rejected": 15, "unknown_final": 5}
PROVIDER = Standing(1030, 985, 983, 15, {"throttled": 3}, 12, {"stored": 2000, "waiting": 0, "late": 0}, 1)
REPEATS = Repeats(twice=2, unflagged=0, more=0)
FLAT = {"senders": Grown(100 << 20, 104 << 20, 105 << 20, 110 << 20)}


def wrong(states: dict[str, int], provider: Standing, repeats: Repeats, weights: dict[str, Grown]) -> list[str]:
    return [claim.said for claim in claims(PEOPLE, states, provider, repeats, weights) if not claim.holds]


def test_all_is_well_when_what_we_say_is_what_the_provider_knows() -> None:
    assert wrong(STATES, PROVIDER, REPEATS, FLAT) == []


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (STATES | {"delivered": 949, "ready": 1}, "nothing is lost"),
        (STATES | {"delivered": 949, "accepted": 1}, "nothing is lost"),
        (STATES | {"delivered": 949, "dead": 1}, "nothing was given up"),
        (STATES | {"delivered": 949}, "states add up"),
        (STATES | {"delivered": 951}, "states add up"),
        (STATES | {"delivered": 945, "rejected": 20}, "whom we hold as refused"),
    ],
)
def test_a_delivery_that_is_not_where_it_should_be_is_seen(states: dict[str, int], said: str) -> None:
    assert any(each.startswith(said) for each in wrong(states, PROVIDER, REPEATS, FLAT))


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (replace(PROVIDER, recipients=979), "the provider took messages to 979"),
        (replace(PROVIDER, recipients=986), "the provider took messages to 986"),
        (replace(PROVIDER, texts=2), "everybody was sent the same text"),
        (replace(PROVIDER, storm={"stored": 1999, "waiting": 1, "late": 0}), "every callback is stored"),
    ],
)
def test_a_provider_that_knows_something_else_is_believed(provider: Standing, said: str) -> None:
    assert [each for each in wrong(STATES, provider, REPEATS, FLAT) if each.startswith(said)]


def test_a_repeat_that_is_not_flagged_and_a_third_message_are_seen() -> None:
    found = wrong(STATES, PROVIDER, Repeats(twice=2, unflagged=1, more=1), FLAT)
    assert [each.partition(":")[0] for each in found] == ["every repeat is flagged", "nobody got more than two"]


def test_memory_that_grows_with_the_number_of_recipients_is_seen() -> None:
    grown = {"senders": Grown(100 << 20, 160 << 20, 220 << 20, 220 << 20), "api": FLAT["senders"]}
    assert [each.partition(" is ")[0] for each in wrong(STATES, PROVIDER, REPEATS, grown)] == ["memory of senders"]
