"""The states of a drill, of an inject and of an expectation, and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)


class DrillState(StrEnum):
    """Where a drill is. What is running or paused is not over, and there is at most one of those."""

    RUNNING = "running"
    PAUSED = "paused"
    """Drill time stands still: nothing falls due, and no deadline runs."""
    ENDED = "ended"
    """Its time was out, or everything it expected was decided and the crisis staff stood down."""
    STOPPED = "stopped"
    """The exercise leader broke it off."""
    INTERRUPTED = "interrupted"
    """A real crisis came. Nothing of the drill went over into it."""

    @property
    def is_over(self) -> bool:
        """Nothing more happens in it."""
        return not DRILL_MOVES[self]


class InjectState(StrEnum):
    """Where an inject is. It is fired once, or never."""

    WAITING = "waiting"
    FIRED = "fired"
    SKIPPED = "skipped"
    """By the exercise leader, by its condition, or because the drill was over before its time."""


class ExpectationState(StrEnum):
    """Where an expectation is. Its deadline runs in drill time, from what it waits for."""

    WAITING = "waiting"
    """What it follows has not happened yet."""
    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    """Its deadline passed, and it was not done."""
    LATE = "late"
    """Done, but after its deadline."""
    VOID = "void"
    """Never asked for: its inject was skipped, or the drill was over first."""

    @property
    def is_done(self) -> bool:
        """It was done, in time or late."""
        return self in {ExpectationState.MET, ExpectationState.LATE}

    @property
    def is_decided(self) -> bool:
        """Whether it was met is known. What was missed may still be done late."""
        return self not in {ExpectationState.WAITING, ExpectationState.RUNNING}


class SkipReason(StrEnum):
    """Why an inject was never fired."""

    LEADER = "leader"
    """The exercise leader skipped it."""
    NOT_NEEDED = "not_needed"
    """It was for when something had not been done, and it had."""
    FOLLOWS_NOTHING = "follows_nothing"
    """What it follows was skipped, or was never asked for."""
    OVER = "over"
    """The drill was over before its time."""


class EndReason(StrEnum):
    """Why a drill was over, where no person said so."""

    TIME = "time"
    DONE = "done"
    """Everything it expected was decided, and the crisis staff stood down."""
    ACTUAL = "actual"
    """A real crisis came."""


DRILL_MOVES: Mapping[DrillState, frozenset[DrillState]] = {
    DrillState.RUNNING: frozenset(
        {DrillState.PAUSED, DrillState.ENDED, DrillState.STOPPED, DrillState.INTERRUPTED},
    ),
    DrillState.PAUSED: frozenset(
        {DrillState.RUNNING, DrillState.ENDED, DrillState.STOPPED, DrillState.INTERRUPTED},
    ),
    DrillState.ENDED: frozenset(),
    DrillState.STOPPED: frozenset(),
    DrillState.INTERRUPTED: frozenset(),
}
INJECT_MOVES: Mapping[InjectState, frozenset[InjectState]] = {
    InjectState.WAITING: frozenset({InjectState.FIRED, InjectState.SKIPPED}),
    InjectState.FIRED: frozenset(),
    InjectState.SKIPPED: frozenset(),
}
EXPECTATION_MOVES: Mapping[ExpectationState, frozenset[ExpectationState]] = {
    ExpectationState.WAITING: frozenset({ExpectationState.RUNNING, ExpectationState.VOID}),
    ExpectationState.RUNNING: frozenset({ExpectationState.MET, ExpectationState.MISSED, ExpectationState.VOID}),
    # Met after it was missed: by the exercise leader's word, who saw it done in time.
    ExpectationState.MISSED: frozenset({ExpectationState.LATE, ExpectationState.MET}),
    ExpectationState.MET: frozenset(),
    ExpectationState.LATE: frozenset(),
    ExpectationState.VOID: frozenset(),
}


def check_move(moves: Mapping[State, frozenset[State]], old: State, new: State) -> None:
    """Raise :class:`ValueError` for a move that there is none of: a fault of ours, and of nobody who leads or plays."""
    if new not in moves[old]:
        message = f"{type(old).__name__} does not go from {old.value} to {new.value}."
        raise ValueError(message)
