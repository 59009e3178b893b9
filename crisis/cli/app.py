"""The root of the command line, and how it speaks when something goes wrong."""

import sys

from pydantic import ValidationError
from rich.console import Console

from crisis.cli.commands import Commands, root
from crisis.errors import CrisisError

app = root(
    name="crisis",
    cls=Commands,
    help="Crisis communication for municipalities: lock every account, send one message, track every delivery.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals hold people's numbers and our keys
)


@app.callback()
def _with_a_command() -> None:
    """For Typer, which takes an application without commands of its own only where there is something to call."""


def main() -> None:
    """Run the command line. Our own errors are one red paragraph and exit code 1, never a traceback."""
    try:
        app()
    except ValidationError as problem:
        fail(settings_problem(problem))
    except CrisisError as problem:
        fail(str(problem))


def fail(text: str) -> None:
    """Say what went wrong on standard error, and exit with 1."""
    Console(stderr=True).print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(1)


def settings_problem(problem: ValidationError) -> str:
    """The faults of the settings as sentences that name the variable. The values stay unsaid: they may be secrets."""
    faults = (
        f"CRISIS_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg'].removeprefix('Value error, ')}."
        for fault in problem.errors(include_input=False, include_url=False)
    )
    return "The settings cannot be used.\n" + "\n".join(faults)
