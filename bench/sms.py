"""SMS: how fast one sender process brings an approved message to everybody in an audience, every outcome committed."""

from statistics import mean

from bench import reference
from bench.broadcast import Broadcasts
from bench.figure import Figure
from bench.ground import Ground
from bench.rounds import Round, take
from bench.stub import stub

FAN_OUT, FAN_OUT_MUST = 20_000, 0.8
SLOW, SLOW_SECONDS, SLOW_IN_FLIGHT, SLOW_MUST = 10_000, 0.1, 200, 0.9


def fan_out(ground: Ground, rounds: int) -> Figure:
    """S1: claim, gate check, send and outcome committed, against R."""
    with stub(ground.folder) as provider:
        broadcasts = Broadcasts(ground, provider, FAN_OUT)

        def measure() -> Round:
            waiting = broadcasts.approve()
            before = reference.rate(provider.url, waiting.form, FAN_OUT // 2)
            ours = broadcasts.send(waiting)
            after = reference.rate(provider.url, waiting.form, FAN_OUT // 2)
            return Round(ours / mean((before, after)), (before, after))

        taken = take(measure, rounds)
    detail = f"{FAN_OUT:,} recipients; R {taken.reference:,.0f} messages/s; stub: {provider.made_of}; {taken}"
    return Figure("S1", taken.value, "x R", FAN_OUT_MUST, detail, at_least=True, disturbed=taken.disturbed)


def slow_provider(ground: Ground, rounds: int) -> Figure:
    """S3: a provider that takes its time, and as many requests in flight as are allowed: the share of that bound."""
    bound = SLOW_IN_FLIGHT / SLOW_SECONDS
    with stub(ground.folder, SLOW_SECONDS) as provider:
        broadcasts = Broadcasts(ground, provider, SLOW, sms_concurrency=SLOW_IN_FLIGHT)

        def measure() -> Round:
            waiting = broadcasts.approve()
            bare = reference.rate(provider.url, waiting.form, SLOW // 2, SLOW_IN_FLIGHT) / bound
            return Round(broadcasts.send(waiting) / bound, [bare])

        taken = take(measure, rounds)
    detail = (
        f"C = {SLOW_IN_FLIGHT}, latency {SLOW_SECONDS * 1000:.0f} ms, {SLOW:,} recipients; a bare client: "
        f"{taken.reference:.2f}; {taken}"
    )
    return Figure("S3", taken.value, "of C / latency", SLOW_MUST, detail, at_least=True, disturbed=taken.disturbed)
