"""SMS: how fast one sender process brings an approved message to everybody in an audience, every outcome committed."""

from statistics import mean, median

from bench import reference
from bench.broadcast import Broadcasts
from bench.figure import Figure
from bench.ground import Ground
from bench.rounds import Round, take
from bench.stub import stub

FAN_OUT, FAN_OUT_MUST, FAN_OUT_GOAL = 200_000, 1.5, 3.0
REFERENCE = 20_000
"""Messages of the reference, before and after each: some seconds of it. It has no start that would weigh less in a longer run."""
SLOW, SLOW_SECONDS, SLOW_IN_FLIGHT, SLOW_MUST, SLOW_GOAL = 40_000, 0.1, 200, 0.9, 0.97


def fan_out(ground: Ground, rounds: int) -> Figure:
    """S1: claim, gate check, send and outcome committed, against R, with as many in flight."""
    speeds, costs = list[float](), list[float]()
    with stub(ground.folder) as provider:
        broadcasts = Broadcasts(ground, provider, FAN_OUT, sms_concurrency=reference.IN_FLIGHT)

        def measure() -> Round:
            waiting = broadcasts.approve()
            before = reference.rate(provider.url, waiting.form, REFERENCE)
            ours = broadcasts.send(waiting)
            after = reference.rate(provider.url, waiting.form, REFERENCE)
            speeds.append(ours.rate)
            costs.append(ours.processor / FAN_OUT * 1e6)
            return Round(ours.rate / mean((before, after)), (before, after))

        taken = take(measure, rounds)
    detail = (
        f"{FAN_OUT:,} recipients by one sender process, {median(costs):.0f} us of its processor a message; "
        f"stub: {provider.made_of}; {taken}"
    )
    return Figure(
        *("S1", taken.value, "x R", FAN_OUT_MUST, detail),
        at_least=True,
        goal=FAN_OUT_GOAL,
        measured=f"{median(speeds):,.0f} messages/s",
        beside=f"R {taken.reference:,.0f} messages/s",
        disturbed=taken.disturbed,
    )


def slow_provider(ground: Ground, rounds: int) -> Figure:
    """S3: a provider that takes its time, and as many requests in flight as are allowed: the share of that bound."""
    bound = SLOW_IN_FLIGHT / SLOW_SECONDS
    with stub(ground.folder, SLOW_SECONDS) as provider:
        broadcasts = Broadcasts(ground, provider, SLOW, sms_concurrency=SLOW_IN_FLIGHT)

        def measure() -> Round:
            waiting = broadcasts.approve()
            bare = reference.rate(provider.url, waiting.form, SLOW // 4, SLOW_IN_FLIGHT) / bound
            return Round(broadcasts.send(waiting).rate / bound, [bare])

        taken = take(measure, rounds)
    detail = (
        f"C = {SLOW_IN_FLIGHT}, latency {SLOW_SECONDS * 1000:.0f} ms, {SLOW:,} recipients; a bare client reaches "
        f"{taken.reference:.2f} of it; {taken}"
    )
    return Figure(
        *("S3", taken.value, "of C / latency", SLOW_MUST, detail),
        at_least=True,
        goal=SLOW_GOAL,
        measured=f"{taken.value * bound:,.0f} messages/s",
        beside=f"C / latency {bound:,.0f} messages/s",
        disturbed=taken.disturbed,
    )
