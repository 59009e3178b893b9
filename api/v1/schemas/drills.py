"""Drills as JSON. Times with ``elapsed`` in their name, ``due`` and ``left`` are seconds of drill time."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from api.v1.schemas.shape import Shape
from crisis.drills.course import FASTEST, REASON_MOST, SLOWEST
from crisis.drills.inboxes import Inbox, Letter
from crisis.drills.leading import NOTE_MOST
from crisis.drills.models import DrillPlayer, Observation
from crisis.drills.notes import TEXT_MOST
from crisis.drills.picture import ExpectationPicture, InjectPicture, Picture
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.playbooks.texts import LText

_KEY_MOST = 64


class DrillIn(Shape):
    """Which playbook is run, and how fast."""

    playbook: str = Field(max_length=200, examples=["kvikkleireskred"])
    speed: float | None = Field(
        default=None,
        ge=SLOWEST,
        le=FASTEST,
        description="Drill time in a second; the playbook's own where it is left out.",
    )


class SpeedIn(Shape):
    """How fast drill time goes."""

    speed: float = Field(ge=SLOWEST, le=FASTEST)


class ForwardIn(Shape):
    """Where drill time is put. It never goes back."""

    elapsed: float = Field(ge=0, le=31_536_000)


class StopIn(Shape):
    """Why. The report says so."""

    reason: str = Field(max_length=4 * REASON_MOST)


class JudgementIn(Shape):
    """Whether something was done, and what was seen."""

    met: bool
    note: str = Field(default="", max_length=4 * NOTE_MOST)
    in_time: bool | None = Field(default=None, description="Where the clock cannot tell: you may come to say so later.")


class ObservationIn(Shape):
    """What an observer saw."""

    text: str = Field(max_length=4 * TEXT_MOST)
    objective: str | None = Field(default=None, max_length=_KEY_MOST)
    once: UUID | None = Field(default=None, description="Sent twice with the same, it is written once.")


class PartIn(Shape):
    """A role of the playbook."""

    part: str = Field(max_length=_KEY_MOST, examples=["kommunedirektor"])


class LeaveIn(Shape):
    """Which part is left; every one where it is left out."""

    part: str | None = Field(default=None, max_length=_KEY_MOST)


class WordIn(Shape):
    """The drill's emergency word."""

    word: str = Field(max_length=200)


class DrillRow(Shape):
    """One drill."""

    id: int
    playbook_id: str
    playbook_version: str
    playbook_sha256: str
    state: DrillState
    activation_id: int | None
    autoplay: bool
    started_by: str
    started_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    end_reason: str | None


class InjectOut(Shape):
    """How an inject stands. ``reason``: why it never came, or what it could not do."""

    id: str
    via: str
    to: str
    text: dict[str, str]
    state: InjectState
    due_elapsed: float | None
    due_at: datetime | None
    decided_elapsed: float | None
    decided_by: str | None
    reason: str | None
    post_id: int | None
    seen_by: list[str]

    @classmethod
    def of(cls, each: InjectPicture) -> Self:
        """From the picture."""
        row = each.row
        return cls(
            id=each.key, via=each.inject.via, to=each.inject.to, text=_texts(each.inject.text), state=each.state,
            due_elapsed=row.due_elapsed, due_at=each.due_at, decided_elapsed=row.decided_elapsed, decided_by=row.decided_by,
            reason=row.reason, post_id=row.post_id, seen_by=[sight.by for sight in each.seen],
        )  # fmt: skip


class ExpectationOut(Shape):
    """How an expectation stands; ``evidence`` is what shows that it was done, or what is lacking."""

    id: str
    role: str
    action: str
    state: ExpectationState
    due_elapsed: float | None
    done_elapsed: float | None
    left: float | None
    evidence: dict[str, Any] | None
    judged_by: str | None
    note: str | None

    @classmethod
    def of(cls, each: ExpectationPicture) -> Self:
        """From the picture."""
        row, asked = each.row, each.expectation
        return cls(
            id=each.key, role=asked.role, action=asked.action, state=each.state, due_elapsed=row.due_elapsed,
            done_elapsed=row.done_elapsed, left=each.left, evidence=row.evidence, judged_by=row.judged_by, note=row.note,
        )  # fmt: skip


class PlayerOut(Shape):
    """Who plays what."""

    name: str
    part: str
    playing: bool
    joined_at: datetime
    left_at: datetime | None

    @classmethod
    def of(cls, row: DrillPlayer) -> Self:
        """From its row."""
        return cls.model_validate(row)


class ObservationOut(Shape):
    """What an observer wrote."""

    text: str
    objective: str | None
    by: str
    at: datetime
    elapsed: float

    @classmethod
    def of(cls, row: Observation) -> Self:
        """From its row."""
        return cls.model_validate(row)


class DrillOut(DrillRow):
    """All of it, as of ``now``. ``glass_word`` is what lets players in while the exercise's signing in "does not answer"."""

    now: datetime
    elapsed: float
    duration: float
    speed: float
    glass_word: str
    injects: list[InjectOut]
    expectations: list[ExpectationOut]
    players: list[PlayerOut]
    notes: list[ObservationOut]

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """From the picture."""
        return cls(
            **DrillRow.model_validate(picture.drill).model_dump(),
            now=picture.now,
            elapsed=round(picture.elapsed, 3),
            duration=picture.duration.total_seconds(),
            speed=0.0 if picture.clock.is_still else picture.clock.speed,
            glass_word=picture.drill.glass_word,
            injects=[InjectOut.of(each) for each in picture.injects],
            expectations=[ExpectationOut.of(each) for each in picture.expectations],
            players=[PlayerOut.of(each) for each in picture.players],
            notes=[ObservationOut.of(each) for each in picture.notes],
        )


class LetterOut(Shape):
    """An inject that has come to one of one's parts."""

    id: str
    via: str
    who: dict[str, str]
    to: dict[str, str]
    text: dict[str, str]
    came_elapsed: float
    is_seen: bool

    @classmethod
    def of(cls, each: Letter, primary: str) -> Self:
        """From the inbox."""
        who = {primary: each.who} if isinstance(each.who, str) else _texts(each.who)
        return cls(
            id=each.key, via=each.via, who=who, to=_texts(each.to), text=_texts(each.text),
            came_elapsed=each.came.total_seconds(), is_seen=each.is_seen,
        )  # fmt: skip


class InboxOut(Shape):
    """What has come to whoever asks, the newest first, for the parts that they play."""

    drill_id: int
    playing: str | None
    parts: list[str]
    letters: list[LetterOut]

    @classmethod
    def of(cls, inbox: Inbox) -> Self:
        """From the inbox."""
        return cls(
            drill_id=inbox.drill_id,
            playing=inbox.playing.id if inbox.playing else None,
            parts=[each.id for each in inbox.mine],
            letters=[LetterOut.of(each, inbox.primary) for each in inbox.letters],
        )


def _texts(text: LText) -> dict[str, str]:
    return dict(text.root)
