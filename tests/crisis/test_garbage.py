"""Garbage: what a process has imported stays shared with the processes it forks, and a sender puts back what it set aside."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crisis.garbage import set_aside, spared

LOOKED = """
import gc, os, re, sys
from crisis.garbage import set_aside, spared
rings = [[] for _ in range(400_000)]  # some 40 MiB
if sys.argv[1] == "aside":
    set_aside()
child = os.fork()
if not child:
    with spared():
        pass
    gc.collect()
    said = open("/proc/self/smaps_rollup").read()
    print(sum(int(held) for held in re.findall(r"^Private_(?:Clean|Dirty): +(\\d+)", said, re.M)) >> 10, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="asks Linux what is shared")
def test_what_is_set_aside_stays_shared_with_a_child_that_was_at_work_and_looks_at_all_it_has() -> None:
    assert own_mib("aside") < 10
    assert own_mib("") > 20, "this machine shares what is written to, so nothing was shown above"


def test_a_sender_puts_back_what_it_set_aside() -> None:
    assert not gc.get_freeze_count()
    usual = gc.get_threshold()
    with spared():
        assert gc.get_freeze_count()
        with spared():
            assert gc.get_threshold() != usual
        assert gc.get_freeze_count()
    assert not gc.get_freeze_count()
    assert gc.get_threshold() == usual


def test_a_sender_does_not_put_back_what_was_set_aside_for_good() -> None:
    set_aside()
    try:
        with spared():
            pass
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()


def own_mib(how: str) -> int:
    """MiB that a forked child has for itself after a sender's work and a full pass of the collector."""
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run([sys.executable, "-c", LOOKED, how], env=env, capture_output=True, text=True, check=True)
    return int(done.stdout)
