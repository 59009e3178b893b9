"""Mode: whether an activation, and everything under it, is real.

Fixed when an activation is created and carried by every row, task and log line. CAP 1.2 calls this ``status``
(``Actual``, ``Exercise``).
"""

from enum import StrEnum


class Mode(StrEnum):
    """``actual`` reaches the public; ``exercise`` never does."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
