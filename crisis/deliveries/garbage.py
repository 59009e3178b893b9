"""Garbage: keeps Python's collector from walking everything this process has imported while a sender works.

A sender makes many short-lived objects and hardly a reference cycle. Left alone, the collector takes that for growth and makes
full passes which free nothing and cost more than a third of the sending. What is here already is set aside meanwhile, and what
is new is looked at less often; both are put back at the end.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = 10_000
"""Objects made and not yet freed that make it look. What it then frees is some kilobytes a second, and must not come to megabytes."""


class _Spared:
    """How many senders of this process are at work, and how often it looked before the first of them came."""

    senders = 0
    usual = gc.get_threshold()


@contextmanager
def spared() -> Iterator[None]:
    """Look seldom while this lasts. Several at once are fine: the last one to end puts everything back."""
    if not _Spared.senders:
        _Spared.usual = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(_SELDOM, *_Spared.usual[1:])
    _Spared.senders += 1
    try:
        yield
    finally:
        _Spared.senders -= 1
        if not _Spared.senders:
            gc.set_threshold(*_Spared.usual)
            gc.unfreeze()
