"""The real thing: every process of ``crisis up``, started by the command a person types."""

import contextlib
import json
import os
import signal
import subprocess
import sys
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

PARTS = {"sandbox", "worker-actual", "worker-exercise", "beat", "api"}
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
        deadline = time.monotonic() + 60
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


@pytest.fixture
def home(open_folder: Path) -> Iterator[Path]:
    yield open_folder / "home"
    end_leftovers(str(open_folder / "home"))


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
        "beat": " beat ",
        "api": "api.app",
    }
    return next((part for part, mark in marks.items() if mark in line), None)


def test_everything_comes_up_in_its_own_environment_and_goes_without_a_trace(home: Path) -> None:
    up = Up(home)
    family: list[psutil.Process] = []
    try:
        services = up.until_running()
        assert answers(services["api_url"]) == 200
        with psycopg.connect(services["database_url"]) as connection:
            row = connection.execute("SELECT count(*) FROM alembic_version").fetchone()
        assert row == (1,)
        family = up.family()
        leaders = {
            part: process for process in family if (part := part_of(process)) and process.ppid() == up.process.pid
        }
        assert leaders.keys() == PARTS
        for part, process in leaders.items():
            env = process.environ()
            assert env[MARK] == str(home)
            assert ("CRISIS_TWILIO_AUTH_TOKEN" in env) is (part in {"api", "worker-actual"}), part
        assert "CRISIS_DATABASE_URL" not in leaders["sandbox"].environ()

        second = subprocess.run(
            [sys.executable, "-m", "crisis", "up", "--home", str(home)], capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert f"in use by process {up.process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        assert answers(services["api_url"]) == 200
    finally:
        code = up.ends(signal.SIGTERM)
    assert code == 0, up.output.read_text()
    assert "Everything has stopped." in up.output.read_text()
    assert wait_until_gone([process.pid for process in family], 0) == []
    assert not (home / "run" / "services.json").exists()


def test_ctrl_c_while_it_starts_stops_what_is_there(home: Path) -> None:
    up = Up(home)
    deadline = time.monotonic() + 30
    while not (home / "postgres").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    family = up.family()
    assert up.ends(signal.SIGINT) == 0, up.output.read_text()
    assert wait_until_gone([process.pid for process in family], 0) == []


def test_a_killed_part_comes_back(home: Path) -> None:
    up = Up(home)
    try:
        services = up.until_running()
        killed = [process for process in up.family() if part_of(process) == "api" or process.name() == "postgres"]
        for process in killed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        deadline = time.monotonic() + 30
        back = False
        while not back:
            assert time.monotonic() < deadline, up.output.read_text()
            with contextlib.suppress(OSError, psycopg.OperationalError):
                back = answers(services["api_url"]) == 200
                psycopg.connect(services["database_url"], connect_timeout=2).close()
        assert "PostgreSQL ended; starting it again." in up.output.read_text()
        assert "api ended (signal SIGKILL)" in up.output.read_text()
    finally:
        assert up.ends(signal.SIGINT) == 0, up.output.read_text()


def test_after_kill_9_nothing_lives_on_and_the_next_one_starts(home: Path) -> None:
    first = Up(home)
    first.until_running()
    family = [process.pid for process in first.family()]
    first.ends(signal.SIGKILL)
    if sys.platform == "linux":
        assert wait_until_gone(family, 15) == []
    second = Up(home)
    try:
        second.until_running()
        assert wait_until_gone(family, 0) == []
    finally:
        assert second.ends(signal.SIGTERM) == 0, second.output.read_text()
