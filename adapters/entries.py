"""The crisis page's memory: one small JSON file per message and language, under the public folder itself.

So the page can be rebuilt without a database. Beside them one file says which threads are over. All writes are atomic, made under one lock that
holds between processes; a reader needs no lock and never sees half a file.
"""

import fcntl
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import orjson

from adapters.cap import described
from adapters.entry import Entry
from adapters.public_folder import write_atomically

log = logging.getLogger(__name__)

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_POLL_SECONDS = 0.005


class Entries:
    """The folder of entries: ``<folder>/<language>/<key>.json``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._over = folder / "over.json"
        self._parsed: dict[Path, tuple[tuple[int, int, int], Entry]] = {}

    @contextmanager
    def lock(self, seconds: float) -> Iterator[None]:
        """Hold the folder against every other process and thread. Raises ``TimeoutError`` after ``seconds``."""
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.parent.chmod(0o755)  # whatever the umask: a web server reads it as another user
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            give_up = time.monotonic() + seconds
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= give_up:
                        raise TimeoutError from None
                    time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(handle)

    def find(self, language: str, key: str) -> Entry | None:
        """The entry, if it is there. Raises ``ValueError`` for names that could not be ours and for a broken file."""
        try:
            return _read(self.path(language, key))
        except FileNotFoundError:
            return None

    def put(self, entry: Entry) -> None:
        """Write or replace it. Call under the lock."""
        path = self.path(entry.language, entry.key)
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, orjson.dumps(asdict(entry), option=orjson.OPT_INDENT_2))

    def remove(self, language: str, key: str) -> None:
        """Take it away; what is already gone stays gone. Call under the lock."""
        self.path(language, key).unlink(missing_ok=True)

    def all(self) -> list[Entry]:
        """Every entry that can be read. A broken one is logged and left out: it must not stop the next message."""
        found = []
        for path in self.folder.glob("*/*.json"):
            try:
                found.append(self._read(path))
            except FileNotFoundError:
                continue
            except ValueError as error:
                log.error("%s cannot be read and is left off the crisis page: %s", path, error)  # noqa: TRY400
        return found

    def _read(self, path: Path) -> Entry:
        """An entry, parsed once for as long as its file is the same one: they are replaced whole, never changed."""
        seen = path.stat()
        version = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        kept = self._parsed.get(path)
        if kept is None or kept[0] != version:
            self._parsed[path] = kept = (version, _read(path))
        return kept[1]

    def over(self) -> dict[str, datetime]:
        """Threads that are over, and since when. What cannot be read says of none that it is."""
        try:
            return {thread: datetime.fromisoformat(at) for thread, at in orjson.loads(self._over.read_bytes()).items()}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            log.error("%s cannot be read, so no crisis counts as over: %s", self._over, error)  # noqa: TRY400
            return {}

    def end(self, over: Mapping[str, datetime]) -> None:
        """Note which threads are over. Call under the lock."""
        write_atomically(self._over, orjson.dumps(dict(over), option=orjson.OPT_INDENT_2))

    def languages(self) -> list[str]:
        """Languages that ever had an entry here."""
        return sorted(path.name for path in self.folder.glob("*/") if _LANGUAGE.fullmatch(path.name))

    def path(self, language: str, key: str) -> Path:
        """Where the entry is kept. Raises ``ValueError`` when either could leave the folder."""
        if not (_LANGUAGE.fullmatch(language) and _KEY.fullmatch(key)):
            raise ValueError(f"not the name of an entry: {language}/{key}")
        return self.folder / language / f"{key}.json"


def _read(path: Path) -> Entry:
    held = orjson.loads(path.read_bytes())
    try:
        for name in ("issued_at", "next_update_at", "edited_at"):
            held[name] = held[name] and datetime.fromisoformat(held[name])
        cap = held.get("cap")
        return Entry(**(held | {"replaces": tuple(held.get("replaces", ())), "cap": cap and described(cap)}))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not an entry: {error}") from error
