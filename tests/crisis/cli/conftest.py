"""The command line as it is typed: the whole of it in this process, on the tests' database, its output caught."""

import asyncio
import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from crisis.cli.app import main
from crisis.settings import Settings


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Its output without the line breaks of the window."""
        return " ".join(self.out.split())

    @property
    def complained(self) -> str:
        """Its complaint, in the same way."""
        return " ".join(self.err.split())

    def line(self, *words: str) -> str:
        """The line with all these words in it; nothing where there is none."""
        return next((line for line in self.out.splitlines() if all(word in line for word in words)), "")


def put(path: Path, content: str) -> Path:
    """A file with this in it."""
    path.write_text(content, encoding="utf-8")
    return path


class Shell:
    """Types commands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    async def __call__(self, *words: str, stdin: str = "") -> Ran:
        """``crisis WORDS`` in a thread, which has an event loop of its own as a process would."""
        self._monkeypatch.setattr(sys, "argv", ["crisis", *words])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        return await asyncio.to_thread(_run)

    def set(self, name: str, value: object) -> None:
        """Another value of a setting."""
        self._monkeypatch.setenv(f"CRISIS_{name.upper()}", _plain(value))

    def unset(self, name: str) -> None:
        """A setting nobody gave."""
        self._monkeypatch.delenv(f"CRISIS_{name.upper()}", raising=False)


@pytest.fixture
def shell(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Types commands with the tests' settings in the environment; without a broker, so that nothing waits for one."""
    typed = Shell(monkeypatch)
    for name in settings.model_fields_set - {"redis_url"}:
        typed.set(name, getattr(settings, name))
    return typed


def _run() -> Ran:
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    return Ran(code if isinstance(code, int) else int(bool(code)), out.getvalue(), err.getvalue())


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
