"""The command line of each long-lived process, one place for ``crisis up``, the CLI and the containers."""

import sys
from collections.abc import Sequence
from pathlib import Path

from crisis.lanes import Lane
from crisis.mode import Mode

CELERY_WORKER = (sys.executable, "-m", "celery", "--app", "crisis.worker:app", "--quiet", "worker")
UVICORN = (sys.executable, "-m", "uvicorn", "--factory", "--no-server-header", "--no-access-log")
GRACE = "3"  # seconds an open request gets when a server stops; a page that listens for status never ends by itself


def worker(mode: Mode, concurrency: int, lanes: Sequence[Lane] = tuple(Lane), level: str = "INFO") -> list[str]:
    """A Celery worker for one mode: ``concurrency`` processes, and the queues of ``lanes``."""
    return [
        *(*CELERY_WORKER, "--pool", "prefork", "--concurrency", str(concurrency)),
        *("--queues", ",".join(f"{mode.value}.{lane.value}" for lane in lanes)),
        *("--hostname", f"{mode.value}@%h", "--loglevel", level, "--without-gossip", "--without-mingle"),
    ]


def beat(folder: Path) -> list[str]:
    """Celery's clock, which rings for the sweeps. The time of a file in ``folder`` says when it last looked."""
    return [sys.executable, "-m", "crisis.beat", str(folder / "beat-looked")]


def conductor(folder: Path) -> list[str]:
    """What makes drills go. The time of a file in ``folder`` says when it last looked."""
    return [sys.executable, "-m", "crisis.conductor", str(folder / "conductor-looked")]


def api(host: str, port: int, level: str = "INFO") -> list[str]:
    """The HTTP service, on a protocol of ours that hands out the crisis page at once."""
    protocol = ("--http", "api.protocol:Protocol", "--log-level", level.lower())
    return [*UVICORN, "api.app:create_app", *protocol, *_address(host, port)]


def sandbox(host: str, port: int) -> list[str]:
    """The stand-ins for the providers."""
    return [*UVICORN, "adapters.sandbox.app:create_app", *_address(host, port)]


def _address(host: str, port: int) -> tuple[str, ...]:
    return ("--host", host, "--port", str(port), "--timeout-graceful-shutdown", GRACE)
