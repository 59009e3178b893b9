"""Room: the control room of one drill as it stands, for everybody who watches it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any, Final

from api.desk.drill_words import WORDS
from api.desk.live import Look
from api.desk.pages import Renderer
from crisis.activations import service as activations
from crisis.drills import service
from crisis.drills.models import Drill
from crisis.drills.picture import ExpectationPicture, InjectPicture, Picture
from crisis.drills.scene import Scene, scene
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.mode import Mode
from crisis.playbooks.models import Check, Playbook, Side, Via
from crisis.playbooks.texts import LText
from crisis.roles import Act

PAGE: Final = "control-room"
FRAGMENTS: Final = ("standing", "timeline", "expected", "seen", "people")
QUIET: Final = timedelta(seconds=20)
"""No conductor has looked for so long: the page says that nothing comes by itself. It leaves a sign every five seconds."""


@dataclass(frozen=True, slots=True)
class Ticking:
    """A drill's clock as a page keeps it going: at the moment ``at`` it said ``elapsed`` seconds, and goes at ``speed``."""

    at: datetime
    elapsed: float
    speed: float
    most: float
    """The drill's length, in seconds: it goes no further."""


@dataclass(frozen=True, slots=True)
class Line:
    """One inject on the timeline. Times are drill time."""

    key: str
    via: Via
    who: LText | str
    to: LText | str
    text: LText
    contingency: LText | None
    state: InjectState
    is_ordered: bool
    due: timedelta | None
    due_at: datetime | None
    decided: timedelta | None
    decided_by: str | None
    reason: str | None
    seen: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation. Times are drill time."""

    key: str
    role: LText | str
    action: str
    note: LText | None
    state: ExpectationState
    due: timedelta | None
    within: timedelta
    done: timedelta | None
    asked_by: tuple[str, ...]
    is_manual: bool
    judged_by: str | None
    said: str | None

    @property
    def may_judge(self) -> bool:
        """The exercise leader has something to say about it still."""
        return self.state in {ExpectationState.RUNNING, ExpectationState.MISSED}


@dataclass(frozen=True, slots=True)
class Part:
    """A role of the playbook, and who plays it now."""

    id: str
    title: LText
    is_control: bool
    least: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """An observer's note."""

    text: str
    objective: LText | None
    by: str
    elapsed: timedelta


@dataclass(frozen=True, slots=True)
class Room:
    """All of it, as values alone: what is equal looks the same."""

    id: int
    title: LText
    primary: str
    state: DrillState
    ticking: Ticking
    speed: float
    """At which it goes, or will go again."""
    pause_allowed: bool
    activation_id: int | None
    started_by: str
    ended_by: str | None
    end_reason: str | None
    glass_word: str
    stop_word: LText | None
    is_quiet: bool
    """No conductor looks at it."""
    actual: str | None
    """The title of the real crisis that is on."""
    upcoming: str | None
    """The key of the inject that comes next."""
    lines: tuple[Line, ...]
    expected: tuple[Expected, ...]
    parts: tuple[Part, ...]
    notes: tuple[Noted, ...]
    scene: Scene

    @property
    def is_over(self) -> bool:
        """Nothing more happens in it."""
        return self.state.is_over

    def count(self, *states: str) -> int:
        """How many expectations are in one of these states."""
        return sum(each.state in states for each in self.expected)


@dataclass(frozen=True, slots=True)
class RoomTopic:
    """One drill, for those who lead it."""

    drill_id: int
    act: Act = Act.RUN_DRILL

    async def read(self, look: Look) -> Room:
        """How it stands now."""
        return await read(look, self.drill_id)

    def fragments(self, found: Room, render: Renderer) -> Mapping[str, str]:
        """The blocks that change."""
        values = context(found)
        return {name: render(PAGE, name, **values) for name in FRAGMENTS}


def context(room: Room) -> dict[str, Any]:
    """What the page and its blocks are rendered from."""
    return {"room": room, "mode": Mode.EXERCISE, **WORDS}


