"""Standing: how one account and language of a message stands, in parts that add up to everybody it is for.

Nothing here is in anybody's language yet, and nothing changes by the clock alone: what is equal looks the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from api.desk.states import WORDS
from crisis.deliveries.decisions import ENDED_UNSENT, is_by_hand
from crisis.deliveries.ledger import Line
from crisis.deliveries.sights import Sight
from crisis.deliveries.states import DeliveryState as S
from crisis.deliveries.states import WithdrawalState
from crisis.tongue.texts import lazily as N_


class Tone(StrEnum):
    """How urgent a part is, the most urgent first: its sign and its colour."""

    ASKS = "asks"
    """A person must decide."""
    FAILED = "failed"
    """It did not get there, and will not."""
    WAITS = "waits"
    """It failed, or nobody knows; it is gone on with."""
    GOING = "going"
    QUIET = "quiet"
    """Not sent on purpose."""
    DONE = "done"


TONES: Final = {
    S.READY: Tone.GOING,
    S.LEASED: Tone.GOING,
    S.IN_FLIGHT: Tone.GOING,
    S.RETRY_WAIT: Tone.WAITS,
    S.UNKNOWN: Tone.WAITS,
    S.UNKNOWN_FINAL: Tone.ASKS,
    S.ACCEPTED: Tone.DONE,
    S.SENT: Tone.DONE,
    S.DELIVERED: Tone.DONE,
    S.UNDELIVERED: Tone.FAILED,
    S.EXPIRED: Tone.FAILED,
    S.REJECTED: Tone.FAILED,
    S.BLOCKED: Tone.QUIET,
    S.CANCELLED: Tone.QUIET,
    S.DEAD: Tone.FAILED,
}
BY_HAND: Final = N_("sendt for hånd")
SIGHTS: Final = {
    Sight.WAITING: N_("vi ser etter om den er synlig"),
    Sight.SEEN: N_("sett av oss"),
    Sight.NOT_SEEN: N_("tatt imot, men vi finner den ikke"),
    Sight.GONE: N_("var synlig, er borte"),
    Sight.REPLACED: N_("erstattet av en nyere"),
}
WITHDRAWALS: Final = {
    WithdrawalState.WAITING: N_("skal tas ned"),
    WithdrawalState.CALLING: N_("tas ned nå"),
    WithdrawalState.CHECKING: N_("kanskje tatt ned, undersøkes"),
    WithdrawalState.DONE: N_("tatt ned"),
    WithdrawalState.REFUSED: N_("kunne ikke tas ned"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """So many of a row's deliveries are here."""

    tone: Tone
    word: str
    """To be translated."""
    count: int
    percent: int | None = None
    """Of those that it is for, where that says something."""
    at: datetime | None = None
    """When it came there, where it is one alone."""
    until: datetime | None = None
    """When it is tried again."""


@dataclass(frozen=True, slots=True)
class Row:
    """One account and language of one revision. The parts' counts add up to ``total``."""

    channel: str
    account: str
    language: str
    total: int
    parts: tuple[Part, ...]
    first: int
    url: str | None
    error: str | None
    repeated: int
    sight: Sight | None
    seen_at: datetime | None
    withdrawal: WithdrawalState | None
    withdrawal_why: str | None
    unknown_words: tuple[tuple[str, int], ...]

    @property
    def tone(self) -> Tone:
        """The most urgent of its parts'."""
        return min((part.tone for part in self.parts), key=list(Tone).index)


def row_of(line: Line) -> Row:
    """A line of the ledger."""
    return Row(
        line.channel,
        line.account,
        line.language,
        line.total,
        _parts(line),
        line.first,
        line.url,
        None if is_by_hand(line.error) else line.error,
        line.repeated,
        line.least_seen,
        line.seen_at,
        line.least_withdrawn,
        line.withdrawal_why,
        tuple(line.unknown_words.items()),
    )


def worst(rows: Sequence[Row]) -> Tone | None:
    """The most urgent tone of all of them; ``None`` of none."""
    return min((row.tone for row in rows), key=list(Tone).index, default=None)


def _parts(line: Line) -> tuple[Part, ...]:
    counted: dict[tuple[Tone, str], int] = {}
    single = line.total == 1
    for state in S:
        if not (count := line.counts[state]):
            continue
        key = (TONES[state], WORDS[state])
        if single and is_by_hand(line.error) and state in ENDED_UNSENT | {S.ACCEPTED}:
            key = (Tone.DONE, BY_HAND)
        counted[key] = counted.get(key, 0) + count
    return tuple(
        Part(
            tone,
            word,
            count,
            percent=count * 100 // line.total if word == WORDS[S.DELIVERED] and not single else None,
            at=line.changed_at if single and tone is Tone.DONE else None,
            until=line.next_try_at if word == WORDS[S.RETRY_WAIT] else None,
        )
        for (tone, word), count in counted.items()
    )
