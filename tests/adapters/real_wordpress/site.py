"""A real WordPress of one's own: Debian's WordPress on a private MariaDB and PHP's own web server, all in one folder.

Nothing of the machine's own is changed or used: no service, no port but one of loopback's, no file outside the folder. It is there in
some five seconds. What it needs is Debian's: ``apt-get install --no-install-recommends`` with :data:`PACKAGES`.
"""

import json
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import pytest
import requests

from crisis.embedded.child import end, last_lines, launched, spawn
from crisis.embedded.place import User, unprivileged
from crisis.embedded.port import free_port

PACKAGES = tuple(Path(__file__).with_name("packages.txt").read_text(encoding="ascii").split())
DOCUMENTS = Path("/usr/share/wordpress")
THEME = DOCUMENTS / "wp-content" / "themes" / "twentytwentythree"
PROGRAMS = ("mariadb-install-db", "mariadbd", "mariadb", "php")
INSTALL = Path(__file__).with_name("install.php")
START_SECONDS = 30.0
CARELESS = (
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=32M",
)
"""A database that nobody needs after the test waits for no disk."""

USERS: dict[str, dict[str, Any]] = {
    "sjef": {"name": "Nettstedets administrator", "roles": ["administrator"]},
    "krise": {"name": "Krisetjenesten", "roles": ["author"]},
    "bibliotek": {"name": "Bibliotekets redaktør", "roles": ["editor"], "passwords": 2},
    "skole": {"name": "Skolens redaktør", "roles": ["contributor", "author"]},
    "it": {"name": "IT-avdelingen", "roles": ["administrator"]},
    "frivillig": {"name": "Frivilligsentralen", "roles": ["subscriber"], "own": ["publish_posts", "edit_posts"]},
    "leser": {"name": "Leser", "roles": ["subscriber"]},
}
"""Who is there, and what each has."""

CONFIG = """<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'wordpress');
define('DB_PASSWORD', '{password}');
define('DB_HOST', 'localhost:{socket}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
define('WP_ENVIRONMENT_TYPE', 'local'); // else application passwords are refused over plain http
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_DEBUG', false);
{keys}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) {{ define('ABSPATH', __DIR__ . '/'); }}
require_once ABSPATH . 'wp-settings.php';
"""
KEYS = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT")  # fmt: skip


def missing() -> list[str]:
    """What a real WordPress takes and this machine lacks."""
    return [str(path) for path in (DOCUMENTS / "wp-load.php", THEME) if not path.exists()] + [
        program for program in PROGRAMS if program_of(program) is None
    ]


def need(lacks: list[str], *, is_needed: bool) -> None:
    """Go on where nothing is lacking. Else the tests are skipped, and say why; or they fail, where they must run."""
    if not lacks:
        return
    said = (
        f"There is no WordPress here ({', '.join(lacks)}): apt-get install --no-install-recommends {' '.join(PACKAGES)}"
    )
    if is_needed:
        pytest.fail(said)
    pytest.skip(said)


def program_of(name: str) -> str | None:
    """Where a program is; Debian keeps servers out of an ordinary user's path."""
    return shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")


