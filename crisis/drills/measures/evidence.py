"""Evidence: everything that one run left behind, read once. Measures and report are made of it and of nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.accounts.locks import LockState
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.deliveries.states import DeliveryState
from crisis.drills.clock import Clock
from crisis.drills.models import (
    ClockRow,
    Drill,
    DrillExpectation,
    DrillInject,
    DrillPlayer,
    InjectSight,
    Observation,
)
from crisis.drills.script import Script
from crisis.errors import NotFound
from crisis.locks import certificate
from crisis.locks.certificate import Certificate
from crisis.locks.reading import Around
from crisis.logbook import acknowledgements
from crisis.logbook.models import Acknowledgement
from crisis.logbook.reading import EVERYTHING, Entry, Log
from crisis.messages import drafts
from crisis.messages.models import Revision, RevisionState
from crisis.mode import Mode

ENTRIES_MOST: Final = 20_000
"""Entries of a log that are measured: weeks of a crisis. The package has all of them, however many."""
TAKEN: Final = (DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED)
"""A provider has it: what is called confirmed."""

_ARRIVALS = text(
    """
    SELECT v.id AS revision_id, r.channel, a.name AS account, r.language, count(*) AS total,
           count(*) FILTER (WHERE d.state = ANY(:taken)) AS taken,
           min(coalesce(t.taken_at, CASE WHEN d.state = ANY(:taken) THEN d.changed_at END)) AS first_at,
           max(coalesce(t.taken_at, CASE WHEN d.state = ANY(:taken) THEN d.changed_at END)) AS last_at,
           min(t.failed_at) AS failed_at, min(d.error) FILTER (WHERE NOT d.state = ANY(:taken)) AS error
    FROM deliveries d
    JOIN renditions r ON r.id = d.rendition_id
    JOIN revisions v ON v.id = r.revision_id
    JOIN messages m ON m.id = v.message_id
    JOIN accounts a ON a.id = d.account_id
    LEFT JOIN LATERAL (
        SELECT min(ended_at) FILTER (WHERE outcome = ANY(:taken)) AS taken_at,
               min(ended_at) FILTER (WHERE NOT outcome = ANY(:taken)) AS failed_at
        FROM attempts WHERE delivery_id = d.id
    ) t ON true
    WHERE m.activation_id = :activation
    GROUP BY v.id, r.channel, a.id, a.name, r.language ORDER BY v.id, min(d.id)
    """
)
_TEXTS = text(
    """
    SELECT r.revision_id, r.channel, r.language, r.title, r.text FROM renditions r
    JOIN revisions v ON v.id = r.revision_id JOIN messages m ON m.id = v.message_id
    WHERE m.activation_id = :activation AND v.state = 'approved' ORDER BY r.revision_id, r.id
    """
)
# By the database's clock from end to end: what began after the lock was committed and before it was opened.
_ESCAPED = text(
    """
    SELECT a.channel, a.name AS account, count(*) AS posts FROM deliveries d
    JOIN attempts t ON t.delivery_id = d.id JOIN accounts a ON a.id = d.account_id
    JOIN activations v ON v.id = :activation AND v.mode = d.mode
    WHERE d.lane = 'unit' AND t.started_at > v.activated_at AND t.started_at < coalesce(v.stood_down_at, 'infinity')
    GROUP BY a.channel, a.name ORDER BY a.channel, a.name
    """
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How one revision went out through one account in one language."""

    revision_id: int
    channel: str
    account: str
    language: str
    total: int
    taken: int
    first_at: datetime | None
    """When a provider took the first of it."""
    last_at: datetime | None
    failed_at: datetime | None
    """When a try at it did not go well for the first time."""
    error: str | None


