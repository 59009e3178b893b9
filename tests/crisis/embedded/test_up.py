"""The real thing: every process of ``crisis up``, started by the command a person types."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest

from crisis.embedded.child import MARK, end_leftovers, wait_until_gone
from crisis.embedded.port import free_port

PARTS = {"sandbox", "worker-actual", "worker-exercise", "beat", "conductor", "api"}
SECRET = "5ec4e7" * 6


class Up:
    """One ``crisis up`` on a home, its output in a file."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.output = home.parent / f"up-{time.monotonic_ns()}.txt"
        env = {"PATH": os.environ["PATH"], "CRISIS_HOME": str(home), "CRISIS_TWILIO_AUTH_TOKEN": SECRET}
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crisis", "up", "--port", str(free_port())],
                env=env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def until_running(self) -> dict[str, str]:
        """The announced services, once everything runs."""
        deadline = time.monotonic() + 90
        while "Everything is running." not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)
        services: dict[str, str] = json.loads((self.home / "run" / "services.json").read_text())
        return services

    def family(self) -> list[psutil.Process]:
        """Every process under it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def ends(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextlib.contextmanager
def new_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="crisis-test-"))
    folder.chmod(0o755)  # PostgreSQL's own user must be able to pass when root runs the tests
    yield folder / "home"
    end_leftovers(str(folder / "home"))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    """One that runs, for the tests that leave it running."""
    with new_home() as home:
        running = Up(home)
        try:
            running.until_running()
            yield running
        finally:
            code = running.ends(signal.SIGINT)
        assert code == 0, running.output.read_text()


def answers(url: str) -> int:
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", "/healthz")
        return connection.getresponse().status


def part_of(process: psutil.Process) -> str | None:
    """Which part of ``crisis up`` this process leads, by its command line."""
    try:
        line = " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return None
    marks = {
        "sandbox": "adapters.sandbox.app",
        "worker-actual": "actual@",
        "worker-exercise": "exercise@",
        "beat": "crisis.beat",
        "conductor": "crisis.conductor",
        "api": "api.app",
    }
    return next((part for part, mark in marks.items() if mark in line), None)


def test_everything_comes_up_each_in_its_own_environment(up: Up) -> None:
    services = up.until_running()
    assert answers(services["api_url"]) == 200
    with psycopg.connect(services["database_url"]) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    children = psutil.Process(up.process.pid).children()
    leaders = {part: process for process in children if (part := part_of(process))}
    assert leaders.keys() == PARTS
    for part, process in leaders.items():
        env = process.environ()
        assert env[MARK] == str(up.home)
        assert ("CRISIS_TWILIO_AUTH_TOKEN" in env) is (part in {"api", "worker-actual"}), part
    assert "CRISIS_DATABASE_URL" not in leaders["sandbox"].environ()


def test_a_second_one_on_the_same_home_is_refused_and_harms_nothing(up: Up) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "crisis", "up", "--home", str(up.home)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert f"in use by process {up.process.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    assert answers(up.until_running()["api_url"]) == 200


def test_killed_parts_come_back_where_they_were(up: Up) -> None:
    services = up.until_running()
    for process in up.family():
        with contextlib.suppress(psutil.NoSuchProcess):
            if part_of(process) == "api" or process.name() == "postgres":
                process.kill()
    deadline = time.monotonic() + 60
    back = False
    while not back:
        assert time.monotonic() < deadline, up.output.read_text()
        with contextlib.suppress(OSError, psycopg.OperationalError):
            psycopg.connect(services["database_url"], connect_timeout=2).close()
            back = answers(services["api_url"]) == 200
    assert "PostgreSQL ended; starting it again." in up.output.read_text()
    assert "api ended (signal SIGKILL)" in up.output.read_text()


def test_ctrl_c_while_it_starts_stops_what_is_there() -> None:
    with new_home() as home:
        up = Up(home)
        deadline = time.monotonic() + 30
        while not (home / "postgres").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        family = up.family()
        assert up.ends(signal.SIGINT) == 0, up.output.read_text()
        assert wait_until_gone([process.pid for process in family], 0) == []


def test_kill_9_leaves_nothing_that_stays_and_sigterm_nothing_at_all() -> None:
    with new_home() as home:
        first = Up(home)
        first.until_running()
        family = [process.pid for process in first.family()]
        first.ends(signal.SIGKILL)
        if sys.platform == "linux":
            assert wait_until_gone(family, 30) == []

        second = Up(home)
        try:
            second.until_running()
            assert wait_until_gone(family, 0) == []
            family = [process.pid for process in second.family()]
        finally:
            code = second.ends(signal.SIGTERM)
        assert code == 0, second.output.read_text()
        assert second.output.read_text().endswith("Everything has stopped.\n")
        assert wait_until_gone(family, 0) == []
        assert not (home / "run" / "services.json").exists()
