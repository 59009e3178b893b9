"""The lock certificate: what one lock was, from the gate to the last access given back, with the numbers by which it is checked.

Nothing of it is kept: it is read anew from what happened, and says when. It can be checked against the audit log: each entry it
names is given as ``SEQ:HASH``, and ``crisis audit verify --head SEQ:HASH`` proves that the log still holds that entry, and that
nothing before it was altered.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.activations import drain, service
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.locks import board, proof, reading
from crisis.locks.board import Board
from crisis.locks.facts import Facts, Foreign, Outlet, Pull
from crisis.locks.proof import Proof
from crisis.locks.reading import Around
from crisis.notifications.standing import Person

# Those that were open when the gate was locked: opened before, and not closed before.
_PERMITS = text(
    """
    SELECT p.delivery_id, a.channel, a.name AS account, a.unit, r.text, p.host, p.opened_at, p.closed_at, p.outcome
    FROM permits p JOIN deliveries d ON d.id = p.delivery_id JOIN accounts a ON a.id = d.account_id
    JOIN renditions r ON r.id = d.rendition_id
    WHERE p.mode = :mode AND p.opened_at <= :locked AND (p.closed_at IS NULL OR p.closed_at > :locked)
    ORDER BY p.opened_at, p.id
    """
)
# From the act that locked the gate to the last of this mode before the next such act: what was given back comes after the end.
_ENTRIES = text(
    """
    WITH first AS (
        SELECT min(seq) AS seq FROM audit
        WHERE action = 'activate' AND record::jsonb ->> 'subject' = 'activation:' || CAST(:activation AS text)
    ), next AS (
        SELECT min(e.seq) AS seq FROM audit e, first WHERE e.action = 'activate' AND e.mode = :mode AND e.seq > first.seq
    ), last AS (
        SELECT max(e.seq) AS seq FROM audit e, first, next
        WHERE e.mode = :mode AND e.seq >= first.seq AND e.seq < coalesce(next.seq, 9223372036854775807)
    )
    SELECT e.seq, encode(e.hash, 'hex') AS hash, e.action, e.record FROM audit e, first, last
    WHERE e.seq IN (first.seq, last.seq)
       OR (e.action IN ('confirm', 'stand_down') AND e.seq BETWEEN first.seq AND last.seq
           AND e.record::jsonb ->> 'subject' = 'activation:' || CAST(:activation AS text))
    ORDER BY e.seq
    """
)
_DEAD = "holder_dead"


@dataclass(frozen=True, slots=True)
class Passed:
    """A unit's post that had started when the gate was locked, and how its permit was closed."""

    delivery_id: int
    channel: str
    account: str
    unit: str
    text: str
    host: str
    """Where its sender ran."""
    opened_at: datetime
    closed_at: datetime | None
    outcome: str | None
    """What the delivery came to, or ``holder_dead``; ``None`` while it is open."""

    @property
    def is_taken(self) -> bool:
        """It was taken from a holder that was proved dead: the post may be out."""
        return self.outcome == _DEAD


@dataclass(frozen=True, slots=True)
class Escaped:
    """A unit's post that may be out, as the confirmation named it."""

    delivery_id: int
    channel: str
    account: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the audit log."""

    seq: int
    hash: str
    """In hexadecimal digits."""
    action: str
    at: datetime

    @property
    def head(self) -> str:
        """As ``crisis audit verify --head`` takes it."""
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Held:
    """One account: what the lock came to on it, and how it stands now."""

    outlet: Outlet
    held: Proof
    """While the lock stood."""
    now: Proof
    lever: Pull | None
    breaches: Sequence[Foreign]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything, read at one moment."""

    municipality: str
    activation: Activation
    accounts: Sequence[Held]
    permits: Sequence[Passed]
    """Those that were open when the gate was locked."""
    unresolved: Sequence[Escaped]
    people: Sequence[Person]
    """Everybody who was told, or could not be, by unit."""
    entries: Sequence[Entry]
    """Of the audit log: the first of this activation, its confirmation, its end, and the last."""
    board: Board
    """As it stands now."""
    read_at: datetime

    @property
    def is_final(self) -> bool:
        """The activation is over, and nothing is left to give back."""
        activation, needs = self.activation, [need for each in self.accounts for need in each.now.needs]
        return activation.state is ActivationState.STOOD_DOWN and not needs

    @property
    def drained(self) -> Sequence[Passed]:
        """Permits whose holders closed them."""
        return [each for each in self.permits if each.closed_at is not None and not each.is_taken]

    @property
    def taken(self) -> Sequence[Passed]:
        """Permits that were taken from the dead."""
        return [each for each in self.permits if each.is_taken]

    @property
    def still_open(self) -> Sequence[Passed]:
        """Permits that nobody has closed: their holders cannot be proved dead."""
        return [each for each in self.permits if each.closed_at is None]

    @property
    def acknowledged(self) -> Sequence[Person]:
        """Those who have answered, the first first."""
        answered = [each for each in self.people if each.acknowledged_at is not None]
        return sorted(answered, key=lambda each: (each.acknowledged_at, each.name))

    @property
    def first(self) -> Entry | None:
        """The entry that locked the gate."""
        return self.entries[0] if self.entries else None

    @property
    def last(self) -> Entry | None:
        """The last entry of this activation so far."""
        return self.entries[-1] if self.entries else None


async def read(session: AsyncSession, activation_id: int, around: Around) -> Certificate:
    """The certificate of an activation, in force or over. Raises :class:`crisis.errors.NotFound`."""
    activation = await service.get(session, activation_id)
    facts = await reading.read(session, activation, around)
    mode = activation.mode.value
    permits = await session.execute(_PERMITS, {"mode": mode, "locked": activation.activated_at})
    rows = (await session.execute(_ENTRIES, {"activation": activation_id, "mode": mode})).all()
    records = [(row, json.loads(row.record)) for row in rows]
    now = clock.now()
    return Certificate(
        around.settings.municipality,
        activation,
        [_held(each, activation, now) for each in facts],
        [Passed(*row) for row in permits],
        await _unresolved(session, activation, [record for _, record in records]),
        _everybody(facts),
        [Entry(row.seq, row.hash, row.action, datetime.fromisoformat(record["at"])) for row, record in records],
        board.judged(activation, facts, now),
        now,
    )


def _held(facts: Facts, activation: Activation, now: datetime) -> Held:
    return Held(
        facts.outlet,
        proof.held(facts, activation, now),
        proof.prove(facts, activation, now),
        facts.lever,
        facts.breaches,
    )


async def _unresolved(
    session: AsyncSession, activation: Activation, records: Sequence[dict[str, Any]]
) -> Sequence[Escaped]:
    """As the confirmation has them on record; before there is one, as they are known now."""
    for record in records:
        if record["action"] == "confirm":
            found = record["detail"].get("unresolved", [])
            return [Escaped(each["delivery"], each["channel"], each["account"]) for each in found]
    if activation.state is ActivationState.STOOD_DOWN:
        return []
    known = await drain.unresolved(session, activation.mode)
    return [Escaped(each.delivery_id, each.channel, each.account) for each in known]


def _everybody(facts: Sequence[Facts]) -> Sequence[Person]:
    found = {person.contact_id: person for each in facts for person in each.people}
    return sorted(found.values(), key=lambda each: (each.unit, each.contact_id))
