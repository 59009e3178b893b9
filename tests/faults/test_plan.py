"""The plan is whole: each of its numbers, several machines and each mutant have a test that says so."""

import re
from pathlib import Path

from tests.faults.plan import MUTANTS, PLAN
from tests.race.protocols import MUTANTS as PROTOCOLS

FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "race")
WRITTEN = "".join(path.read_text(encoding="utf-8") for folder in FOLDERS for path in sorted(folder.glob("test_*.py")))


def test_every_number_of_the_plan_has_a_test_and_no_test_has_another() -> None:
    marked = {int(number) for number in re.findall(r"mark\.fault\((\d+)\)", WRITTEN)}
    assert marked == set(PLAN)
    assert "mark.fault(MACHINES)" in WRITTEN


def test_every_mutant_has_a_test() -> None:
    assert set(MUTANTS) <= set(re.findall(r'mark\.mutant\("([^"]+)"\)', WRITTEN)) | {each.name for each in PROTOCOLS}
