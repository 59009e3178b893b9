"""Garbage: keeps Python's collector from walking everything this process has imported: while a sender or the API works, and in the
children of a worker always.

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
    """How many of this process are at work, how often it looked before the first of them came, and what was set aside for good."""

    working = 0
    usual = gc.get_threshold()
    for_good = False  # the collector would tell, but counts what is set aside for it: milliseconds


def set_aside() -> None:
    """Never look again at what is here now, in this process and in those that it forks from here on.

    The collector writes into whatever it looks at, and a page that is written to is shared no more: one full pass in a worker's
    child took 30 MiB for copies of what its parent had imported.
    """
    gc.collect()
    gc.freeze()
    _Spared.for_good = True


@contextmanager
def spared() -> Iterator[None]:
    """Look seldom while this lasts. Several at once are fine: the last one to end puts everything back."""
    if not _Spared.working:
        _Spared.usual = gc.get_threshold()
        if not _Spared.for_good:
            gc.freeze()
        gc.set_threshold(_SELDOM, *_Spared.usual[1:])
    _Spared.working += 1
    try:
        yield
    finally:
        _Spared.working -= 1
        if not _Spared.working:
            gc.set_threshold(*_Spared.usual)
            if not _Spared.for_good:
                gc.unfreeze()
