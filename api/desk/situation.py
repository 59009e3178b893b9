"""The situation: what of the board changes by itself, read once for everybody who looks at it.

Values alone, so that what is equal looks the same; who may press what is hidden by the page around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from api.desk.live import Look
from api.desk.pages import Renderer
from api.desk.standing import Row, Tone, row_of, worst
from api.desk.switchboard import Current, currents
from crisis.activations.states import ActivationState
from crisis.logbook import acknowledgements
from crisis.logbook.models import Party
from crisis.logbook.reading import Entry, Log
from crisis.mode import Mode
from crisis.playbooks.plan import of_activation
from crisis.pointers.summary import Summary
from crisis.roles import Act
from crisis.status import Status
from crisis.targets import TARGETS
from crisis.tongue.deeds import deed
from crisis.tongue.kinds import KINDS
from crisis.tongue.parties import PARTIES
from crisis.tongue.tongue import Tongue

ENTRIES: Final = 8
"""Of the log, the newest."""
PAGE: Final = "board"
NAMES: Final[Mapping[str, Any]] = {"kinds": KINDS, "parties": PARTIES, "tones": Tone}


@dataclass(frozen=True, slots=True)
class Told:
    """A message on the board: what it says now, and how far that has come."""

    message_id: int
    headline: str
    kind: str
    approved_at: datetime | None
    rows: tuple[Row, ...]

    @property
    def tone(self) -> Tone | None:
        """The most urgent of what is known of it."""
        return worst(self.rows)

    @property
    def total(self) -> int:
        """Whom it is for: public posts and recipients."""
        return sum(row.total for row in self.rows)

    @property
    def done(self) -> int:
        """Those that a provider has taken."""
        return sum(part.count for row in self.rows for part in row.parts if part.tone is Tone.DONE)


@dataclass(frozen=True, slots=True)
class Task:
    """Somebody who must know of the newest message; ``done_by`` said that they do."""

    party: Party
    revision_id: int
    due_at: datetime
    done_by: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that changes on the board of one activation."""

    activation_id: int
    mode: Mode
    state: ActivationState
    told: tuple[Told, ...]
    promises: tuple[tuple[int, datetime], ...]
    """``(message, when the next one is promised)``, the most urgent first."""
    tasks: tuple[Task, ...]
    undecided: tuple[tuple[int, str], ...]
    """``(delivery, account)`` of what may be out, for a person to decide."""
    unresolved: int
    """Units' posts that may be out."""
    permits: int
    """Units' posts that are still in flight."""
    entries: tuple[tuple[Entry, str | None], ...]
    """The newest of the log, each with its note's text."""
    pointer: Summary | None = None
    """The text that locked accounts may publish."""


@dataclass(frozen=True, slots=True)
class BoardTopic:
    """The board of one activation, for whoever watches it; ``with_log`` for those who may read the log."""

    activation_id: int
    mode: Mode
    with_log: bool
    act: Act = Act.READ_CRISIS

    async def read(self, look: Look) -> Situation:
        """How it stands now."""
        found = await look.status(self.mode, self.activation_id)
        activation, primary = found.activation, look.crisis.settings.languages[0]
        assert activation is not None  # noqa: S101 - it is asked for by its number
        plan = await of_activation(look.session, activation.id)
        targets = plan.within if plan is not None else TARGETS
        entries: Sequence[Entry] = ()
        if self.with_log:
            entries = await Log(activation.id, activation.mode, primary).newest(look.session, most=ENTRIES)
        return Situation(
            activation.id,
            activation.mode,
            activation.state,
            tuple(_told(each, found, primary) for each in await currents(look.session, activation)),
            tuple((each.message_id, each.next_update_at) for each in found.promises),
            tuple(_task(each) for each in await acknowledgements.tasks(look.session, activation.id, targets)),
            tuple((item.id, item.account) for item in found.undecided),
            len(found.unresolved),
            len(found.permits),
            tuple(_plain(each) for each in entries),
            found.pointer,
        )

    def fragments(self, found: Situation, render: Renderer) -> Mapping[str, str]:
        """The one block that changes."""
        return {"standing": render(PAGE, "standing", **context(found, render))}


def context(found: Situation, tongue: Tongue) -> dict[str, Any]:
    """What the block is rendered from. ``tongue``: a visit, or the renderer of a language."""
    said = [(entry, text or deed(tongue, entry)) for entry, text in found.entries]
    return {"now_is": found, "mode": found.mode, "entries": said, **NAMES}


def _told(current: Current, found: Status, primary: str) -> Told:
    revision = current.revision
    return Told(
        revision.message_id,
        revision.contents[primary]["headline"],
        revision.kind,
        revision.approved_at,
        tuple(row_of(line) for line in found.of_message(revision.message_id) if line.revision == revision.number),
    )


def _task(task: acknowledgements.Task) -> Task:
    done = task.done
    return Task(task.party, task.revision_id, task.due_at, done.by if done else None, done.at if done else None)


def _plain(entry: Entry) -> tuple[Entry, str | None]:
    """Without the note's row, which is equal to nothing but itself."""
    return replace(entry, note=None), entry.note.text if entry.note else None
