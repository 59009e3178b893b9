"""The commands: each is found by its own modules alone, and none is left out."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from crisis import cli
from crisis.cli.app import app
from crisis.cli.commands import COMMANDS
from tests.crisis.cli.conftest import Shell

FOLDER = Path(cli.__path__[0])
IMPORTED = """
import sys
import typer
from crisis.cli.app import app
typer.main.get_command(app).get_command(None, sys.argv[1])
print(*sys.modules)
"""


def bring_commands() -> set[str]:
    """The modules of the folder that have something to register."""
    return {
        path.stem
        for path in FOLDER.glob("*.py")
        if any(
            isinstance(each, ast.FunctionDef) and each.name == "register" for each in ast.parse(path.read_text()).body
        )
    }


def test_no_module_that_brings_a_command_is_left_out() -> None:
    assert bring_commands() == {module for modules in COMMANDS.values() for module in modules}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_brought_by_the_modules_that_are_said_to_bring_it(name: str) -> None:
    found = typer.main.get_command(app).get_command(None, name)
    assert (found.name, bool(found.help)) == (name, True)


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("standby", ["rich.table", "crisis.drills.service", "typst"]),
        ("up", ["sqlalchemy", "celery"]),
        ("activate", ["twitter_text"]),
    ],
)
def test_a_command_imports_what_it_needs_and_no_more(name: str, without: list[str]) -> None:
    assert all(map(find_spec, without))
    done = subprocess.run([sys.executable, "-c", IMPORTED, name], capture_output=True, text=True, check=True)
    assert not set(without) & set(done.stdout.split())


async def test_a_word_that_is_none_is_answered_with_one_that_is(shell: Shell) -> None:
    answered = await shell("staus")
    assert (answered.code, "Did you mean 'status'" in answered.complained) == (2, True)


async def test_the_help_page_has_them_all_in_order(shell: Shell) -> None:
    said = (await shell("--help")).out.partition("Commands:")[2]
    assert [line.split()[0] for line in said.splitlines() if line.strip()] == list(COMMANDS)
