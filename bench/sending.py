"""Sending: one sender process, as a program of its own, so that it holds what a sender needs and nothing of a benchmark's.

``python -m bench.sending`` sends what is due as SMS with the settings in its environment, and prints a JSON list: seconds, the most
memory it held in bytes, and seconds of processor.
"""

import asyncio
import json
import time

import uvloop

from bench.apart import SENDER, pin
from bench.peak import peak_memory
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


if __name__ == "__main__":
    pin(SENDER)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(deliver(Settings()))))
