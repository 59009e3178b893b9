"""Ending a child, whatever Ctrl-C has interrupted."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from crisis.embedded.child import end, spawn

STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)


@pytest.fixture
def stubborn(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that does not heed SIGTERM."""
    log = tmp_path / "child.log"
    process = spawn([sys.executable, "-c", STUBBORN], env={}, log=log)
    give_up = time.monotonic() + 10
    while "up" not in log.read_text():
        assert time.monotonic() < give_up
        time.sleep(0.02)
    return process


def test_one_that_does_not_heed_is_killed_when_its_time_is_over(stubborn: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    end(stubborn, (None, 0.1), (signal.SIGTERM, 0.4))
    assert time.monotonic() - began >= 0.5
    assert stubborn.returncode == -signal.SIGKILL


def test_ending_one_twice_is_fine(stubborn: subprocess.Popen[bytes]) -> None:
    end(stubborn)
    end(stubborn, (signal.SIGTERM, 5.0))
    assert stubborn.returncode == -signal.SIGKILL


@pytest.mark.timeout(30)
def test_one_that_nobody_can_ask_after_since_ctrl_c_came_while_somebody_did_is_ended(
    stubborn: subprocess.Popen[bytes],
) -> None:
    """Between the lines of ``Popen.poll`` that take and give back this lock anything may be raised."""
    stubborn._waitpid_lock.acquire()  # type: ignore[attr-defined]
    end(stubborn, (signal.SIGTERM, 0.1))
    assert psutil.Process(stubborn.pid).status() == psutil.STATUS_ZOMBIE
    stubborn._waitpid_lock.release()  # type: ignore[attr-defined]
    assert stubborn.poll() == -signal.SIGKILL
