"""Pool: a real worker as ``crisis up`` starts it, and what each of its children has to itself while an alert is sent.

Of the heaviest child is reported what :mod:`bench.weight` says of it.
"""

import os
import sys
import time
from contextlib import ExitStack

from bench.broadcast import Broadcasts
from bench.ground import Ground, named
from bench.stub import Stub
from bench.weight import heaviest
from crisis.embedded import commands, environment
from crisis.embedded.readiness import works
from crisis.embedded.supervisor import Child, Supervisor
from crisis.embedded.up import CONCURRENCY
from crisis.embedded.valkey import Valkey
from crisis.mode import Mode

LOOK, PATIENCE = 0.1, 60.0
AFTER = 5.0
"""Seconds that are looked at when all is sent: what the collector would copy, it copies when a child is at rest."""


def own_peak(ground: Ground, provider: Stub, people: int) -> int:
    """Bytes that one child had to itself at most, while an alert went to so many and a little longer.

    Raises :class:`RuntimeError` unless everybody was sent to once by when nothing had moved for a minute.
    """
    with ExitStack() as stack:
        valkey = stack.enter_context(Valkey(ground.folder))
        broadcasts = Broadcasts(ground, provider, people, redis_url=valkey.start())
        settings = broadcasts.settings
        supervisor = Supervisor(ground.folder / "log", "bench", lambda line: print(line, file=sys.stderr))
        stack.callback(supervisor.stop)
        env = environment.for_actual(os.environ, settings) | named(settings)
        supervisor.start(Child("worker", commands.worker(Mode.ACTUAL, CONCURRENCY[Mode.ACTUAL]), env))
        supervisor.wait_until("worker", lambda: works(settings, Mode.ACTUAL))
        waiting, before = broadcasts.approve(), provider.accepted()
        supervisor.start(Child("beat", commands.beat(ground.folder), env))
        most, sent, moved = 0, 0, time.monotonic()
        while time.monotonic() - moved < (AFTER if sent == people else PATIENCE):
            time.sleep(LOOK)
            most = max(most, heaviest(supervisor.pids()["worker"]))
            if (now := provider.accepted() - before) != sent:
                sent, moved = now, time.monotonic()
        broadcasts.check(waiting)
        return most
