"""The thread that looks after everything ``crisis up`` started, several times a second."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from crisis.errors import CrisisError

ROUND = 0.25  # seconds between looks
RETRY = 5.0  # seconds after a server that would not start again


class Server(Protocol):
    """PostgreSQL or Valkey."""

    @property
    def pid(self) -> int | None: ...

    def start(self) -> str: ...


class Tender:
    """Starts again what died, and says so.

    The thread outlives its work: what it started is told by the kernel when it ends (``launch.py``). So :meth:`pause` it
    before stopping things in their order, and let it :meth:`leave` afterwards.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._servers: dict[str, Server] = {}
        self._not_before: dict[str, float] = {}
        self._rounds: list[Callable[[], None]] = []
        self._pausing, self._paused, self._leaving = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="tender", daemon=True)

    def keep(self, name: str, server: Server) -> None:
        """Keep this server running; it is at its old address again after a restart."""
        self._servers[name] = server

    def watch(self, one_round: Callable[[], None]) -> None:
        """Do this in every round too."""
        self._rounds.append(one_round)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def pause(self) -> None:
        """Look no more, and come back when the round under way is done. Final."""
        self._pausing.set()
        if self._thread.is_alive():
            self._paused.wait()

    def leave(self) -> None:
        """End the thread; everything it started must have been stopped by now."""
        self.pause()
        self._leaving.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._pausing.wait(ROUND):
            for one_round in (self._keep_servers, *self._rounds):
                try:
                    one_round()
                except Exception as problem:  # noqa: BLE001 - nobody else looks after the children; say it and go on
                    self._say(f"Looking after the processes failed, and goes on: {problem!r}")
        self._paused.set()
        self._leaving.wait()

    def _keep_servers(self) -> None:
        for name, server in self._servers.items():
            if server.pid is not None or time.monotonic() < self._not_before.get(name, 0.0):
                continue
            self._say(f"{name} ended; starting it again.")
            try:
                server.start()
            except CrisisError as problem:
                self._not_before[name] = time.monotonic() + RETRY
                self._say(f"{name} did not start again; next try in {RETRY:.0f} s. {problem}")
