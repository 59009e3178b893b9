"""``crisis up`` and the long-lived processes it consists of, each also by itself, for other machines and containers."""

import asyncio
import os
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crisis.embedded import commands, environment
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings

HomeOption = Annotated[Path | None, typer.Option(help="The home folder. [default: CRISIS_HOME, or ./var]")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (up, api, worker, standby, beat, conductor, sandbox, migrate):
        app.command()(command)


def up(
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Then show a whole crisis in a fictive municipality.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The API's port, or the next free one.")] = 8000,
    home: HomeOption = None,
) -> None:
    """Start everything on this machine, and stop it again on Ctrl-C."""
    from crisis.embedded.up import run_up  # noqa: PLC0415 - loads the database's and the broker's libraries

    console = Console()

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    shown = import_module("crisis.demo") if demo else None
    show, staging = (shown.run, shown.environment) if shown else (None, None)
    raise typer.Exit(run_up(lambda: read(home), say, demo=show, staging=staging, port=port))


def api(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    home: HomeOption = None,
) -> None:
    """Answer over HTTP. Run one or more, behind something that speaks TLS."""
    become(commands.api(host, port), environment.for_actual(os.environ, read(home)))


def worker(
    *,
    mode: Annotated[Mode | None, typer.Option(help="What to serve. [default: CRISIS_WORKER_MODE, or exercise]")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Processes.")] = 4,
    queues: Annotated[list[Lane] | None, typer.Option(help="Lanes to serve; may be repeated. [default: all]")] = None,
    home: HomeOption = None,
) -> None:
    """Send what is due, in one mode. An exercise worker drops every provider secret and key before it begins."""
    settings = read(home)
    if mode is None and not settings.is_mode_said:
        typer.echo(
            "No mode was said, or one that there is none of (CRISIS_WORKER_MODE). This worker serves exercises, and nothing real goes "
            "out by it. For what is real: crisis worker --mode actual",
            err=True,
        )
    mode = mode or settings.worker_mode
    env = environment.for_actual if mode is Mode.ACTUAL else environment.for_exercise
    become(commands.worker(mode, concurrency, queues or list(Lane), settings.log_level), env(os.environ, settings))


def standby(
    *,
    mode: Annotated[Mode | None, typer.Option(help="What to watch. [default: CRISIS_WORKER_MODE, or exercise]")] = None,
    home: HomeOption = None,
) -> None:
    """Do a mode's work while broker, beat or workers are away. A worker starts its own."""
    from crisis.standby import stand_by  # noqa: PLC0415 - loads the engine and the adapters

    settings = read(home)
    settings = settings.model_copy(update={"worker_mode": mode or settings.worker_mode})
    if settings.worker_mode is Mode.EXERCISE:
        settings = settings.without_secrets()
    asyncio.run(stand_by(settings))


def beat(*, home: HomeOption = None) -> None:
    """Ring for the sweeps. Run it once."""
    settings = read(home)
    become(commands.beat(_run_folder(settings)), environment.for_exercise(os.environ, settings))


def conductor(*, home: HomeOption = None) -> None:
    """Make drills go. Run one, or several for safety: one at a time does something. It drops every secret before it begins."""
    settings = read(home)
    become(commands.conductor(_run_folder(settings)), environment.for_exercise(os.environ, settings))


def sandbox(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8090,
    home: HomeOption = None,
) -> None:
    """Stand in for the providers, for drills and demos."""
    become(commands.sandbox(host, port), environment.for_sandbox(os.environ, read(home)))


def migrate(*, home: HomeOption = None) -> None:
    """Bring the database to this version's schema."""
    from crisis import db  # noqa: PLC0415 - loads SQLAlchemy
    from crisis.errors import Unready  # noqa: PLC0415

    url = read(home).database_url
    if url is None:
        raise Unready("No database is known. Set CRISIS_DATABASE_URL, or start one here with: crisis up")
    db.migrate(url.get_secret_value())


def read(home: Path | None) -> Settings:
    """The settings, of this home where one was named."""
    return Settings() if home is None else Settings(home=home)


def _run_folder(settings: Settings) -> Path:
    """Where a process leaves signs of its work."""
    folder = settings.home / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def become(command: list[str], env: dict[str, str]) -> None:
    """Turn into another program, in place: signals, pid and exit code are its own."""
    os.execve(command[0], command, env)  # noqa: S606 - there is no shell, and that is right