async def read(look: Look, drill_id: int) -> Room:
    """The room of a drill. Raises :class:`crisis.errors.NotFound`."""
    found = await look.once((Picture, drill_id), lambda: service.picture(look.session, drill_id))
    actual = await look.once((Mode, Mode.ACTUAL), lambda: activations.find_current(look.session, Mode.ACTUAL))
    return _room(found, await scene(look.session, found), None if actual is None else actual.title)


def ticking(picture: Picture) -> Ticking:
    """The clock for a page: nothing in it changes while the clock only goes on."""
    last = picture.clock.segments[-1]
    return Ticking(last.at, last.elapsed, last.speed, picture.duration.total_seconds())


def titles(playbook: Playbook) -> Mapping[str, LText]:
    """What each role is called."""
    return {each.id: each.title for each in playbook.roles}


def spell(seconds: float | None) -> timedelta | None:
    """Drill time, as a length."""
    return None if seconds is None else timedelta(seconds=seconds)


def _room(picture: Picture, seen: Scene, actual: str | None) -> Room:
    drill, playbook = picture.drill, picture.playbook
    called = titles(playbook)
    upcoming = picture.next
    goals = {each.id: each.text for each in playbook.objectives}
    return Room(
        id=drill.id,
        title=playbook.title,
        primary=playbook.languages.primary,
        state=drill.state,
        ticking=ticking(picture),
        speed=picture.clock.speed,
        pause_allowed=playbook.exercise.clock.pause_allowed,
        activation_id=drill.activation_id,
        started_by=drill.started_by,
        ended_by=drill.ended_by,
        end_reason=drill.end_reason,
        glass_word=drill.glass_word,
        stop_word=playbook.exercise.stop_word,
        is_quiet=_is_quiet(drill, picture.now),
        actual=actual,
        upcoming=upcoming.key if upcoming else None,
        lines=tuple(_line(each, called) for each in sorted(picture.injects, key=_when)),
        expected=tuple(_expected(each, called) for each in picture.expectations),
        parts=tuple(
            Part(each.id, each.title, each.side is Side.CONTROL, each.min, _playing(picture, each.id))
            for each in playbook.roles
        ),
        notes=tuple(
            Noted(each.text, goals.get(each.objective or ""), each.by, timedelta(seconds=each.elapsed))
            for each in reversed(picture.notes)
        ),
        scene=seen,
    )


def _when(each: InjectPicture) -> tuple[float, int]:
    """By when it came, or will come; what waits for something else last."""
    row = each.row
    at = row.decided_elapsed if row.decided_elapsed is not None else row.due_elapsed
    return (inf if at is None else at, row.position)


def _line(each: InjectPicture, called: Mapping[str, LText]) -> Line:
    inject, row = each.inject, each.row
    return Line(
        key=each.key,
        via=inject.via,
        who=inject.from_,
        to=called.get(inject.to, inject.to),
        text=inject.text,
        contingency=inject.contingency,
        state=each.state,
        is_ordered=each.is_ordered,
        due=spell(row.due_elapsed),
        due_at=each.due_at,
        decided=spell(row.decided_elapsed),
        decided_by=row.decided_by,
        reason=row.reason,
        seen=tuple((sight.by, sight.at) for sight in each.seen),
    )


def _expected(each: ExpectationPicture, called: Mapping[str, LText]) -> Expected:
    asked, row = each.expectation, each.row
    return Expected(
        key=each.key,
        role=called.get(asked.role, asked.role),
        action=asked.action,
        note=asked.note,
        state=each.state,
        due=spell(row.due_elapsed),
        within=asked.within,
        done=spell(row.done_elapsed),
        asked_by=tuple(inject.id for inject in each.injects),
        is_manual=asked.check is Check.MANUAL,
        judged_by=row.judged_by,
        said=row.note,
    )


def _playing(picture: Picture, part: str) -> tuple[str, ...]:
    return tuple(each.name for each in picture.players if each.part == part and each.left_at is None)


def _is_quiet(drill: Drill, now: datetime) -> bool:
    last: Sequence[datetime] = [each for each in (drill.conducted_at, drill.started_at) if each is not None]
    return drill.state is DrillState.RUNNING and now - max(last) > QUIET
