"""The demo from end to end, on every real part: PostgreSQL, Valkey, workers, beat, API and sandbox, each its own process.

The slowest test there is: most of a minute on two cores.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crisis.demo import environment
from crisis.embedded.child import end_leftovers
from crisis.embedded.port import free_port

pytestmark = pytest.mark.timeout(300)
CRISIS = (sys.executable, "-m", "crisis")


class Place:
    """Everything of a demo, up and running."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.home = folder / "home"
        self._folder, sandbox, api = folder, free_port(), free_port()
        token = secrets.token_hex(16)
        sandbox_url = f"http://127.0.0.1:{sandbox}"
        self.env = {
            "PATH": os.environ["PATH"],
            "CRISIS_HOME": str(self.home),
            "CRISIS_SANDBOX_URL": sandbox_url,
            "CRISIS_SANDBOX_TOKEN": token,
            **environment(sandbox_url, token, f"http://127.0.0.1:{api}"),
        }
        stack.callback(end_leftovers, str(self.home))
        self._start(stack, "sandbox", "--port", str(sandbox))
        up = self._start(stack, "up", "--port", str(api))
        deadline = time.monotonic() + 90
        while "Everything is running." not in self.said("up"):
            assert up.poll() is None, self.said("up")
            assert time.monotonic() < deadline, self.said("up")
            time.sleep(0.2)

    def demo(self, *options: str) -> subprocess.CompletedProcess[str]:
        """``crisis demo``."""
        return subprocess.run(
            [*CRISIS, "demo", *options], env=self.env, capture_output=True, text=True, check=False, timeout=240
        )

    def said(self, process: str) -> str:
        return (self._folder / f"{process}.txt").read_text()

    def database(self) -> str:
        services = json.loads((self.home / "run" / "services.json").read_text())
        return str(services["database_url"])

    def _start(self, stack: ExitStack, *words: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{words[0]}.txt").open("w") as output:
            process = subprocess.Popen(
                [*CRISIS, *words], env=self.env, stdout=output, stderr=output, start_new_session=True
            )
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        return process


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="crisis-demo-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Place(folder, stack)


def test_every_promise_it_shows_is_kept(place: Place) -> None:
    ran = place.demo("--json")
    report: dict[str, Any] = json.loads(ran.stdout)
    broken = [promise for promise in report["promises"] if not promise["kept"]]
    assert broken == []
    assert (ran.returncode, report["kept"]) == (0, True), ran.stderr
    assert len(report["promises"]) == 15
    assert report["audience"] == 5_000
    lines = report["deliveries"]
    assert sum(line["total"] for line in lines if line["channel"] == "sms") == 5_000
    assert all(sum(line["states"].values()) == line["total"] for line in lines)
    assert {line["channel"] for line in lines} == {"website", "wordpress", "facebook", "twitter", "sms"}
    assert report["confirmed_ms"] > 1_000  # it waited for the post in flight


def test_a_promise_that_is_not_kept_is_named_and_fails_it(place: Place) -> None:
    with psycopg.connect(place.database()) as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE audit SET record = replace(record, 'import_register', 'import_registry') WHERE seq = 1"
        )
        connection.execute("ALTER TABLE audit ENABLE TRIGGER USER")
    ran = place.demo()
    assert ran.returncode == 1
    said = " ".join(ran.stdout.split())
    assert "14 of 15 promises kept. Not kept:" in said
    assert said.count("✗ Who did what is on record, and the record holds. entry 1 was altered") == 2
    assert "Imported from a file" not in said  # the people of the first demo were found
    assert "Traceback" not in ran.stderr
