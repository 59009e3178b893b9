"""The one switch of this suite: ``FAULTS=long``, which ``make test-faults`` sets, and what it makes longer.

The short form runs in ``make test``: every fault once or a few times, with a few hundred recipients, judged by causes and
counts. The long form is the plan as it is written: 20,000 recipients, every repetition, and its figures in seconds too.
"""

import os
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

LONG = os.environ.get("FAULTS") == "long"
"""Whether this is the long form."""


def either(short: T, long: T) -> T:
    """The value for the form that is running."""
    return long if LONG else short


PEOPLE: int = either(300, 20_000)
"""Recipients of a broadcast."""

LATENCY: float = either(0.25, 0.04)
"""Seconds an SMS takes at the sandbox. The fewer people, the slower: a kill must meet calls under way, on any machine."""

TIMEOUT: int = either(120, 1800)
"""Seconds a test may take before it counts as hung. ``pytestmark = pytest.mark.timeout(TIMEOUT)``."""

SECONDS: Mapping[str, float] = {
    "resume": 10.0,
    "broker": 15.0,
    "silent": 30.0,
    "reconnect": 20.0,
    "withdraw": 2.0,
    "slower": 2.0,
}
"""The plan's figures in seconds; only the long form asserts them, since a busy machine says nothing about them."""
