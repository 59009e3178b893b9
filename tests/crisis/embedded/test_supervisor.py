import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from crisis.embedded.child import MARK, end, end_leftovers, mark_of, wait_until_gone
from crisis.embedded.supervisor import Child, Supervisor
from crisis.embedded.tender import Tender
from crisis.errors import Unready

ENV = {"PATH": "/usr/bin:/bin"}
WITH_A_DEAF_CHILD = """
import signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", deaf])
time.sleep(60)
"""
SUPERVISE = """
import sys, time
from pathlib import Path
from crisis.embedded.supervisor import Child, Supervisor
supervisor = Supervisor(Path(sys.argv[1]), sys.argv[1], print)
supervisor.start(Child("sleeper", ["/bin/sleep", "60"], {}))
print(supervisor.pids()["sleeper"], flush=True)
time.sleep(60)
"""


def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path, str(tmp_path), said.append, first_wait=0.1)
    yield supervisor
    supervisor.stop()


def sleeper(name: str = "sleeper", wave: int = 0) -> Child:
    return Child(name, ["/bin/sleep", "60"], ENV, wave=wave)


def test_a_child_has_exactly_its_environment_and_its_own_log(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(Child("printer", ["/usr/bin/env"], {"LC_ALL": "C.UTF-8", "ONLY": "this"}))
    until(lambda: not supervisor.pids())
    assert sorted((tmp_path / "printer.log").read_text().split()) == [
        f"{MARK}={tmp_path}",
        "LC_ALL=C.UTF-8",
        "ONLY=this",
    ]
    assert (tmp_path / "printer.log").stat().st_mode & 0o777 == 0o600


def test_a_child_that_dies_is_said_and_started_again(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(sleeper())
    first = supervisor.pids()["sleeper"]
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.tend() or said)
    assert said[0].startswith("sleeper ended (signal SIGKILL); starting it again in 0.1 s.")
    until(lambda: supervisor.tend() or supervisor.pids())
    assert supervisor.pids()["sleeper"] != first


def test_a_child_that_keeps_dying_is_started_less_and_less_often(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(Child("failing", ["/bin/sh", "-c", "exit 3"], ENV))
    until(lambda: supervisor.tend() or len(said) == 4)
    waits = [line.split("again in ")[1].split(" s.")[0] for line in said]
    assert waits == ["0.1", "0.2", "0.4", "0.8"]
    assert "exit code 3" in said[0]


def test_stopping_leaves_nothing_of_a_group_behind(supervisor: Supervisor) -> None:
    supervisor.start(Child("parent", [sys.executable, "-c", WITH_A_DEAF_CHILD], ENV, patience=2.0))
    until(lambda: "deaf" in supervisor.log("parent").read_text())
    leader = psutil.Process(supervisor.pids()["parent"])
    group = [leader.pid, *(child.pid for child in leader.children())]
    assert len(group) == 2
    supervisor.stop()
    assert wait_until_gone(group, 5) == []


def test_a_dead_leaders_group_is_ended_before_it_starts_again(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(Child("parent", [sys.executable, "-c", WITH_A_DEAF_CHILD], ENV))
    until(lambda: "deaf" in supervisor.log("parent").read_text())
    leader = psutil.Process(supervisor.pids()["parent"])
    (child,) = leader.children()
    leader.kill()
    until(lambda: supervisor.tend() or said)
    assert wait_until_gone([child.pid], 5) == []


def test_waves_stop_one_after_the_other(supervisor: Supervisor, tmp_path: Path) -> None:
    record = "trap 'echo {0} >> {1}/order; exit' TERM; echo up; while :; do sleep 0.05; done"
    for name, wave in (("last", 1), ("first", 0)):
        script = record.format(name, tmp_path)
        supervisor.start(Child(name, ["/bin/sh", "-c", script], ENV, wave=wave))
        supervisor.wait_until(name, lambda name=name: "up" in supervisor.log(name).read_text())  # type: ignore[misc]
    supervisor.stop()
    assert (tmp_path / "order").read_text().split() == ["first", "last"]


def test_a_child_that_ends_at_once_is_reported_with_its_own_words(supervisor: Supervisor) -> None:
    supervisor.start(Child("failing", ["/bin/sh", "-c", "echo the reason >&2; exit 3"], ENV))
    with pytest.raises(Unready, match=r"(?s)failing ended at once \(exit code 3\).*the reason"):
        supervisor.wait_until("failing", lambda: False)


def test_a_child_that_never_answers_is_reported(supervisor: Supervisor) -> None:
    supervisor.start(sleeper())
    with pytest.raises(Unready, match="sleeper did not answer within 0 s"):
        supervisor.wait_until("sleeper", lambda: False, seconds=0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", SUPERVISE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    child = int(owner.stdout.readline())
    owner.stdout.close()
    assert psutil.pid_exists(child)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert wait_until_gone([child], 5) == []


@pytest.fixture
def busy() -> Iterator[None]:
    """Twice as many processes that want to run as there are processors for them."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    yield
    for burner in burners:
        end(burner, (signal.SIGKILL, 5))


def test_leftovers_of_this_home_are_ended_and_no_others(tmp_path: Path) -> None:
    ours = subprocess.Popen(["/bin/sleep", "60"], env={MARK: str(tmp_path)})
    others = subprocess.Popen(["/bin/sleep", "60"], env={MARK: str(tmp_path / "other")})
    try:
        assert end_leftovers(str(tmp_path)) == 1
        assert wait_until_gone([ours.pid], 0) == []
        assert others.poll() is None
    finally:
        end(ours, (signal.SIGKILL, 5))
        end(others, (signal.SIGKILL, 5))


@pytest.mark.usefixtures("busy")
def test_a_process_that_is_just_becoming_its_program_is_known_by_its_mark_too() -> None:
    """Popen answers as soon as the old program is gone; on a busy machine the new one's environment is often not there yet."""
    read = []
    for _ in range(200):
        started = subprocess.Popen(["/bin/sleep", "60"], env={MARK: "home"})
        read.append(mark_of(psutil.Process(started.pid)))
        end(started, (signal.SIGKILL, 5))
    assert read == ["home"] * 200


class Down:
    """A server that is down until it is started."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self.starts = 0

    def start(self) -> str:
        self.starts += 1
        self.pid = self.starts
        return ""


def test_the_tender_starts_a_dead_server_and_stops_looking_when_paused(said: list[str]) -> None:
    server, rounds = Down(), threading.Event()
    tender = Tender(said.append)
    tender.keep("PostgreSQL", server)
    tender.watch(rounds.set)
    tender.start()
    until(lambda: server.starts == 1)
    assert said == ["PostgreSQL ended; starting it again."]
    tender.pause()
    rounds.clear()
    server.pid = None
    assert not rounds.wait(0.6)
    assert server.starts == 1
    tender.leave()


def test_the_tender_goes_on_after_a_round_that_failed(said: list[str]) -> None:
    def fail() -> None:
        raise RuntimeError("of a kind")

    tender = Tender(said.append)
    tender.watch(fail)
    tender.start()
    until(lambda: len(said) >= 2)
    tender.leave()
    assert said[0] == "Looking after the processes failed, and goes on: RuntimeError('of a kind')"
