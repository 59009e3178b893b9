"""Garbage: keeps Python's collector from walking everything this process has imported while it works: a sender, the API.

They make many short-lived objects and hardly a reference cycle. Left alone, the collector takes that for growth and makes full
passes which free nothing; they cost a sender more than a third of its time. What is here already is set aside meanwhile, and what is
new is looked at less often; both are put back at the end.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 10_000
"""Objects made and not yet freed that make it look. What lies about until then is memory: 50,000 let a sender grow by megabytes."""


class _Spared:
    """How many of this process are at work, and how often it looked before the first of them came."""

    working = 0
    usual = gc.get_threshold()


@contextmanager
def spared() -> Iterator[None]:
    """Look seldom while this lasts. Several at once are fine: the last one to end puts everything back."""
    if not _Spared.working:
        _Spared.usual = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(_SELDOM, *_Spared.usual[1:])
    _Spared.working += 1
    try:
        yield
    finally:
        _Spared.working -= 1
        if not _Spared.working:
            gc.set_threshold(*_Spared.usual)
            gc.unfreeze()
