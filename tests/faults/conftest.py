"""The fault suite: processes killed, stopped, cut off and starved, providers that misbehave, and one judge of it all.

One switch, ``FAULTS=long`` (see ``size.py``): ``make test-faults`` sets it and runs the plan at length; without it, as in
``make test``, every test has a short form of a few seconds. ``FAULTS_JSON=<file>`` writes the table as JSON too.

A test of the plan says so: ``@pytest.mark.fault(5)``, or ``@pytest.mark.mutant("no drain")`` for one that shows that a wrong
protocol is caught, and gives its figures to pytest's ``record_property``, which is where the table at the end has them from.

One installation for all modules, where they do not start one of their own: what a test kills, it or the next one starts again.
"""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from crisis.bootstrap import Crisis
from tests.conftest import reachable_folder
from tests.faults.judge import what_always_holds
from tests.faults.report import TABLE, pytest_runtest_makereport
from tests.faults.size import LATENCY, LONG
from tests.faults.stack import Stack

__all__ = ["pytest_runtest_makereport"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table of a long run; write the file that was asked for."""
    table = config.stash.get(TABLE, None)
    if table is None:
        return
    if LONG:
        terminalreporter.section("the fault plan")
        for line in table.lines():
            terminalreporter.write_line(line)
    if path := os.environ.get("FAULTS_JSON"):
        table.write(Path(path))
        terminalreporter.write_line(f"The fault plan's table is in {path}.")


@pytest.fixture(scope="session")
def installation() -> Iterator[Stack]:
    """PostgreSQL, Valkey, and a sandbox that takes its time for an SMS, so that a kill meets calls under way."""
    with reachable_folder() as home, Stack(home, latency=LATENCY, apart=True) as running:
        yield running


@pytest.fixture(scope="module")
def stack(installation: Stack) -> Iterator[Stack]:
    """The installation, with beat and nothing else running; what the module starts ends with it."""
    installation.beat()
    yield installation
    installation.dismiss()


@pytest.fixture
async def crisis(stack: Stack) -> AsyncIterator[Crisis]:
    """The domain on the installation, emptied; and the judge's word on what the test has left."""
    stack.behave()
    async with stack.crisis() as made:
        yield made
        await what_always_holds(stack, made)
