"""The sandbox as its own process, for tests: started on a free port, scripted and asked over HTTP."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from crisis.embedded.port import free_port

ACCOUNT_SID = "ACsandbox00000000000000000000000000"
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0


class SandboxServer:
    """A running sandbox. ``journal`` makes its records survive :meth:`kill` and :meth:`start`."""

    def __init__(
        self, token: str = "sandbox-token", *, journal: Path | None = None, port: int | None = None, **environment: str
    ) -> None:
        self.token = token
        self.account_sid = ACCOUNT_SID
        self.port = port or free_port()
        self._environment = {**os.environ, "CRISIS_SANDBOX_TOKEN": token, "PYTHONPATH": str(ROOT), **environment}
        if journal is not None:
            self._environment["CRISIS_SANDBOX_JOURNAL"] = str(journal)
        self._session = requests.Session()
        self._session.trust_env = False
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Base address; the providers are under ``/graph``, ``/x``, ``/twilio`` and ``/wp``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """``host:port``, as transports that refuse other hosts want it."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process to send signals to."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, again after :meth:`kill`, and wait until it answers."""
        command = [sys.executable, "-m", "uvicorn", "--factory", "adapters.sandbox.app:create_app"]
        command += ["--port", str(self.port), "--log-level", "warning", "--timeout-graceful-shutdown", "1"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._session.get(f"{self.url}/sandbox/health", timeout=2).raise_for_status()
            except requests.RequestException as error:
                code = self._process.poll()
                if code is not None or time.monotonic() > deadline:
                    self.stop()
                    why = f"ended with {code}" if code is not None else f"did not answer for {START_SECONDS:.0f} s"
                    raise RuntimeError(f"the sandbox did not start on {self.url}: it {why}") from error
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it, by force if it takes more than a few seconds."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._session.close()

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        response = self._session.request(method, f"{self.url}/sandbox/{path}", timeout=10, **more)
        if not response.ok:
            raise ValueError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json()

    def fault(self, provider: str, kind: str, **more: Any) -> dict[str, Any]:
        """Script a fault: ``times``, ``share``, ``seed``, ``seconds``, ``match``, ``status``, ``code``, ``copies``."""
        scripted: dict[str, Any] = self._ask("POST", "faults", json={"provider": provider, "kind": kind, **more})
        return scripted

    def faults(self) -> list[dict[str, Any]]:
        """Faults in force, each with how often it hit."""
        found: list[dict[str, Any]] = self._ask("GET", "faults")["faults"]
        return found

    def records(
        self, provider: str | None = None, verb: str | None = None, after: int = -1, limit: int = 1_000_000
    ) -> list[dict[str, Any]]:
        """What was accepted, oldest first."""
        wanted = {"provider": provider, "verb": verb, "after": after, "limit": limit}
        found: list[dict[str, Any]] = self._ask("GET", "records", params=wanted)["records"]
        return found

    def counts(self) -> dict[str, Any]:
        """Figures per provider, and of the callbacks."""
        found: dict[str, Any] = self._ask("GET", "counts")
        return found

    def requests(self, provider: str | None = None, limit: int = 2000) -> list[dict[str, Any]]:
        """The last requests as they came, oldest first."""
        found: list[dict[str, Any]] = self._ask("GET", "requests", params={"provider": provider, "limit": limit})[
            "requests"
        ]
        return found

    def callbacks(self) -> list[dict[str, Any]]:
        """How the last callbacks ended."""
        found: list[dict[str, Any]] = self._ask("GET", "callbacks")["callbacks"]
        return found

    def scene(self, provider: str, **so: Any) -> None:
        """What is so there: ``skew_seconds``, ``is_lying``, ``gone``; what is not named is as it should be."""
        self._ask("PUT", f"scenes/{provider}", json=so)

    def foreign(self, key: str, provider: str, account: str, text: str, **more: Any) -> str:
        """A post behind our back; its reference."""
        post = {"provider": provider, "account": account, "text": text, **more}
        return str(self._ask("PUT", f"posts/{key}", json=post)["reference"])

    def set_rights(self, provider: str, account: str, rights: Any) -> None:
        """Let exactly these have rights there."""
        self._ask("PUT", f"rights/{provider}/{account}", json=rights)

    def rights(self, provider: str, account: str) -> Any:
        """Who has rights there now."""
        return self._ask("GET", f"rights/{provider}/{account}")["rights"]

    def mend(self) -> None:
        """Behave, and forget nothing."""
        self._ask("DELETE", "faults")

    def clear(self) -> None:
        """Behave, and forget everything."""
        self.mend()
        self._ask("DELETE", "records")
