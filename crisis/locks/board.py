"""The lock board: every account and what the lock is worth on it, what needs a person first. Read whole, by every door."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.accounts.locks import LockState
from crisis.activations.models import Activation
from crisis.locks import proof, reading
from crisis.locks.evidence import NeedKind
from crisis.locks.facts import Facts, Outlet
from crisis.locks.proof import Proof
from crisis.locks.reading import Around
from crisis.notifications.standing import Person

ORDER: Final = (
    LockState.BREACHED,
    LockState.NOT_ENFORCEABLE,
    LockState.INSTRUCTED,
    LockState.ACKNOWLEDGED,
    LockState.HELD,
    LockState.ACCESS_REVOKED,
    LockState.RESTORED,
)
"""How states are told: the weakest first."""
_LAST: Final = max(NeedKind) + 1


@dataclass(frozen=True, slots=True)
class Row:
    """One account, its proof, and who can be asked about it."""

    outlet: Outlet
    proof: Proof
    people: Sequence[Person] = ()

    @property
    def urgency(self) -> int:
        """Of what needs a person first; one more than the last of them where nothing does."""
        return int(self.proof.needs[0].kind) if self.proof.needs else _LAST


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is watched, and how fresh that is."""

    watched: int
    """Accounts that the watch looks at."""
    blind: int
    """Of these, those it does not see at the moment."""
    oldest_look: datetime | None
    """Among those it sees: none was last seen before this."""


@dataclass(frozen=True, slots=True)
class Board:
    """``rows``: every account that was in use, what needs a person first, then the weakest, then by unit."""

    activation: Activation
    rows: Sequence[Row]
    coverage: Coverage
    read_at: datetime

    @property
    def totals(self) -> Mapping[LockState, int]:
        """How many are in each state, the weakest first; together every account."""
        counted = Counter(row.proof.state for row in self.rows)
        return {state: counted[state] for state in ORDER if counted[state]}

    @property
    def needing(self) -> Sequence[Row]:
        """Those that need a person."""
        return [row for row in self.rows if row.proof.needs]

    @property
    def units(self) -> Sequence[str]:
        """Every unit that has an account."""
        return sorted({row.outlet.unit for row in self.rows}, key=str.casefold)

    def of(self, unit: str | None = None, state: LockState | None = None, *, needing: bool = False) -> Sequence[Row]:
        """The rows of one unit, or in one state, or that need a person."""
        return [
            row
            for row in self.rows
            if unit in {None, row.outlet.unit} and state in {None, row.proof.state} and (row.proof.needs or not needing)
        ]

    def proof_of(self, account_id: int) -> Proof | None:
        """One account's; ``None`` where it was not in use."""
        return next((row.proof for row in self.rows if row.outlet.id == account_id), None)


async def read(session: AsyncSession, activation: Activation, around: Around, *, unit: str | None = None) -> Board:
    """The board of an activation, in force or over; of one unit's accounts alone, where it is said.

    Eight statements, however many accounts: see the figures in ``bench/lock_board.py``.
    """
    now = clock.now()
    return judged(activation, await reading.read(session, activation, around, unit), now)


async def proofs(
    session: AsyncSession, activation: Activation | None, around: Around, *, unit: str | None = None
) -> Mapping[int, Proof]:
    """``{account: proof}`` for whoever shows something else beside; empty where no activation is in force."""
    if activation is None:
        return {}
    return {row.outlet.id: row.proof for row in (await read(session, activation, around, unit=unit)).rows}


def judged(activation: Activation, facts: Sequence[Facts], now: datetime) -> Board:
    """What the facts are worth at one moment."""
    rows = [Row(each.outlet, proof.prove(each, activation, now), tuple(each.people)) for each in facts]
    return Board(activation, sorted(rows, key=_place), _coverage(facts, now), now)


def _place(row: Row) -> tuple[int, datetime, int, str, str, str, int]:
    outlet = row.outlet
    due = row.proof.needs[0].at if row.proof.needs else None
    return (
        row.urgency,
        due or datetime.max.replace(tzinfo=UTC),
        ORDER.index(row.proof.state),
        outlet.unit.casefold(),
        outlet.channel,
        outlet.name,
        outlet.id,
    )


def _coverage(facts: Sequence[Facts], now: datetime) -> Coverage:
    watched = [each.look for each in facts if each.look is not None and not each.is_gone]
    seen = [each.looked_at for each in watched if each.looked_at is not None and not each.is_blind(now)]
    blind = sum(each.is_blind(now) for each in watched)
    return Coverage(len(watched), blind, min(seen, default=None))
