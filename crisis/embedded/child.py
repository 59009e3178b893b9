"""Starting a child process in a group of its own, and ending the whole group."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from crisis.embedded.place import User

LAUNCHER = Path(__file__).with_name("launch.py")
MARK = "CRISIS_STARTED_BY"
"""Names, in a child's environment, the home or folder it was started for: how leftovers are known after ``kill -9``."""
LOG_BYTES = 20 << 20  # a log longer than this is set aside when its process starts
EXEC_SECONDS = 5.0  # many times what becoming another program takes
LAST_THREAD_SECONDS = 2.0  # many times what the last thread of a killed process takes


def launched(command: Sequence[str], user: User | None, farewell: signal.Signals) -> list[str]:
    """``command`` behind the launcher: as ``user``, and with ``farewell`` when this process dies."""
    who = (str(user.uid), str(user.gid)) if user else ("-", "-")
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(farewell)), *who, *command]


def spawn(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path = Path("/"),
    user: User | None = None,
    farewell: signal.Signals = signal.SIGTERM,
    stdin: bytes | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` (its program an absolute path) with exactly ``env``, its output appended to ``log`` (mode 0600).

    It leads a session of its own, so that Ctrl-C in the terminal reaches only us. ``stdin`` is written and closed.
    """
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and the program is ours
            launched(command, user, farewell),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=fd,
            stderr=fd,
            start_new_session=True,
        )
    finally:
        os.close(fd)
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(stdin or b"")
    return process


def end(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals | None, float]) -> None:
    """Send each signal (``None``: none) and wait its seconds, until the process is gone; then kill the rest of its group.

    The system is asked whether it is gone. ``Popen.wait`` would wait for ever where Ctrl-C has interrupted a ``poll`` in the
    moment in which it held its lock.
    """
    for number, seconds in steps:
        if process.poll() is not None or not _exists(process.pid):
            break
        if number is not None:
            process.send_signal(number)
        wait_until_gone([process.pid], seconds)
    kill_group(process.pid)
    if process.poll() is None:
        while wait_until_gone([process.pid], 1.0):
            pass
    deadline = time.monotonic() + LAST_THREAD_SECONDS
    while process.poll() is None and time.monotonic() < deadline:  # its last thread may be a moment behind
        time.sleep(0.005)


def kill_group(leader: int) -> None:
    """Kill every process of the group, if there is any left. The group's number cannot be reused while it has members."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def last_lines(log: Path, start: int = 0, most: int = 8) -> str:
    """The end of a log, from byte ``start`` on: what a failed start has to say."""
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        file.seek(start)
        return "\n".join(file.read(1 << 20).decode("utf-8", "replace").splitlines()[-most:])
    return ""


def wait_until_gone(pids: Sequence[int], seconds: float) -> list[int]:
    """Those of ``pids`` that still exist after at most ``seconds``. What is dead and was not asked for yet does not."""
    deadline = time.monotonic() + seconds
    left = list(pids)
    while True:
        left = [pid for pid in left if _exists(pid)]
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(0.01)


def end_leftovers(mark: str) -> int:
    """End every process that was started with this ``mark`` and lives on; answers how many there were.

    Only for the holder of the lock on what the mark names: to it, they are surely left over from somebody killed.
    """
    found = [process for process in psutil.process_iter() if mark_of(process) == mark]
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in psutil.wait_procs(found, timeout=5.0)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, timeout=5.0)
    return len(found)


def wait_until_named(process: psutil.Process) -> None:
    """Wait until a process that is just becoming another program shows its command line and its environment.

    Linux takes the old program's away before the new one's are in place, and has nothing to show meanwhile; on a busy
    machine that was 22 ms. A kernel's own thread never has any, and has no program either.
    """
    deadline = time.monotonic() + EXEC_SECONDS
    with contextlib.suppress(psutil.Error, OSError):  # somebody else's, or gone
        while not process.cmdline() and process.exe() and time.monotonic() < deadline:
            time.sleep(0.01)


def mark_of(process: psutil.Process) -> str | None:
    """The mark a process was started with; None for ourselves, and for one that has none or that is not ours to ask."""
    try:
        if process.pid == os.getpid():
            return None
        wait_until_named(process)
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def _exists(pid: int) -> bool:
    """A zombie does not count: nothing is left of it but its number, until its parent asks."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
