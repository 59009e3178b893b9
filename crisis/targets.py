"""Targets: how fast the work should go from the moment the crisis staff is set. What plans of Norwegian municipalities ask for
and what crises have shown to be possible; not promises of this service, and nothing depends on them.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class Measure(StrEnum):
    """What is timed."""

    ACCOUNTS_LOCKED = "accounts_locked"  # from the crisis staff set to every account locked
    FIRST_MESSAGE = "first_message"  # from the crisis staff set to the first message sent
    LAST_CHANNEL = "last_channel"  # from the first channel to the last, retries included
    SWITCHBOARD = "switchboard"  # from the first message until the switchboard has it
    EMPLOYEES = "employees"  # from the first message until the employees have it
    NEXT_UPDATE = "next_update"  # between updates in the acute phase
    ALL_CLEAR = "all_clear"  # from the decision until every channel that had the alert has the all-clear


TARGETS: Final = {
    Measure.ACCOUNTS_LOCKED: timedelta(minutes=1),
    Measure.FIRST_MESSAGE: timedelta(minutes=15),
    Measure.LAST_CHANNEL: timedelta(minutes=5),
    Measure.SWITCHBOARD: timedelta(minutes=10),
    Measure.EMPLOYEES: timedelta(minutes=15),
    Measure.NEXT_UPDATE: timedelta(minutes=60),
    Measure.ALL_CLEAR: timedelta(minutes=15),
}
