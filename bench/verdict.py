"""The verdict: what must be true when a whole region has been told, held against what the provider knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.unruly import Standing
from bench.weight import Weights
from crisis.deliveries.states import FINAL, DeliveryState

AT_REST = {state.value for state in FINAL} | {DeliveryState.UNKNOWN_FINAL.value}
"""Ended, or in front of a person."""
GROWTH, SLACK = 1.2, 16 << 20
"""Memory is flat if at the end it is not more than this much above what it was when a tenth was sent: a share, and bytes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that must be so, in words with its numbers."""

    holds: bool
    said: str


@dataclass(frozen=True, slots=True)
class Repeats:
    """Recipients that the provider took more than one message to."""

    twice: int
    unflagged: int
    """Of them, those whose delivery we did not flag as repeated."""
    more: int
    """Of them, those with more than two."""


def claims(
    people: int, states: Mapping[str, int], provider: Standing, repeats: Repeats, weights: Weights
) -> Sequence[Claim]:
    """All of them. ``states`` counts deliveries."""
    moving = {state: count for state, count in states.items() if state not in AT_REST}
    person, refused = states.get("unknown_final", 0), states.get("rejected", 0)
    arrived = sum(states.get(state, 0) for state in ("delivered", "undelivered", "expired"))
    storm = provider.storm
    lost = sum(count for state, count in states.items() if state in ("dead", "cancelled", "blocked"))
    return [
        Claim(
            not moving, f"nothing is lost: every delivery has ended or is in front of a person; moving: {moving or 0}"
        ),
        Claim(lost == 0, f"nothing was given up before it was sent: {lost:,}"),
        Claim(sum(states.values()) == people, f"states add up: {sum(states.values()):,} of {people:,}"),
        Claim(
            arrived + refused + person == people,
            f"told of {arrived:,} + refused {refused:,} + in front of a person {person:,} = {people:,}",
        ),
        Claim(
            people - refused - person <= provider.recipients <= people - refused,
            f"the provider took messages to {provider.recipients:,} different recipients: all but the {refused:,} refused"
            f" and at most the {person:,} in front of a person",
        ),
        Claim(provider.rejected >= refused, f"whom we hold as refused the provider refused: {refused:,}"),
        Claim(provider.texts == 1, f"everybody was sent the same text: {provider.texts}"),
        Claim(
            repeats.unflagged == 0,
            f"every repeat is flagged: {repeats.twice:,} got two messages, {repeats.unflagged:,} of them not flagged",
        ),
        Claim(repeats.more == 0, f"nobody got more than two: {repeats.more:,}"),
        Claim(
            storm["waiting"] == storm["late"] == 0,
            f"every callback is stored: {storm.get('stored', 0):,}, and {storm['waiting'] + storm['late']:,} wait",
        ),
        *(
            Claim(
                grown.last <= GROWTH * grown.first + SLACK,
                f"memory of {name} is flat: {grown.first >> 20:,} MiB at a tenth, {grown.middle >> 20:,} at half, "
                f"{grown.last >> 20:,} at the end, {grown.most >> 20:,} at most",
            )
            for name, grown in weights.items()
        ),
    ]
