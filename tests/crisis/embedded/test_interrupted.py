"""Somebody asks us to stop in the very moment in which a server is being started: it is not left behind."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from crisis.embedded.postgres import Postgres
from crisis.embedded.valkey import Valkey


class Stopped(BaseException):
    """As `crisis up` takes Ctrl-C: raised wherever the program is just then."""


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.signal(signal.SIGALRM, before)


def of(home: Path) -> list[psutil.Process]:
    """Every process that was told of this folder, but this one."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        told = f"{process.info['cmdline']} {process.info['environ']}"
        if process.pid != os.getpid() and str(home) in told:
            found.append(process)
    return found


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_what_is_just_being_started_is_ended(
    home: Path, kind: type[Postgres | Valkey], monkeypatch: pytest.MonkeyPatch
) -> None:
    # It may be raised while something is collected, also while pytest writes down that something else could not be raised there.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    with kind(home):
        pass  # its folders are made
    stopped = 0
    for milliseconds in range(2, 82):
        server = kind(home)
        try:
            signal.setitimer(signal.ITIMER_REAL, milliseconds / 1000)
            server.start()
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Stopped:
            stopped += 1
            assert server.pid or of(home) == []
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            server.stop()
    gc.collect()  # here, and not in the next test
    assert stopped > 20
