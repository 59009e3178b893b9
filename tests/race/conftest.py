"""The race is number 26 of the fault plan, and its wrong protocols are among the plan's mutants."""

from tests.faults.report import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]
