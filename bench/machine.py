"""The machine: what the figures were taken on, and how much of it went to others while they were."""

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from bench.ground import Ground

GIB = 1 << 30
OTHERS = 0.10
"""A round in which others took more than this share of all cores' time met a busy machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """In words, as the table's reader wants it."""

    cores: int
    processor: str
    memory: str
    system: str
    python: str
    postgresql: str
    stub: str
    """Who answers in the providers' place where speed is all that is asked."""

    def __str__(self) -> str:
        return (
            f"{self.cores} cores ({self.processor}), {self.memory}, {self.system}; Python {self.python}, "
            f"PostgreSQL {self.postgresql} (fsync and synchronous_commit on); stub: {self.stub}"
        )


def machine(ground: Ground) -> Machine:
    """This one."""
    with psycopg.connect(ground.server_url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else psutil.cpu_count() or 1
    return Machine(
        cores=cores,
        processor=_processor(),
        memory=f"{psutil.virtual_memory().total / GIB:.0f} GiB",
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_version()} ({sys.implementation.name})",
        postgresql=row[0].split()[0] if row else "?",
        stub=nginx_version() or "ours (uvloop and httptools); nginx is not installed",
    )


def nginx_version() -> str | None:
    """``nginx 1.22.1``; ``None`` where it is not installed."""
    program = shutil.which("nginx")
    if program is None:
        return None
    said = subprocess.run(
        [program, "-v"], capture_output=True, text=True, check=False
    ).stderr  # "nginx version: nginx/1.22.1"
    return said.strip().rpartition(" ")[2].replace("/", " ") or "nginx"


class Bystanders:
    """How much of the machine others took since this was made: other processes, and what a host took from its guest."""

    def __init__(self) -> None:
        self._busy, self._all = _spent()
        self._ours = _our_seconds()

    def share(self) -> float:
        """From 0 to 1, of all cores' time. 0 also where the system does not tell."""
        busy, total = _spent()
        ours = _our_seconds() - self._ours
        elapsed = total - self._all
        return max(0.0, (busy - self._busy - ours) / elapsed) if elapsed > 0 else 0.0


def _spent() -> tuple[float, float]:
    """Seconds that all cores were busy, and all seconds. Interrupts are left out: on loopback they are our own."""
    times = psutil.cpu_times()
    away = getattr(times, "steal", 0.0)
    busy = times.user + times.system + getattr(times, "nice", 0.0) + away
    resting = times.idle + getattr(times, "iowait", 0.0)
    return busy, busy + resting + getattr(times, "irq", 0.0) + getattr(times, "softirq", 0.0)


def _our_seconds() -> float:
    """Processor seconds of this process and all it started. A parent that waited for a child carries the child's time on."""
    here = psutil.Process()
    seconds = 0.0
    for process in (here, *here.children(recursive=True)):
        try:
            seconds += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return seconds


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
