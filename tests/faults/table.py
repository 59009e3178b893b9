"""What the suite found, as the table that ``make test-faults`` ends with, and as JSON for ``FAULTS_JSON=<file>``."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.adapters.sandbox_server import ROOT
from tests.faults.plan import MUTANTS, PLAN, SEVERAL_MACHINES
from tests.faults.size import LONG, PEOPLE

MACHINES = "machines"
"""Stands for a number where the plan has none: ``@pytest.mark.fault("machines")``."""


@dataclass
class Row:
    """One test of one fault. ``figures`` are what it gave to pytest's ``record_property``."""

    number: int | str
    test: str
    outcome: str
    seconds: float
    figures: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def plan(self) -> tuple[str, str]:
        """What is done, and what is expected."""
        return SEVERAL_MACHINES if self.number == MACHINES else PLAN[int(self.number)]


@dataclass
class Table:
    """Every row of a run, and which mutants were caught by what."""

    rows: list[Row] = field(default_factory=list)
    caught: dict[str, list[str]] = field(default_factory=dict)

    def add(
        self,
        test: str,
        outcome: str,
        seconds: float,
        properties: Iterable[tuple[str, Any]],
        reason: str = "",
    ) -> None:
        """One test that has ended. ``fault`` and ``mutant`` among its properties say what it is about."""
        held = list(properties)
        figures = {name: value for name, value in held if name not in {"fault", "mutant"}}
        for name, value in held:
            if name == "fault":
                self.rows.append(Row(value, test, outcome, round(seconds, 1), figures, reason))
            elif name == "mutant" and outcome == "passed":
                self.caught.setdefault(value, []).append(test)

    def lines(self) -> Iterator[str]:
        """The table, for a terminal."""
        form = f"long form, {PEOPLE:,} recipients" if LONG else f"short form, {PEOPLE} recipients"
        yield f"The fault plan at {commit()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC ({form})"
        for row in sorted(self.rows, key=_order):
            done, expected = row.plan
            yield f"{row.number!s:>8}  {row.outcome:7} {row.seconds:6.1f} s  {done}"
            yield f"{'':27}expected: {expected}"
            if row.figures:
                figures = "; ".join(f"{name} {_shown(value)}" for name, value in row.figures.items())
                yield f"{'':27}found:    {figures}"
            if row.reason:
                yield f"{'':27}{row.reason}"
            yield f"{'':27}{row.test}"
        missing = [str(number) for number in PLAN if number not in {row.number for row in self.rows}]
        if missing:
            yield f"Not run here: {', '.join(missing)}"
        for name in [*MUTANTS, *(name for name in self.caught if name not in MUTANTS)]:
            tests = self.caught.get(name)
            yield f"mutant “{name}” " + (f"caught by {', '.join(tests)}" if tests else "was not run, or ESCAPED")

    def write(self, path: Path) -> None:
        """The same as JSON: ``{commit, at, form, people, rows, mutants}``."""
        content = {
            "commit": commit(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "form": "long" if LONG else "short",
            "people": PEOPLE,
            "rows": [
                asdict(row) | {"fault": row.plan[0], "expected": row.plan[1]} for row in sorted(self.rows, key=_order)
            ],
            "mutants": self.caught,
        }
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")


def commit() -> str:
    """What was tested: the commit, and whether the files differ from it."""
    try:
        said = _git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return "no commit (not a checkout)"
    return f"commit {said.removesuffix('-dirty')}" + (" and changes" if said.endswith("-dirty") else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip()


def _order(row: Row) -> tuple[int, str]:
    return (row.number if isinstance(row.number, int) else 99, row.test)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_shown(part) for part in value)
    return str(value)
