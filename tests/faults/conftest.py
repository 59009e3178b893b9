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
from tests.faults.size import LATENCY, LONG
from tests.faults.stack import Stack
from tests.faults.table import Table

_TABLE = pytest.StashKey[Table]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test's report knows what its markers say."""
    for item in items:
        for name in ("fault", "mutant"):
            item.user_properties += [(name, marker.args[0]) for marker in item.iter_markers(name)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the report is what the hook's inner ones return
    """Note what came of it: of the call, or of what kept it from being called."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    if {"fault", "mutant"} & {name for name, _ in item.user_properties} and (call.when == "call" or not report.passed):
        reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
        item.config.stash.setdefault(_TABLE, Table()).add(
            item.nodeid, report.outcome, report.duration, item.user_properties, reason
        )
    return report  # type: ignore[return-value]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table of a long run; write the file that was asked for."""
    table = config.stash.get(_TABLE, None)
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
