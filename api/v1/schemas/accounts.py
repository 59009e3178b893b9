"""Accounts as JSON."""

from datetime import date, datetime
from typing import Self

from pydantic import Field, SecretStr

from api.v1.schemas.shape import Shape
from crisis.accounts.locks import Lock, LockState
from crisis.accounts.models import Account, AccountState
from crisis.activations.models import Activation


class LockOut(Shape):
    """What an activation's lock does to the account."""

    state: LockState
    words: str = Field(examples=["held here"])
    held_by: str | None
    since: datetime | None
    activation_id: int | None

    @classmethod
    def of(cls, lock: Lock, activation: Activation | None) -> Self:
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


class AccountOut(AccountRow):
    """An account and the lock on it."""

    lock: LockOut

    @classmethod
    def of(cls, account: Account, lock: Lock, activation: Activation | None) -> Self:
        """From its row."""
        row = AccountRow.model_validate(account)
        return cls(**row.model_dump(), lock=LockOut.of(lock, activation))


class Connection(Shape):
    """Where an account is at its provider, and with what to publish there."""

    address: str = Field(max_length=1000, examples=["1042000000000"])
    credentials: dict[str, SecretStr] = Field(
        default_factory=dict,
        max_length=20,
        examples=[{"page_token": "…"}],
        description="Sealed at once; never given back.",
    )


class LeaderIn(Shape):
    """Who answers for an account."""

    leader: str | None = Field(max_length=1000, examples=["Kari Nordmann"])


class RegisterReport(Shape):
    """What an import did to the register."""

    new: int
    changed: int
    unchanged: int
