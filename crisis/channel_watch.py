"""Watching: what is on an account that this service did not put there, and what is scheduled to come. Part of the port.

An adapter lists what the platform shows; which of it is a breach of the lock is decided in :mod:`crisis.watch`, by the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from crisis.channels import AccountRef, Callback


@dataclass(frozen=True, slots=True)
class Posted:
    """Something that is out on an account, whoever put it there."""

    reference: str
    """The platform's id of it, as our own receipts name it too."""
    age_seconds: float
    """How long it has been out, by the platform's own clock at both ends (its ``Date`` header, and the post's time), so that a
    clock that is wrong here or there says nothing about what came before the lock and what after."""
    text: str
    url: str | None = None
    author: str | None = None
    """Who, where the platform tells."""
    is_ours: bool = False
    """The platform itself says that it was made through our own app or user. False says nothing."""
    key: str | None = None
    """Our delivery's id, where what we published carries it (WordPress: the slug)."""


@runtime_checkable
class Watch(Protocol):
    """What a channel offers where we can see what is published on an account."""

    watch_seconds: float
    """How often one account may be looked at, with its limits of calls in mind: hours of looking must not use them up."""

    async def list_posted(self, account: AccountRef, within_seconds: float) -> Sequence[Posted]:
        """What has been published in the last ``within_seconds``, newest first; what is older may be among it. Reads only.

        Raises a :class:`~crisis.channels.ChannelError`; :class:`~crisis.channels.Gone` when the account is not there any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A post that waits inside the platform for its time: no gate of ours would stop it."""

    reference: str
    due_at: datetime
    """By the platform's clock."""
    text: str
    title: str = ""
    url: str | None = None
    """Where its author finds it."""
    author: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What else there is to it that its owner would miss, such as ``{"link": ...}`` or ``{"pictures": "2"}``."""


@runtime_checkable
class Schedule(Protocol):
    """What a channel offers where posts can be scheduled inside the platform."""

    keeps_unscheduled: bool
    """Whether what was unscheduled stays at the platform, as a draft of its author's (WordPress). Where it does not, our copy of
    the text is all there is: it is stored before :meth:`unschedule` is called."""

    async def list_planned(self, account: AccountRef) -> Sequence[Planned]:
        """Everything that is scheduled there, soonest first. Reads only."""
        ...

    async def unschedule(self, account: AccountRef, planned: Planned) -> None:
        """Keep it from going out. Done already is done. Raises :class:`~crisis.channels.Rejected` where the platform does not let us
        (then its owner must), and :class:`~crisis.channels.Gone` where it is not there any more: it was published, or removed.
        """
        ...


@runtime_checkable
class Ringer(Protocol):
    """What a channel offers whose platform calls us when something happens on an account."""

    def parse_rings(self, callback: Callback) -> Sequence[str]:
        """The addresses of the accounts on which something may have been published, whoever did it: look at them now.

        Raises :class:`~crisis.channels.ForgedCallback` before reading anything. Cheap, and without waiting for anything.
        """
        ...