class RealWordPress:
    """A site in a folder that every user can pass. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._user = folder, unprivileged()
        self._documents, self._data, self._scratch = folder / "site", folder / "data", folder / "scratch"
        self._socket = self._data / "db.sock"
        self.host = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.host}"
        self._servers: list[subprocess.Popen[bytes]] = []
        self._users: dict[str, Any] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End both servers at once: nothing of it is ever used again."""
        for server in reversed(self._servers):
            end(server)
        self._servers.clear()

    def id_of(self, login: str) -> int:
        """A user's id at the site."""
        return int(self._users[login]["id"])

    def password(self, login: str) -> str:
        """An application password of a user's."""
        return str(self._users[login]["passwords"][0])

    def ask(self, login: str | None, method: str, route: str, **body: Any) -> requests.Response:
        """One request to the REST API by somebody who is not us."""
        auth = (login, self.password(login)) if login else None
        query = {"rest_route": f"/wp/v2/{route}", **body.pop("query", {})}
        return requests.request(method, self.url, params=query, json=body or None, auth=auth, timeout=20)

    def php(self, code: str) -> str:
        """Run PHP inside the site, for what no REST interface does."""
        return self._run([*self._php(), "-r", f"require '{self._documents}/wp-load.php'; {code}"])

    def _start(self) -> None:
        for path in (self._data, self._scratch):
            path.mkdir()
            self._own(path)
        shutil.copytree(DOCUMENTS, self._documents, ignore_dangling_symlinks=True)
        password = self._start_database()
        keys = "\n".join(f"define('{key}', '{secrets.token_urlsafe(48)}');" for key in KEYS)
        config = self._documents / "wp-config.php"
        config.write_text(CONFIG.format(password=password, socket=self._socket, keys=keys), encoding="utf-8")
        shutil.copy(INSTALL, self._documents)
        for path in (config, self._documents / INSTALL.name):
            path.chmod(0o600)
            self._own(path)
        told = self._run(
            [*self._php(), str(self._documents / INSTALL.name), self.url], stdin=json.dumps(USERS), cwd=self._documents
        )
        self._users = json.loads(told)
        (self._documents / INSTALL.name).unlink()
        # One process, which dies with us: workers would outlive a test run that is killed.
        self._serve([*self._php(), "-S", self.host, "-t", str(self._documents)])
        self._wait("the site", lambda: requests.get(self.url, timeout=10).status_code == requests.codes.ok)

    def _start_database(self) -> str:
        shared = (
            "--no-defaults",
            f"--datadir={self._data}",
            "--innodb-log-file-size=8M",
            f"--tmpdir={self._scratch}",
        )
        install = str(program_of("mariadb-install-db"))
        self._run([install, *shared, "--auth-root-authentication-method=normal", "--skip-test-db"])
        server = str(program_of("mariadbd"))
        pid_file = f"--pid-file={self._data}/db.pid"
        self._serve([server, *shared, pid_file, f"--socket={self._socket}", "--skip-networking", *CARELESS])
        password = secrets.token_urlsafe(24)
        client = [str(program_of("mariadb")), "--no-defaults", f"--socket={self._socket}", "--user=root"]
        self._wait("the database", lambda: self._socket.exists() and bool(self._run([*client, "-e", "SELECT 1"])))
        self._run(client, stdin=f"CREATE DATABASE wordpress CHARACTER SET utf8mb4;"
                  f"CREATE USER wordpress@localhost IDENTIFIED BY '{password}';"
                  "GRANT ALL ON wordpress.* TO wordpress@localhost;")  # fmt: skip
        return password

    def _php(self) -> list[str]:
        settings = (f"sys_temp_dir={self._scratch}", "display_errors=0", "log_errors=1", "opcache.enable_cli=1")
        return [str(program_of("php")), *(part for each in settings for part in ("-d", each))]

    def _own(self, path: Path) -> None:
        if self._user is not None:
            shutil.chown(path, self._user.uid, self._user.gid)

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/bin:/usr/sbin:/bin", "HOME": str(self._folder), "LANG": "C.UTF-8"}

    def _run(self, command: list[str], *, stdin: str = "", cwd: Path = Path("/")) -> str:
        done = subprocess.run(
            launched(command, self._user, signal.SIGKILL), env=self._environment(), cwd=cwd, input=stdin, check=False,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed ({done.returncode}): {done.stderr[-2000:]} {done.stdout[-2000:]}")
        return done.stdout

    def _serve(self, command: list[str]) -> None:
        user: User | None = self._user
        log = self._folder / "servers.log"
        self._servers.append(spawn(command, env=self._environment(), log=log, user=user))

    def _wait(self, what: str, is_there: Any) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if is_there():
                    return
            except (requests.RequestException, RuntimeError):
                pass
            if self._servers[-1].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{what} did not come up:\n{last_lines(self._folder / 'servers.log', most=30)}")
            time.sleep(0.05)
