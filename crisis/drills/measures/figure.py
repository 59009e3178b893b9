"""Figure: one measure of one run, with its target, or the reason why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Measured(StrEnum):
    """What is measured. Those that a playbook or :mod:`crisis.targets` has a target for have its name."""

    ACTIVATE = "activate"
    ACCOUNTS_LOCKED = "accounts_locked"
    FIRST_MESSAGE = "first_message"
    LAST_CHANNEL = "last_channel"
    SWITCHBOARD = "switchboard"
    EMPLOYEES = "employees"
    MISSED_UPDATES = "missed_updates"
    SILENCE = "next_update"
    COMPLETENESS = "completeness"
    CONSISTENCY = "consistency"
    RUMOUR = "rumour"
    LOCK_INTEGRITY = "lock_integrity"
    FAULT_NOTICED = "fault_noticed"
    BREAK_GLASS = "break_glass"
    ALL_CLEAR = "all_clear"
    UNLOCK = "unlock"


class Unit(StrEnum):
    """What a figure counts. Seconds are drill time in a drill, and time as it passed in a crisis."""

    SECONDS = "seconds"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a figure: a split of the time, a channel, an account. ``name`` fills the blanks of ``label``."""

    label: str
    """A text to translate, with named blanks."""
    value: float | None = None
    unit: Unit = Unit.SECONDS
    names: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What a measure found."""

    value: float
    parts: Sequence[Part] = ()


class NotMeasured(Exception):
    """There is nothing to measure. Its text is one to translate."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure of one run. ``value`` is ``None`` where it was not measured, and then ``why`` says so."""

    measured: Measured
    unit: Unit
    value: float | None = None
    target: float | None = None
    why: str = ""
    parts: Sequence[Part] = ()

    @property
    def more_is_better(self) -> bool:
        """The target is the least it should be; of all other measures the most."""
        return self.measured in MORE_IS_BETTER

    @property
    def is_met(self) -> bool | None:
        """Whether the target was reached; ``None`` where there is no value or no target."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.more_is_better else self.value <= self.target


MORE_IS_BETTER: Final = frozenset({Measured.COMPLETENESS})
