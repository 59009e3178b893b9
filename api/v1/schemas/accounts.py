"""Accounts as JSON."""

from datetime import date, datetime
from typing import Self

from pydantic import Field, SecretStr

from api.v1.schemas.shape import Number, Shape
from crisis.accounts.locks import Lock, LockState
from crisis.accounts.models import AccountState
from crisis.activations.models import Activation
from crisis.limits.models import CONCURRENCY_MOST, PER_SECOND_LEAST, PER_SECOND_MOST, BreakerState, Why
from crisis.limits.service import Limited
from crisis.locks.proof import Proof


class LockOut(Shape):
    """What an activation's lock is worth on the account: one honest word. What it rests on is on the lock board."""

    state: LockState
    words: str = Field(examples=["held here"])
    held_by: str | None
    since: datetime | None
    activation_id: int | None

    @classmethod
    def of(cls, lock: Lock | Proof, activation: Activation | None) -> Self:
        """The account's lock, and the activation that is in force."""
        if activation is None:
            return cls(state=lock.state, words=lock.words, held_by=None, since=None, activation_id=None)
        return cls(
            state=lock.state,
            words=lock.words,
            held_by=activation.activated_by,
            since=activation.activated_at,
            activation_id=activation.id,
        )


class LimitIn(Shape):
    """How fast an account may go, of all processes together. Null takes a limit away."""

    concurrency: float | None = Field(
        description=f"Calls in flight at once: a whole number from 1 to {CONCURRENCY_MOST:,}.", examples=[20]
    )
    per_second: float | None = Field(
        description=f"Calls begun in a second: {PER_SECOND_LEAST:g} to {PER_SECOND_MOST:,.0f}.", examples=[50]
    )


class LimitOut(Shape):
    """What was set for an account; null where nothing was."""

    concurrency: int | None
    per_second: float | None


class StandbyIn(Shape):
    """Whose messages the account carries while that one's provider does not answer."""

    standby_for: Number


class TroubleOut(Shape):
    """An account that is not as usual now: its provider does not answer, has asked us to wait, or takes less than usual."""

    account_id: int
    channel: str
    account: str
    state: BreakerState = Field(
        description="`open`: not called before `next_try_at`. `half_open`: one call finds out now."
    )
    why: Why | None = Field(description="`misconfigured`: its credentials are refused, which a person must mend.")
    since: datetime | None
    next_try_at: datetime | None
    held_until: datetime | None
    reason: str | None
    standby_id: int | None = Field(description="The account that sends in its place now.")
    sentences: dict[str, str] = Field(
        description="To be shown as it is, in nb, nn and en.",
        examples=[{"nb": "Facebook (Fjordvik kommune) svarer ikke siden kl. 05.58. Neste forsøk kl. 05.59."}],
    )


class AccountRow(Shape):
    """One account of the register. Credentials never leave the service."""

    id: int
    channel: str = Field(examples=["facebook"])
    name: str = Field(examples=["Fjordvik bibliotek"])
    unit: str = Field(examples=["biblioteket"])
    leader: str | None
    opened_on: date | None
    what: str
    why: str
    audience: str
    state: AccountState
    address: str | None
    feed_url: str | None
    only_here: bool


class AccountOut(AccountRow):
    """An account, the lock on it, and what was set for it."""

    has_lever: bool = Field(description="An administrator's credentials are there to lock it at its platform with.")
    lock: LockOut
    limit: LimitOut
    standby_for: int | None = Field(description="The account it stands by for: then it sends nothing of its own.")
    standby: int | None = Field(description="The account that stands by for it.")

    @classmethod
    def of(cls, limited: Limited, lock: Lock | Proof, activation: Activation | None) -> Self:
        """From its row and its limits."""
        row = AccountRow.model_validate(limited.account)
        return cls(
            **row.model_dump(),
            has_lever=limited.account.admin_credentials is not None,
            lock=LockOut.of(lock, activation),
            limit=LimitOut.model_validate(limited),
            standby_for=limited.standby_for,
            standby=limited.standby,
        )


class Connection(Shape):
    """Where an account is at its provider, and with what to publish there."""

    address: str = Field(max_length=1000, examples=["1042000000000"])
    credentials: dict[str, SecretStr] = Field(
        default_factory=dict,
        max_length=20,
        examples=[{"page_token": "…"}],
        description="Sealed at once; never given back.",
    )


class Administration(Shape):
    """With what others' right to publish on an account is taken for the time of a lock, apart from what publishes there."""

    credentials: dict[str, SecretStr] = Field(
        max_length=20,
        examples=[{"business_id": "1042000000000", "admin_token": "…"}],
        description="Sealed at once; never given back. Empty: the account has no lever.",
    )


class Watching(Shape):
    """Where an account can be watched, and whether anybody else can publish there."""

    feed_url: str | None = Field(
        max_length=1000,
        description="An Atom or RSS feed of what is published there.",
        examples=["https://www.fjordvik.no/feed/"],
    )
    only_here: bool = Field(description="Nobody can publish there but through this service.")


class RightOut(Shape):
    """One way to publish on an account that is not this service's own."""

    id: str
    name: str
    rights: list[str] = Field(description="In the platform's own words.")
    can_publish: bool
    is_removable: bool = Field(description="False: a lock cannot take it away. Such a person is called.")


class AccessOut(Shape):
    """Who can publish on an account beside this service, as its platform says now."""

    rights: list[RightOut]
    facts: dict[str, str]


class LeaderIn(Shape):
    """Who answers for an account."""

    leader: str | None = Field(max_length=1000, examples=["Kari Nordmann"])


class RegisterReport(Shape):
    """What an import did to the register."""

    new: int
    changed: int
    unchanged: int
