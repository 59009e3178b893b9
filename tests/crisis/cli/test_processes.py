import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from crisis.embedded import commands
from crisis.embedded.child import end
from crisis.embedded.port import free_port
from crisis.embedded.readiness import listens
from crisis.lanes import Lane
from crisis.mode import Mode

PATH = {"PATH": os.environ["PATH"]}


def crisis(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crisis", *arguments], env=PATH | env, capture_output=True, text=True, check=False
    )


def test_wrong_settings_are_sentences_that_name_the_variable_and_never_the_value(tmp_path: Path) -> None:
    said = crisis("migrate", CRISIS_HOME=str(tmp_path), CRISIS_NUMBERS_KEY="not-hex-5ec4e7", CRISIS_SMS_BATCH="many")
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        "The settings cannot be used.",
        "CRISIS_NUMBERS_KEY: must be 32 bytes in hex (64 characters 0-9 a-f).",
        "CRISIS_SMS_BATCH: Input should be a valid integer, unable to parse string as an integer.",
    ]


def test_our_own_errors_are_one_paragraph_without_a_traceback(tmp_path: Path) -> None:
    said = crisis("migrate", CRISIS_HOME=str(tmp_path))
    assert said.returncode == 1
    assert said.stderr == "No database is known. Set CRISIS_DATABASE_URL, or start one here with: crisis up\n"
    assert said.stdout == ""


def test_up_names_what_is_wrong_with_its_home(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = crisis("up", "--home", str(tmp_path / "file"))
    assert said.returncode == 1
    assert said.stderr.startswith(f"The home folder {tmp_path}/file cannot be used:")


def test_a_worker_serves_the_lanes_of_one_mode() -> None:
    command = commands.worker(Mode.EXERCISE, 3)
    assert command[command.index("--queues") + 1] == "exercise.public,exercise.sms,exercise.unit"
    assert command[command.index("--concurrency") + 1] == "3"
    command = commands.worker(Mode.ACTUAL, 1, [Lane.SMS])
    assert command[command.index("--queues") + 1] == "actual.sms"


def test_a_process_started_by_hand_drops_the_secrets_it_does_not_need(tmp_path: Path) -> None:
    port = free_port()
    env = PATH | {
        "CRISIS_HOME": str(tmp_path),
        "CRISIS_TWILIO_AUTH_TOKEN": "5ec4e7",
        "CRISIS_SANDBOX_TOKEN": "sand",
        "CRISIS_SANDBOX_URL": f"http://127.0.0.1:{port}",
    }
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "crisis", "sandbox", "--port", str(port)], env=env, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 30
        while not listens(port):
            assert process.poll() is None, (tmp_path / "output").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        held = psutil.Process(process.pid).environ()
        assert held["CRISIS_SANDBOX_TOKEN"] == "sand"
        assert "5ec4e7" not in " ".join(held.values())
    finally:
        end(process, (signal.SIGTERM, 10))
