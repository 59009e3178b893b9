"""The demo from end to end, on every real part: PostgreSQL, Valkey, workers, beat, API and sandbox, each its own process.

The slowest test there is: most of a minute on two cores.
"""

import json
import os
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

from crisis.embedded.child import end_leftovers
from crisis.embedded.port import free_port

pytestmark = pytest.mark.timeout(300)
CRISIS = (sys.executable, "-m", "crisis")


class Place:
    """``crisis up --demo`` on a home of its own: it plays the demo, then stays up."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.home = folder / "home"
        self._output = folder / "up.txt"
        self._env = {"PATH": os.environ["PATH"], "CRISIS_HOME": str(self.home)}
        stack.callback(end_leftovers, str(self.home))
        with self._output.open("w") as output:
            up = subprocess.Popen(
                [*CRISIS, "up", "--demo", "--port", str(free_port())],
                env=self._env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        stack.callback(up.wait, 30)
        stack.callback(up.terminate)
        deadline = time.monotonic() + 200
        while "Everything is running." not in self.shown:
            assert up.poll() is None, self.shown
            assert time.monotonic() < deadline, self.shown
            time.sleep(0.2)

    @property
    def shown(self) -> str:
        """What the person at the terminal has seen, without the line breaks of the window."""
        return " ".join(self._output.read_text().split())

    def crisis(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same home."""
        return subprocess.run(
            [*CRISIS, *words], env=self._env, capture_output=True, text=True, check=False, timeout=200
        )

    def database(self) -> str:
        services = json.loads((self.home / "run" / "services.json").read_text())
        return str(services["database_url"])


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="crisis-demo-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Place(folder, stack)


def test_up_plays_it_and_every_promise_is_kept(place: Place) -> None:
    assert "✗" not in place.shown
    assert "All 16 promises kept" in place.shown
    assert "5,000 of 5,000, 0 strangers, 0 repeats" in place.shown
    # Shown at once when the lock has fallen: some may have been told by then, and some not.
    assert "instructed" in place.shown or "cannot be enforced here" in place.shown
    assert "Locked since" in place.shown


def test_on_what_is_up_every_other_command_finds_its_way(place: Place) -> None:
    doctor = place.crisis("doctor", "--json")
    assert (doctor.returncode, doctor.stderr) == (0, ""), doctor.stdout
    assert all(each["level"] != "wrong" for each in json.loads(doctor.stdout)["findings"])
    told = json.loads(place.crisis("status", "--activation", "1", "--json").stdout)
    assert sum(line["total"] for line in told["lines"] if line["channel"] == "sms") == 5_000
    assert told["activation"]["state"] == "stood_down"
    assert len(told["blocked_posts"]) == 3


def test_played_again_it_names_the_one_promise_that_is_not_kept(place: Place) -> None:
    with psycopg.connect(place.database()) as connection:
        connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE audit SET record = replace(record, 'import_register', 'import_registry') WHERE seq = 1"
        )
        connection.execute("ALTER TABLE audit ENABLE TRIGGER USER")
        # Ten minutes later: what was published by its owner in the first play holds up nothing in the second.
        connection.execute("UPDATE posts SET release_at = release_at - interval '10 minutes'")
    ran = place.crisis("demo", "--json")
    assert "Traceback" not in ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    broken = [promise for promise in report["promises"] if not promise["kept"]]
    assert [promise["promise"] for promise in broken] == ["Who did what is on record, and the record holds."]
    assert broken[0]["evidence"].startswith("entry 1 was altered")
    assert (ran.returncode, report["kept"], len(report["promises"])) == (1, False, 16)
    lines = report["deliveries"]
    assert sum(line["total"] for line in lines if line["channel"] == "sms") == report["audience"] == 5_000
    assert all(sum(line["states"].values()) == line["total"] for line in lines)
    assert {line["channel"] for line in lines} == {"website", "wordpress", "facebook", "twitter", "sms"}
    assert report["confirmed_ms"] > 1_000  # it waited for the post in flight