@dataclass(frozen=True, slots=True)
class AsSent:
    """The text of one revision on one channel, as it was."""

    revision_id: int
    channel: str
    language: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What the lock was worth on one account while it stood."""

    channel: str
    account: str
    unit: str
    state: LockState


@dataclass(frozen=True, slots=True)
class Evidence:
    """One run: a drill with its activation if it came to one, or a real activation by itself."""

    mode: Mode
    until: datetime
    """Its end; while it is not over, when it was read."""
    drill: Drill | None = None
    activation: Activation | None = None
    clock: Clock | None = None
    script: Script = field(default_factory=Script)
    acts: Sequence[Entry] = ()
    """The log, oldest first."""
    sent: Sequence[Revision] = ()
    """What was approved, in that order."""
    arrivals: Sequence[Arrival] = ()
    texts: Sequence[AsSent] = ()
    read: Mapping[int, Sequence[Acknowledgement]] = field(default_factory=dict)
    injects: Sequence[DrillInject] = ()
    expectations: Sequence[DrillExpectation] = ()
    sights: Sequence[InjectSight] = ()
    players: Sequence[DrillPlayer] = ()
    observations: Sequence[Observation] = ()
    accounts: Sequence[Kept] = ()
    certificate: Certificate | None = None
    """What the accounts' lines are of; ``None`` where nothing was locked."""
    escaped: Sequence[tuple[str, str, int]] = ()
    """Units' posts that began while the lock held: channel, account, how many. There should be none."""

    @property
    def began_at(self) -> datetime:
        """Drill time's beginning, or when the crisis staff was set."""
        if self.clock is not None:
            return self.clock.began_at
        return self.activation.activated_at if self.activation else self.until

    def elapsed(self, at: datetime) -> float:
        """Seconds from the beginning: of drill time in a drill, as they passed in a crisis."""
        if self.clock is not None:
            return self.clock.elapsed(at)
        return (at - self.began_at).total_seconds()

    def between(self, begin: datetime, end: datetime) -> float:
        """Seconds from one moment to another, never less than none."""
        return max(0.0, self.elapsed(end) - self.elapsed(begin))

    def of(self, revision_id: int) -> Sequence[Arrival]:
        """How one revision went out."""
        return [each for each in self.arrivals if each.revision_id == revision_id]


async def of_drill(session: AsyncSession, drill_id: int, around: Around, primary: str) -> Evidence:
    """What a drill left behind; ``primary`` is the language of the log's headlines. Raises :class:`NotFound`."""
    drill = await session.get(Drill, drill_id)
    if drill is None:
        raise NotFound("drill", drill_id)
    mine = {"drill_id": drill_id}
    clock_rows = (await session.scalars(select(ClockRow).filter_by(**mine).order_by(ClockRow.id))).all()
    shared: dict[str, Any] = {
        "mode": Mode.EXERCISE,
        "until": drill.ended_at or clock.now(),
        "drill": drill,
        "clock": Clock.of(clock_rows) if clock_rows else None,
        "script": Script(drill.playbook),
        "injects": (await session.scalars(select(DrillInject).filter_by(**mine).order_by(DrillInject.position))).all(),
        "expectations": (
            await session.scalars(select(DrillExpectation).filter_by(**mine).order_by(DrillExpectation.position))
        ).all(),
        "sights": (await session.scalars(select(InjectSight).filter_by(**mine).order_by(InjectSight.id))).all(),
        "players": (await session.scalars(select(DrillPlayer).filter_by(**mine).order_by(DrillPlayer.id))).all(),
        "observations": (await session.scalars(select(Observation).filter_by(**mine).order_by(Observation.id))).all(),
    }
    if drill.activation_id is None:
        return Evidence(**shared)
    activation = await activations.get(session, drill.activation_id)
    return Evidence(**shared, **await _of(session, activation, around, primary))


async def of_activation(session: AsyncSession, activation_id: int, around: Around, primary: str) -> Evidence:
    """What an activation left behind; of a drill's, what the drill did. Raises :class:`NotFound`."""
    activation = await activations.get(session, activation_id)
    drill_id = await session.scalar(select(Drill.id).where(Drill.activation_id == activation_id))
    if drill_id is not None:
        return await of_drill(session, drill_id, around, primary)
    until = activation.stood_down_at or clock.now()
    return Evidence(activation.mode, until, **await _of(session, activation, around, primary))


async def _of(session: AsyncSession, activation: Activation, around: Around, primary: str) -> dict[str, Any]:
    """What belongs to the activation, whoever set it."""
    asked = {"activation": activation.id, "taken": [state.value for state in TAKEN]}
    log = Log(activation.id, activation.mode, primary)
    revisions = await drafts.all_revisions(session, activation.id)
    approved = [each for each in revisions if each.state is RevisionState.APPROVED and each.approved_at]
    certified = await certificate.read(session, activation.id, around)
    return {
        "activation": activation,
        "acts": list(reversed(await log.newest(session, EVERYTHING, most=ENTRIES_MOST))),
        "sent": sorted(approved, key=lambda each: (each.approved_at, each.id)),
        "arrivals": [Arrival(*row) for row in await session.execute(_ARRIVALS, asked)],
        "texts": [AsSent(*row) for row in await session.execute(_TEXTS, asked)],
        "read": await acknowledgements.of_activation(session, activation.id),
        "accounts": [
            Kept(each.outlet.channel, each.outlet.name, each.outlet.unit, each.held.state)
            for each in certified.accounts
        ],
        "certificate": certified,
        "escaped": [tuple(row) for row in await session.execute(_ESCAPED, asked)],
    }
