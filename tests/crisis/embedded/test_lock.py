import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crisis.embedded.lock import Held, Lock

HOLD = """
import sys, time
from pathlib import Path
from crisis.embedded.lock import Lock
Lock(Path(sys.argv[1]), "The thing").acquire()
print("held", flush=True)
time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_a_second_holder_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    process = holder(tmp_path / "lock")
    try:
        with pytest.raises(Held, match=rf"The thing is in use by process {process.pid}\.") as refused:
            Lock(tmp_path / "lock", "The thing").acquire()
        assert refused.value.pid == process.pid
    finally:
        process.kill()
        process.wait()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    process = holder(tmp_path / "lock")
    process.send_signal(signal.SIGKILL)
    process.wait()
    lock = Lock(tmp_path / "lock", "The thing")
    lock.acquire()
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    lock.release()


def test_a_child_process_does_not_keep_the_lock_of_its_parent(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock", "The thing")
    lock.acquire()
    with subprocess.Popen(["/bin/sleep", "60"]) as child:
        lock.release()
        again = Lock(tmp_path / "lock", "The thing")
        again.acquire()
        again.release()
        child.kill()


def test_a_lock_is_taken_once_and_can_be_let_go_twice(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock", "The thing")
    lock.acquire()
    lock.acquire()
    lock.release()
    lock.release()
    assert not lock.held
