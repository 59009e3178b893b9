"""Arrivals: what providers have accepted of one message, and the judgement on it: who got what last."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Row

from crisis.deliveries.states import DeliveryState
from crisis.messages.models import Kind

S = DeliveryState
MEANT_FOR_GOOD = {S.ACCEPTED, S.SENT, S.DELIVERED, S.UNDELIVERED, S.EXPIRED}

Who = tuple[str, int]


def who_of(row: Row[Any]) -> Who:
    """A person, or an account's public."""
    return ("account", row.account_id) if row.recipient_id is None else ("person", row.recipient_id)


class Arrival(NamedTuple):
    """A provider has accepted it."""

    who: Who
    revision: int
    delivery: int


class Arrivals(list[Arrival]):
    """In their order."""

    def __init__(self) -> None:
        super().__init__()
        self._newest: dict[Who, int] = {}

    def take(self, row: Row[Any]) -> None:
        """The provider has it. Nobody may have had something newer."""
        who, newest = who_of(row), self._newest.get(who_of(row), 0)
        assert row.number >= newest, f"{who} got revision {row.number} after revision {newest}"
        self._newest[who] = row.number
        self.append(Arrival(who, row.number, row.id))

    def judge(self, rows: Mapping[int, Row[Any]], by_hand: set[int]) -> None:
        """Who was to get which revision, by the rule of ``reach``; and what each has got last. ``by_hand``: nobody knows of these."""
        latest = max(row.number for row in rows.values())
        of = {(who_of(row), row.number): row for row in rows.values()}
        _judge_reach(rows.values())
        got: dict[Who, list[int]] = {}
        for arrival in self:
            got.setdefault(arrival.who, []).append(arrival.revision)
        for who in {who for who, _ in of}:
            row = of.get((who, latest))
            if row is None:
                assert who not in got, f"{who} got {got.get(who)} and not the newest, {latest}"
            elif row.state in MEANT_FOR_GOOD and row.id not in by_hand:
                assert got[who][-1] == latest, f"{who} got {got[who]}, and {latest} is said to be {row.state}"


def _judge_reach(rows: Collection[Row[Any]]) -> None:
    """Every revision goes to the people who were attempted before, and an alert or an update to the rest of the audience too."""
    people = [row for row in rows if row.recipient_id is not None]
    kinds = {row.number: row.kind for row in rows}
    everybody = {who_of(row) for row in people if row.number == 1}
    attempted: set[Who] = set()
    for number, kind in sorted(kinds.items()):
        planned = {who_of(row) for row in people if row.number == number}
        rest = everybody if kind in {Kind.ALERT, Kind.UPDATE} else set()
        assert planned == attempted | rest, f"revision {number}, {kind}"
        attempted |= {who_of(row) for row in people if row.number == number and _was_begun(row)}


def _was_begun(row: Row[Any]) -> bool:
    return bool(row.attempts) or row.state in {*MEANT_FOR_GOOD, S.REJECTED, S.UNKNOWN_FINAL}
