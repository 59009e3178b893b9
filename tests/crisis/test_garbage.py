"""Garbage: what a process has imported stays shared with the processes it forks, and a sender puts back what it set aside.

Each in a process of its own: others of this one may be at work.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = """
import gc, os, re, sys
from crisis.garbage import set_aside, spared
rings = [[] for _ in range(400_000)]  # some 26 MiB
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
STANDING = """
import gc, sys
from crisis.garbage import set_aside, spared
usual = gc.get_threshold()
def say():
    print("aside" if gc.get_freeze_count() else "back", "usual" if gc.get_threshold() == usual else "seldom")
if sys.argv[1] == "aside":
    set_aside()
with spared():
    with spared():
        say()
    say()
say()
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="asks Linux what is shared")
def test_what_is_set_aside_stays_shared_with_a_child_that_was_at_work_and_looks_at_all_it_has() -> None:
    assert int(said_by(SHARED, "aside")) < 10
    assert int(said_by(SHARED, "")) > 20, "this machine shares what is written to, so nothing was shown above"


def test_the_last_sender_to_end_puts_back_what_the_first_set_aside() -> None:
    assert said_by(STANDING, "").splitlines() == ["aside seldom", "aside seldom", "back usual"]


def test_a_sender_does_not_put_back_what_was_set_aside_for_good() -> None:
    assert said_by(STANDING, "aside").splitlines() == ["aside seldom", "aside seldom", "aside usual"]


def said_by(program: str, *words: str) -> str:
    """What it prints; it must succeed."""
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", program, *words], env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout
