"""Keeps child processes running: starts them, starts again the ones that die, and stops them all."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crisis.embedded.child import MARK, end, kill_group, last_lines, spawn
from crisis.errors import Unready

FIRST_WAIT = 0.5  # seconds before the first restart; doubled each time
LONGEST_WAIT = 30.0
SETTLED = 60.0  # a child that lived this long starts its waits over


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    wave: int = 0
    """Waves stop one after the other, lowest first; within one, all at once."""
    patience: float = 6.0
    """Seconds to end what it is doing after SIGTERM; then SIGQUIT, then SIGKILL to its whole group."""


@dataclass(slots=True)
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    since: float = field(default_factory=time.monotonic)
    deaths: int = 0
    again_at: float | None = None


class Supervisor:
    """The children of one home. ``mark`` in their environment says whose they are; ``say`` shows a line to a person.

    Children are told by the kernel when the thread that started them ends (``launch.py``): call :meth:`start` and
    :meth:`tend` from threads that live until :meth:`stop`.
    """

    def __init__(self, logs: Path, mark: str, say: Callable[[str], None], *, first_wait: float = FIRST_WAIT) -> None:
        self._logs = logs
        self._mark = mark
        self._say = say
        self._first_wait = first_wait
        self._running: dict[str, _Running] = {}

    def start(self, child: Child) -> None:
        """Start one more."""
        self._running[child.name] = _Running(child, self._spawn(child))

    def pids(self) -> dict[str, int]:
        """The process id of each child that runs."""
        return {name: each.process.pid for name, each in self._running.items() if each.process.poll() is None}

    def log(self, name: str) -> Path:
        """Where this child's output goes."""
        return self._logs / f"{name}.log"

    def wait_until(self, name: str, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until ``ready`` says yes. A child that dies first, or takes too long, is :class:`Unready` with its log."""
        deadline = time.monotonic() + seconds
        while not ready():
            code = self._running[name].process.poll()
            if code is not None or time.monotonic() > deadline:
                why = f"did not answer within {seconds:.0f} s" if code is None else f"ended at once ({ending(code)})"
                raise Unready(f"{name} {why}. Its log, {self.log(name)}, ends:\n{last_lines(self.log(name))}")
            time.sleep(0.05)

    def tend(self) -> None:
        """One round: notice who died, and start again whose time has come. Call it a few times a second."""
        for each in self._running.values():
            code = each.process.poll()
            if code is None:
                continue
            now = time.monotonic()
            if each.again_at is None:
                kill_group(each.process.pid)  # a worker's pool does not outlive it
                each.deaths = 1 if now - each.since > SETTLED else each.deaths + 1
                wait = min(self._first_wait * 2 ** (each.deaths - 1), LONGEST_WAIT)
                each.again_at = now + wait
                name = each.child.name
                self._say(
                    f"{name} ended ({ending(code)}); starting it again in {wait:.1f} s. Its log: {self.log(name)}"
                )
            elif now >= each.again_at:
                each.process, each.since, each.again_at = self._spawn(each.child), now, None

    def stop(self) -> None:
        """Stop everything, wave by wave, and leave no process of any child's group behind."""
        for wave in sorted({each.child.wave for each in self._running.values()}):
            those = [each for each in self._running.values() if each.child.wave == wave]
            for each in reversed(those):
                if each.process.poll() is None:
                    each.process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            for each in those:
                left = max(began + each.child.patience - time.monotonic(), 0.0)
                end(each.process, (None, left), (signal.SIGQUIT, 1.0))
        self._running.clear()

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        return spawn(child.command, env={**child.env, MARK: self._mark}, log=self.log(child.name), cwd=Path.cwd())


def ending(code: int) -> str:
    """How a process ended, in words."""
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
