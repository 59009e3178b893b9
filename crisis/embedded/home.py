"""The home folder: one ``crisis up`` at a time, the keys made once, and where the running services are.

``crisis.settings`` reads the two files written here, so that every other command finds what is running.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crisis.embedded.lock import Lock
from crisis.errors import Unready

KEYS = {"numbers_key": 32, "credentials_key": 32, "sandbox_token": 32}
"""Made by the first ``crisis up``, in bytes. The first two open what is sealed in the database."""


class Home:
    """A home folder, 0700, held for as long as this object is open."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock = Lock(self.path / "lock", f"The home folder {self.path}")

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def logs(self) -> Path:
        """Every process that ``crisis up`` starts writes its log here."""
        return self.path / "log"

    @property
    def exercise(self) -> Path:
        """The home of the exercise worker, where no key lies."""
        return self.path / "exercise"

    def open(self) -> None:
        """Create what is missing and take the lock; raises :class:`~crisis.embedded.lock.Held` naming who has it.

        What a killed ``crisis up`` said about its services is removed: it is not true any more.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
            for folder in (self.logs, self.exercise, self._services.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            self._services.unlink(missing_ok=True)
            self._make_keys()
        except OSError as problem:
            raise Unready(
                f"The home folder {self.path} cannot be used: {problem}. Choose another CRISIS_HOME, or mend its owner."
            ) from problem

    def close(self) -> None:
        """Say no more where services are, and let go of the lock."""
        if self._lock.held:
            self._services.unlink(missing_ok=True)
            self._lock.release()

    def announce(self, services: Mapping[str, str]) -> None:
        """Tell every other command where the services are: names of settings with their values."""
        write_private(self._services, services)

    @property
    def _services(self) -> Path:
        return self.path / "run" / "services.json"

    def _make_keys(self) -> None:
        """Make the keys that are missing. One that is there is never replaced: it opens what is stored."""
        path = self.path / "keys.json"
        try:
            keys = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        except ValueError as problem:
            raise Unready(
                f"{path} cannot be read ({problem}). It holds the keys to what is sealed in the database: put it back "
                f"from a copy. Only for an empty database may it be deleted, and made anew."
            ) from problem
        if KEYS.keys() - keys.keys():
            write_private(path, {name: secrets.token_hex(size) for name, size in KEYS.items()} | keys)


def write_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that only we may read (0600), whole or not at all."""
    making = path.with_name(f"{path.name}.new")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(dict(content), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    making.replace(path)
