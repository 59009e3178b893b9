"""Where an embedded server keeps its files, and whom it runs as.

PostgreSQL refuses to run as root. Started by root, servers therefore run as an unprivileged user, who must be able to pass
every folder on the way to the files. Nothing outside the home folder is ever changed to make that so: a folder that blocks
is named, or, for a home nobody chose, the files go to a folder under ``/var/lib/crisis``.
"""

import hashlib
import os
import pwd
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crisis.errors import Unready

FALLBACK = Path("/var/lib/crisis")
USERS = ("crisis", "nobody")
"""Whom root's servers run as: the first that this machine knows."""


@dataclass(frozen=True, slots=True)
class User:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def unprivileged() -> User | None:
    """Whom servers run as when root starts them; ``None`` when we are not root and they run as ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in USERS:
        if name in known:
            return User(name, known[name].pw_uid, known[name].pw_gid)
    raise Unready(
        "Started by root, and PostgreSQL refuses to run as root; this machine has no user named "
        f"{' or '.join(USERS)} to run it as. Create one (useradd --system crisis), or start as an ordinary user."
    )


def may(user: User, path: Path, read: bool = False) -> bool:  # noqa: FBT001, FBT002 - pass, or pass and read
    """Whether ``user`` may pass this folder (or run this file), by its mode bits; with ``read``, only read it."""
    info = path.stat()
    shift = 6 if info.st_uid == user.uid else 3 if info.st_gid == user.gid else 0
    return bool(info.st_mode >> shift & (4 if read else 1))


def blocking(path: Path, user: User) -> Path | None:
    """The first folder on the way to ``path``, itself included, that ``user`` may not pass."""
    path = path.resolve()
    return next((folder for folder in (*reversed(path.parents), path) if not may(user, folder)), None)


@dataclass(frozen=True, slots=True)
class Place:
    """``root`` holds the servers' files; ``user`` runs them (``None``: ourselves); ``note`` is worth telling a person."""

    root: Path
    user: User | None
    note: str | None = None

    @classmethod
    def find(cls, home: Path, fallback: Path | None = None) -> "Place":
        """The place for ``home``, which is created (0700) if need be.

        ``fallback`` is where to go when the servers' user cannot reach a home that nobody chose; without it that is an
        :class:`Unready` naming the folder that blocks.
        """
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = home.resolve()
        user = unprivileged()
        if user is None:
            return cls(home, None)
        blocker = blocking(home.parent, user)
        if blocker is None:
            _admit(home, user)
            return cls(home, user)
        if fallback is None:
            raise Unready(
                f"Started by root, so PostgreSQL runs as the user {user.name}, who may not pass {blocker} on the way to "
                f"{home}. Choose a CRISIS_HOME that every user can reach, for instance /var/lib/crisis, or start as an "
                f"ordinary user. (Nothing outside the home is changed for you.)"
            )
        fallback.mkdir(mode=0o755, parents=True, exist_ok=True)
        root = fallback.resolve() / hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        root.mkdir(mode=0o700, exist_ok=True)
        if (blocker := blocking(root.parent, user)) is not None:
            raise Unready(f"The user {user.name} may pass neither {home} nor {blocker}. Choose another CRISIS_HOME.")
        _admit(root, user)
        note = f"PostgreSQL's data is in {root}: it runs as {user.name}, who cannot reach {home}."
        return cls(root, user, note)

    def folder(self, name: str) -> Path:
        """A folder in the place, 0700 and the servers' user's own."""
        path = self.root / name
        if not path.exists():
            path.mkdir(mode=0o700)
            if self.user:
                os.chown(path, self.user.uid, self.user.gid, follow_symlinks=False)
        return path

    def programs(self, trees: Sequence[Path], base: Path, name: str, version: str) -> Path:
        """Where the server's user can run ``trees``, which lie under ``base``: ``base`` itself, or a copy in the place.

        The copy is made once per ``version`` and belongs to root, so that a server cannot change its own programs.
        """
        if self.user is None or (
            blocking(base, self.user) is None and all(_open_to(self.user, tree) for tree in trees)
        ):
            return base
        target = self.root / name
        stamp = target / "VERSION"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == version:
            return target
        making = self.root / f"{name}.new"
        for old in (making, target):
            shutil.rmtree(old, ignore_errors=True)
        making.mkdir(mode=0o755)
        for tree in trees:
            shutil.copytree(
                tree, making / tree.relative_to(base), ignore=shutil.ignore_patterns("*.a", "include", "pgxs")
            )
        for path in (making, *making.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        (making / "VERSION").write_text(version, encoding="utf-8")
        return making.rename(target)


def _admit(folder: Path, user: User) -> None:
    """Let ``user`` pass our own folder, and nobody else who could not before."""
    if not may(user, folder):
        os.chown(folder, -1, user.gid)
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXGRP)


def _open_to(user: User, tree: Path) -> bool:
    return all(
        may(user, path, read=True) and (not path.is_dir() or may(user, path)) for path in (tree, *tree.rglob("*"))
    )
