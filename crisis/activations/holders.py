"""Holders: which process holds a permit, whether it still lives, and how to end it.

A permit may be taken from its holder on one ground only: proof that the process is dead. Proof needs the same host, the same
boot and the same process namespace as ours, and the pid gone or started at another time. For a holder elsewhere there is no
proof, however long it has been silent.
"""

import asyncio
import os
import signal
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_POLL = 0.005  # seconds


@cache
def this_host() -> str:
    """Name, boot id and process namespace: two processes that share these can see each other's pids."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:  # not Linux: nothing can be proved here, so nobody shares a host with us
        return f"{socket.gethostname()} {os.getpid()}"
    return f"{socket.gethostname()} {boot} {namespace}"


def started(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; ``None`` if there is no such process, or only its corpse."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold anything; fields count from behind it (proc(5): state is field 3, starttime 22).
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that may hold permits."""

    host: str
    pid: int
    pid_started: int

    @classmethod
    def this_process(cls) -> "Holder":
        """Ourselves. Ask again after a fork."""
        pid = os.getpid()
        return cls(this_host(), pid, started(pid) or 0)

    @property
    def host_name(self) -> str:
        """The part of ``host`` that a person knows it by."""
        return self.host.partition(" ")[0]

    def is_here(self) -> bool:
        """Could we see it if it lived?"""
        return self.host == this_host()

    def is_dead(self) -> bool:
        """It is proved dead: it would be visible from here, and it is not there."""
        return self.is_here() and started(self.pid) != self.pid_started

    async def kill(self, patience: float = 5.0) -> bool:
        """End it with SIGKILL and wait up to ``patience`` seconds; return whether it is proved dead.

        Refused (``False``) for holders elsewhere, for ourselves, and where the system does not let us.
        """
        if self.is_dead():
            return True
        if not self.is_here() or self.pid == os.getpid():
            return False
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        deadline = asyncio.get_running_loop().time() + patience
        while not self.is_dead() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - no event tells of another process's death
            await asyncio.sleep(_POLL)
        return self.is_dead()
