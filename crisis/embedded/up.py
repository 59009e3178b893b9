"""``crisis up``: everything one machine needs, started in order and stopped in the opposite one.

PostgreSQL and Valkey (each only where its address is not set), the migrations, the sandbox, a worker for each mode, beat,
the conductor of drills, and the API. The children end first, the broker and the database last.
"""

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Any, Self

from pydantic import SecretStr

from crisis.db import migrate
from crisis.embedded import commands, environment
from crisis.embedded.child import end_leftovers
from crisis.embedded.home import Home
from crisis.embedded.place import FALLBACK
from crisis.embedded.port import free_port
from crisis.embedded.postgres import Postgres
from crisis.embedded.readiness import listens, works
from crisis.embedded.supervisor import Child, Supervisor
from crisis.embedded.tender import Tender
from crisis.embedded.valkey import Valkey
from crisis.mode import Mode
from crisis.settings import Settings

Staging = Callable[[str, str, str], dict[str, str]]
"""The sandbox's address, its token and the API's address to a set of ``CRISIS_`` variables."""

PORT = 8000
_FIRST_USER = "/  (the first user: crisis users add)"
CONCURRENCY = {Mode.ACTUAL: 4, Mode.EXERCISE: 2}
"""Processes per worker: one may be busy with a long fan-out while another takes the public posts."""
SANDBOX_LAST = 1  # the wave of the sandbox: what the workers still have in flight ends there


def run_up(
    read: Callable[[], Settings],
    say: Callable[[str], None],
    *,
    demo: Callable[[Settings], int] | None = None,
    staging: Staging | None = None,
    port: int = PORT,
) -> int:
    """Bring everything up, run ``demo`` if there is one, and stay until Ctrl-C or SIGTERM. Answers the exit code.

    ``read`` reads the settings; it is asked again once the home is ours, when what a killed ``crisis up`` left there is
    gone. ``staging`` is what the demo's processes need in their environment beside what everyone has; whoever works on the
    same home meanwhile finds it in the home. ``say`` shows a line to the person at the terminal. Raises a :class:`~crisis.errors.CrisisError` when something
    does not come up; what was started by then is stopped again.
    """
    result = 0
    with _Stopping() as stopping, ExitStack() as stack:
        try:
            settings = _bring_up(read, say, stack, port, staging)
            result = demo(settings) if demo else 0
            say(_addresses(settings, entrance="/demo  (go in as anybody)" if demo else _FIRST_USER))
            stopping.wait()
        except _Stopped:
            say("Stopping...")
        finally:
            stopping.begin()
    say("Everything has stopped.")
    return result


def _bring_up(
    read: Callable[[], Settings], say: Callable[[str], None], stack: ExitStack, port: int, staging: Staging | None
) -> Settings:
    """Start it all, registering on ``stack`` how to stop each; answers the settings with every address filled in."""
    home = stack.enter_context(Home(read().home))
    mark = str(home.path)
    if ended := end_leftovers(mark):
        say(f"Ended {ended} processes that an earlier crisis up, killed, had left behind.")
    stack.callback(end_leftovers, mark)  # whatever was just being started when somebody asked us to stop
    settings = read()
    tender = Tender(say)
    stack.callback(tender.leave)
    settings = _services(settings, home, say, stack, tender)
    migrate(_plain(settings.database_url))

    api_port = free_port(port)
    if port != api_port:
        say(f"Port {port} is taken; the API uses {api_port}.")
    if "public_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{api_port}"})
    if settings.crisis_page_url is None:
        settings = settings.model_copy(update={"crisis_page_url": f"{settings.public_url}/crisis-page/"})
    supervisor = Supervisor(home.logs, mark, say)
    stack.callback(supervisor.stop)
    stack.callback(tender.pause)
    settings = _sandbox(settings, supervisor)
    stage = staging(settings.sandbox_url or "", _plain(settings.sandbox_token), settings.public_url) if staging else {}
    given = os.environ | stage
    actual, exercise = environment.for_actual(given, settings), environment.for_exercise(given, settings)
    level = settings.log_level
    for child in (
        Child("worker-actual", commands.worker(Mode.ACTUAL, CONCURRENCY[Mode.ACTUAL], level=level), actual),
        Child("worker-exercise", commands.worker(Mode.EXERCISE, CONCURRENCY[Mode.EXERCISE], level=level), exercise),
        Child("beat", commands.beat(home.path / "run"), exercise),
        Child("conductor", commands.conductor(home.path / "run"), exercise),
        Child("api", commands.api("127.0.0.1", api_port), actual),
    ):
        supervisor.start(child)
    supervisor.wait_until("api", lambda: listens(api_port))
    supervisor.wait_until("worker-actual", lambda: works(settings, Mode.ACTUAL))
    supervisor.wait_until("worker-exercise", lambda: works(settings, Mode.EXERCISE))
    tender.watch(supervisor.tend)
    staged = {name.removeprefix(environment.PREFIX).lower(): value for name, value in stage.items()}
    home.announce(_announcement(settings, f"http://127.0.0.1:{api_port}") | staged)
    return read() if staged else settings


