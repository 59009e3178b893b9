"""Processes that really live and die, to hold permits."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from crisis.activations.holders import Holder, started, this_host


@contextmanager
def living() -> Iterator[tuple[Holder, "subprocess.Popen[bytes]"]]:
    """A process of our own that waits until it is ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        yield Holder(this_host(), child.pid, started(child.pid) or 0), child
    finally:
        child.kill()
        child.communicate()


def ended() -> Holder:
    """A process that has lived and died."""
    with living() as (holder, _):
        return holder
