"""Where the table has its rows from: one hook, for every folder with tests of the plan (its ``conftest`` imports it)."""

from collections.abc import Iterator

import pytest

from tests.faults.table import Table

TABLE = pytest.StashKey[Table]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the report is what the hook's inner ones return
    """Note what came of a test: of the call, or of what kept it from being called."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    said = [(name, marker.args[0]) for name in ("fault", "mutant") for marker in item.iter_markers(name)]
    if said and (call.when == "call" or not report.passed):
        reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
        item.config.stash.setdefault(TABLE, Table()).add(
            item.nodeid, report.outcome, report.duration, [*said, *item.user_properties], reason
        )
    return report  # type: ignore[return-value]
