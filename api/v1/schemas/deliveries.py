"""Deliveries, and how they stand, as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.accounts import TroubleOut
from api.v1.schemas.activations import ActivationRow, PermitOut, UnresolvedOut
from api.v1.schemas.promises import LateOut, PromiseOut
from api.v1.schemas.shape import Shape
from crisis.deliveries.decisions import Decision
from crisis.deliveries.items import Item
from crisis.deliveries.ledger import Line, words
from crisis.deliveries.sights import Sight
from crisis.deliveries.sights import words as sight_words
from crisis.deliveries.states import DeliveryState, WithdrawalState
from crisis.deliveries.withdrawals import words as withdrawal_words
from crisis.mode import Mode
from crisis.status import UNDECIDED_MOST, Status, summed


class LineOut(Shape):
    """One account and language of one revision. ``counts`` adds up to ``total``."""

    message_id: int
    revision: int
    account_id: int
    channel: str
    account: str
    language: str
    counts: dict[DeliveryState, int]
    total: int
    underway: int
    repeated: int = Field(description="Sent once more after an unknown outcome: may have arrived twice.")
    error: str | None
    url: str | None
    changed_at: datetime | None
    next_try_at: datetime | None = Field(description="When the first of those that failed is tried again.")
    sight: str | None = Field(description="What was seen of it from outside, in words; null where nobody looks.")
    sights: dict[Sight, int]
    seen_at: datetime | None
    looked_at: datetime | None
    unseen_why: str | None
    unknown_words: dict[str, int] = Field(
        description="Status words of the provider's that are not known here, as it wrote them, and of how many deliveries."
    )
    withdrawal: str | None = Field(description="What became of taking it down, in words; null where nobody asked.")
    withdrawals: dict[WithdrawalState, int]
    withdrawn_at: datetime | None
    withdrawal_why: str | None = Field(description="Why it is not taken down, and what to do about it.")


class Totals(Shape):
    """The sum of a channel's lines, or of all of them."""

    counts: dict[DeliveryState, int]
    total: int
    underway: int
    repeated: int

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Self:
        """Added up."""
        return cls(
            counts=summed(line.counts for line in lines),
            total=sum(line.total for line in lines),
            underway=sum(line.underway for line in lines),
            repeated=sum(line.repeated for line in lines),
        )


_SAID = {"words", "sight_words", "withdrawal_words"}


class DeliveryOut(Shape):
    """One delivery. ``last_two`` is all that is shown of a recipient's number."""

    id: int
    mode: Mode
    lane: str
    channel: str
    account: str
    language: str
    state: DeliveryState
    words: str
    attempts: int
    repeated: bool
    due_at: datetime
    changed_at: datetime
    reference: str | None
    url: str | None
    error_code: str | None
    error: str | None
    last_two: str | None
    sight: Sight | None = Field(description="What an outsider saw of a public post; null where nobody looks.")
    sight_words: str | None
    seen_at: datetime | None
    looked_at: datetime | None
    unseen_why: str | None
    unknown_words: list[str] = Field(
        description="What the provider said of it in words that are not known here, as it wrote them."
    )
    withdrawal: WithdrawalState | None = Field(description="Where the taking down is; null where nobody asked.")
    withdrawal_words: str | None
    withdrawal_asked_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_why: str | None = Field(description="Why it is not taken down, and what to do about it.")

    @classmethod
    def of(cls, item: Item) -> Self:
        """From the ledger's."""
        values = {name: getattr(item, name) for name in cls.model_fields if name not in _SAID}
        seen = None if item.sight is None else sight_words(Sight(item.sight), item.seen_at, item.looked_at)
        down = None
        if item.withdrawal is not None:
            down = withdrawal_words(WithdrawalState(item.withdrawal), item.withdrawal_asked_at, item.withdrawn_at)
        return cls(**values, words=words(DeliveryState(item.state)), sight_words=seen, withdrawal_words=down)


class PointerSummaryOut(Shape):
    """The text that locked accounts may publish, and how many have."""

    id: int
    text: str
    written_by: str
    approved_at: datetime | None = Field(description="Null while it waits for a second person.")
    posts: int
    out: int


class StatusOut(Shape):
    """How everything of a mode, or of one activation, stands."""

    mode: Mode
    is_locked: bool = Field(description="The units' publishing is held, in this mode.")
    activation: ActivationRow | None = Field(description="Null when none of this mode is in force.")
    lines: list[LineOut]
    channels: dict[str, Totals]
    totals: Totals
    words: dict[DeliveryState, str] = Field(description="What each state means to the person at the desk.")
    undecided: list[DeliveryOut] = Field(
        description=f"What may be out and waits for a person, public posts first; the first {UNDECIDED_MOST}."
    )
    promises: list[PromiseOut] = Field(description="The updates that are promised, the most urgent first.")
    late: list[LateOut] = Field(description="The revisions that came later than was promised.")
    troubles: list[TroubleOut] = Field(description="Accounts that are not as usual now, each with a sentence to show.")
    open_permits: list[PermitOut]
    unresolved: list[UnresolvedOut]
    pointer: PointerSummaryOut | None = Field(description="Null where none is written, or it was withdrawn.")

    @classmethod
    def of(cls, found: Status) -> Self:
        """From the domain's reading."""
        channels = dict.fromkeys(line.channel for line in found.lines)
        return cls(
            mode=found.mode,
            is_locked=found.is_locked,
            activation=ActivationRow.model_validate(found.activation) if found.activation else None,
            lines=[LineOut.model_validate(line) for line in found.lines],
            channels={name: Totals.of([line for line in found.lines if line.channel == name]) for name in channels},
            totals=Totals.of(found.lines),
            words={state: words(state) for state in DeliveryState},
            undecided=[DeliveryOut.of(item) for item in found.undecided],
            promises=[PromiseOut.of(promise) for promise in found.promises],
            late=[LateOut.model_validate(late) for late in found.late],
            troubles=[TroubleOut.model_validate(trouble) for trouble in found.troubles],
            open_permits=[PermitOut.of(permit) for permit in found.permits],
            unresolved=[UnresolvedOut.model_validate(post) for post in found.unresolved],
            pointer=PointerSummaryOut.model_validate(found.pointer) if found.pointer else None,
        )


class CheckedOut(Shape):
    """A delivery after it was looked at because somebody asked."""

    id: int
    channel: str
    account: str
    state: DeliveryState
    answer: str = Field(description="What was found, and what to do about it, in plain words.")
    url: str | None
    sight: Sight | None
    seen: str | None


class DecisionIn(Shape):
    """What a person says about a delivery that may be out and nobody can tell about."""

    decision: Decision
    url: str | None = Field(default=None, max_length=2000, description="Where it can be seen, with ``mark_sent``.")


class DecidedOut(Shape):
    """The delivery after the decision."""

    id: int
    channel: str
    account: str
    state: DeliveryState
