"""Promise P4 over any drill: random playbooks, injects, acts and kills, beside live credentials and addresses with a tripwire at
them, and with every single wall taken away in turn. Nobody live is called, and every text that is sent begins with the marker.

``ISOLATION_EXAMPLES=10000`` plays so many drills; without it, a few for each wall.
"""

import os
import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as size
from hypothesis import strategies as st

from crisis.bootstrap import Crisis
from crisis.playbooks.models import Playbook
from tests.crisis.drills.stage import book, expectation, inject
from tests.faults.stack import Stack
from tests.isolation.rehearsal import UNIT, Rehearsal, Step
from tests.isolation.tripwire import Tripwire
from tests.isolation.worker import Wall

EXAMPLES = int(os.environ.get("ISOLATION_EXAMPLES", "15"))
LONG = "ISOLATION_EXAMPLES" in os.environ
LOT = 250
"""Drills that are drawn at a time: thousands in memory, and the collector walks them all day."""
EACH_SECONDS = 5
pytestmark = pytest.mark.timeout(300 + EACH_SECONDS * EXAMPLES)

Steps = Sequence[tuple[Step, int]]
MINUTES = st.integers(0, 30).map("PT{}M".format)
_COMMON = [Step.ACTIVATE, Step.ALERT, Step.SEND, Step.UPDATE, Step.POST, Step.FORWARD]
_BEGUN = [(Step.ACTIVATE, 1), (Step.ALERT, 1)]
STEPS = st.builds(
    list.__add__,
    st.sampled_from([_BEGUN, _BEGUN, _BEGUN[:1], []]),
    st.lists(st.tuples(st.sampled_from([*Step, *_COMMON]), st.integers(1, 20)), min_size=3, max_size=12),
)
"""Most drills get somewhere; some do everything in the wrong order."""


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    """Any few injects of any kind, and expectations of what players do; with and without ``activate`` among them."""
    injects = [inject("I0"), *(_inject(draw, number) for number in range(1, draw(st.integers(1, 6))))]
    wanted = draw(st.lists(st.sampled_from(["publish", "note", "update_due", "deactivate"]), unique=True, max_size=3))
    expectations = [expectation(f"E{at}", action, "PT2H") for at, action in enumerate(wanted, 1)]
    if draw(st.booleans()):
        expectations.append(expectation("E9", "activate", "PT2H"))
    return book(injects, expectations, duration="PT4H")


def _inject(draw: st.DrawFn, number: int) -> dict[str, Any]:
    key, at = f"I{number}", draw(MINUTES)
    match draw(st.sampled_from(["phone", "social", "unit_post", "channel_fault", "system_fault"])):
        case "unit_post":
            post = {"nb": f"Vi holder åpent {number}"}
            return inject(key, at, via="unit_post", channel="facebook", unit=UNIT, post=post, due=draw(MINUTES))
        case "channel_fault":
            channel = draw(st.sampled_from(["facebook", "twitter", "sms", "website"]))
            fault = draw(st.sampled_from(["down", "rate_limited", "garbage"]))  # slow ones only take time
            return inject(key, at, via="channel_fault", channel=channel, fault=fault, **{"for": draw(MINUTES)})
        case "system_fault":
            fault = draw(st.sampled_from(["idp_down", "redis_gone", "website_down"]))
            return inject(key, at, via="system_fault", fault=fault, **{"for": draw(MINUTES)})
        case via:
            return inject(key, at, via=via)


def drawn(count: int) -> Sequence[tuple[Playbook, Steps]]:
    """So many drills, others each time in the long form."""
    found = list[tuple[Playbook, Steps]]()

    @size(
        max_examples=count,
        database=None,
        derandomize=not LONG,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(playbook=playbooks(), steps=STEPS)
    def draw(playbook: Playbook, steps: Steps) -> None:
        found.append((playbook, steps))

    draw()
    return found


async def test_no_drill_gets_out_whatever_happens_in_it_and_whichever_wall_is_missing(
    stack: Stack, crisis: Crisis, tripwire: Tripwire
) -> None:
    rehearsal = Rehearsal(stack, crisis, tripwire)
    await rehearsal.build()
    played, began, walls = dict.fromkeys(Wall, 0), time.monotonic(), cycle(Wall)
    try:
        for start in range(0, EXAMPLES, LOT):
            for wall, (playbook, steps) in zip(walls, drawn(min(LOT, EXAMPLES - start)), strict=False):
                try:
                    await rehearsal.play(playbook, steps, wall)
                except BaseException as error:
                    error.add_note(
                        f"Without the wall {wall.value!r}: {steps}\n{playbook.model_dump_json(exclude_none=True)}"
                    )
                    raise
                played[wall] += 1
    finally:
        await rehearsal.close()
        seconds = time.monotonic() - began
        took = dict(rehearsal.accepted)
        print(f"{sum(played.values())} drills in {seconds:.0f} s ({played}); the sandbox took {took}.")  # noqa: T201
    assert {"graph", "x", "twilio", "mail"} <= set(rehearsal.accepted), "the drills did too little to show anything"


async def test_a_drill_that_did_what_it_should_not_is_caught(stack: Stack, crisis: Crisis, tripwire: Tripwire) -> None:
    """With both walls gone the tripwire is touched: it stands where a drill would go."""
    rehearsal = Rehearsal(stack, crisis, tripwire)
    await rehearsal.build()
    rehearsal.take_both_walls_away()
    steps = [(Step.ACTIVATE, 1), (Step.ALERT, 1), (Step.SEND, 1)]
    with pytest.raises(AssertionError, match="touched"):
        await rehearsal.play(book([inject("I0")], []), steps, Wall.NONE)
    await rehearsal.close()
    assert any(line.startswith("POST /") for line in tripwire.touched)
    tripwire.touched.clear()
