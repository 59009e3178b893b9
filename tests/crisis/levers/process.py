"""A process of its own that sees to the levers, and just before a step ends itself as a crash would, or stands still."""

import asyncio
import multiprocessing
import os
import random
import signal
import time
from multiprocessing.process import BaseProcess

import psutil

from crisis.db import Database
from crisis.levers.duty import Levers
from crisis.mode import Mode
from tests.crisis.levers.remote_lever import RemoteLever, admin
from tests.crisis.levers.town import EDITORS

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])  # what they all import is imported once


def run(database_url: str, platform_url: str, step: str, times: int) -> int:
    """See to the levers in another process that is killed just before it does ``step`` for the ``times``-th time; its exit code."""
    process = _CONTEXT.Process(target=_work, args=(database_url, platform_url, step, times), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode is not None, "it did not end"
    return process.exitcode


def start(database_url: str, platform_url: str) -> BaseProcess:
    """See to the levers in another process, to be killed by whoever is given it; it ends when nothing is left to do."""
    process = _CONTEXT.Process(target=_work, args=(database_url, platform_url, "", 0), daemon=True)
    process.start()
    return process


def freeze(database_url: str, platform_url: str, step: str) -> BaseProcess:
    """See to the levers in another process that stands still just before ``step``, until it is told to go on."""
    process = _CONTEXT.Process(target=_work, args=(database_url, platform_url, step, 1, signal.SIGSTOP), daemon=True)
    process.start()
    deadline = time.monotonic() + 60
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < deadline, "it did not stand still"
        time.sleep(0.01)
    return process


def tell(process: BaseProcess, number: signal.Signals) -> None:
    """Send it a signal."""
    assert process.pid is not None
    os.kill(process.pid, number)


def _work(database_url: str, platform_url: str, step: str, times: int, number: signal.Signals = signal.SIGKILL) -> None:
    left = times

    def before(at: str) -> None:
        nonlocal left
        left -= at == step
        if at == step and left == 0:
            os.kill(os.getpid(), number)

    asyncio.run(_see_to_it(database_url, platform_url, before))


async def _see_to_it(database_url: str, platform_url: str, before: object) -> None:
    db = Database(database_url)
    levers = Levers(
        db,
        Mode.ACTUAL,
        {"facebook": RemoteLever(platform_url)},
        admin,
        editors_unit=EDITORS,
        chance=random.Random(1),
        before=before,  # type: ignore[arg-type]
    )
    while await levers.round():
        pass
    await db.close()
