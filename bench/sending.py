"""Sending: one sender process, as a program of its own, so that it holds what a sender needs and nothing of a benchmark's.

``python -m bench.sending`` sends what is due as SMS with the settings in its environment, and prints a JSON list: seconds, the most
memory it held in bytes, and seconds of processor.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

import uvloop

from bench.apart import SENDER, pin
from crisis.bootstrap import database_of, engine_for
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings


async def deliver(settings: Settings) -> tuple[float, int, float]:
    """The engine as a worker has it, but to the lane's end in one go. Returns what is printed."""
    db = database_of(settings)
    engine = engine_for(Mode.ACTUAL, settings, db, slices=False)
    began, used = time.perf_counter(), time.process_time()
    await engine.deliver(Lane.SMS)
    seconds, used = time.perf_counter() - began, time.process_time() - used
    await engine.close()
    return seconds, peak_memory(), used


def peak_memory() -> int:
    """Bytes that this process has held at most since it became this program.

    Of Linux it is asked by another way than elsewhere: there, what ``getrusage`` says includes the process it was started by.
    """
    try:
        said = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(said.partition("VmHWM:")[2].split()[0]) << 10
    except (OSError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most << 10


if __name__ == "__main__":
    pin(SENDER)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(deliver(Settings()))))