def _services(settings: Settings, home: Home, say: Callable[[str], None], stack: ExitStack, tender: Tender) -> Settings:
    """PostgreSQL and Valkey, each where nobody named one."""
    fallback = None if "home" in settings.model_fields_set else FALLBACK
    if settings.database_url is None:
        postgres = Postgres(home.path, fallback)
        stack.callback(postgres.stop)
        settings = settings.model_copy(update={"database_url": SecretStr(postgres.start())})
        tender.keep("PostgreSQL", postgres)
        if postgres.note:
            say(postgres.note)
    if settings.redis_url is None:
        valkey = Valkey(home.path, fallback)
        stack.callback(valkey.stop)
        settings = settings.model_copy(update={"redis_url": SecretStr(valkey.start())})
        tender.keep("Valkey", valkey)
    tender.start()
    return settings


def _sandbox(settings: Settings, supervisor: Supervisor) -> Settings:
    if settings.sandbox_url is not None:
        return settings
    port = free_port()
    settings = settings.model_copy(update={"sandbox_url": f"http://127.0.0.1:{port}"})
    env = environment.for_sandbox(os.environ, settings)
    env["CRISIS_SANDBOX_PAGE_URL"] = f"{settings.public_url}/crisis-page/"
    supervisor.start(Child("sandbox", commands.sandbox("127.0.0.1", port), env, wave=SANDBOX_LAST))
    supervisor.wait_until("sandbox", lambda: listens(port))
    return settings


def _announcement(settings: Settings, api_url: str) -> dict[str, str]:
    return {
        "database_url": _plain(settings.database_url),
        "redis_url": _plain(settings.redis_url),
        "sandbox_url": settings.sandbox_url or "",
        "public_url": settings.public_url,
        "crisis_page_url": settings.crisis_page_url or "",
        "api_url": api_url,
    }


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _addresses(settings: Settings, *, entrance: str) -> str:
    return "\n".join(
        (
            "",
            "Everything is running.",
            f"  Desk          {settings.public_url}{entrance}",
            f"  API           {settings.public_url}/openapi.json",
            f"  Sandbox       {settings.sandbox_url}/  (what the stand-ins for Facebook, X and the phones show)",
            f"  Crisis page   {settings.public_url}/crisis-page/  (files in {settings.crisis_page_dir})",
            f"  Logs          {settings.home / 'log'}",
            "Ctrl-C stops it all.",
        )
    )


class _Stopped(BaseException):
    """Somebody asked us to stop."""


class _Stopping:
    """Turns the first SIGINT, SIGTERM or SIGHUP into :class:`_Stopped`; the ones after it change nothing."""

    def __init__(self) -> None:
        self._begun = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup wants it ignored
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def wait(self) -> None:
        """Stay here until somebody asks."""
        while True:
            signal.pause()

    def begin(self) -> None:
        """Whatever comes from now on, we are stopping already."""
        self._begun = True

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is Python's
        if not self._begun:
            self._begun = True
            raise _Stopped
