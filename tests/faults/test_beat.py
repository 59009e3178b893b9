"""Beat on a machine whose clock is put back by an hour under way: it goes on, and does not wait for the hour to come again."""

import sys
from pathlib import Path

import pytest

from crisis.bootstrap import Crisis
from tests.faults import faketime
from tests.faults.judge import sweeps
from tests.faults.stack import Stack, command_of

pytestmark = faketime.NEEDED
BEAT = """
import select, sys
from crisis.beat import Scheduler
from crisis.broker import celery_app
from crisis.settings import Settings
beat = Scheduler(celery_app(Settings()), schedule_filename=sys.argv[1])
while True:
    beat.tick()
    select.select([], [], [], 0.05)
"""
"""As `crisis beat`, but for the pause between two looks: under libfaketime ``time.sleep`` is refused by the system."""


@pytest.mark.fault(22)
async def test_beat_goes_on_when_its_clock_is_put_back(stack: Stack, crisis: Crisis, tmp_path: Path) -> None:
    """A worker's standby would sweep for it, slower, and stands still here."""
    stack.dismiss()
    off = tmp_path / "off"
    off.write_text("+0")
    beat = stack.run([sys.executable, "-c", BEAT, str(tmp_path / "beat-looked")], **faketime.as_written(off))
    worker = stack.worker(concurrency=1)
    (standby,) = [member for member in worker.family() if "standby" in command_of(member)]
    standby.suspend()
    try:
        assert await sweeps(crisis) == 3
        off.write_text("-1h")
        assert await sweeps(crisis) == 3
    finally:
        standby.resume()
    assert beat.process.poll() is None, beat.said()
