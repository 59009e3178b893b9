"""Capabilities: what a channel can do, and how a later revision follows there what is out already. Part of the port."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Unit(StrEnum):
    """How a channel counts the length of a text."""

    CHARACTERS = "characters"
    WEIGHTED = "weighted"  # twitter-text v3: 280 of these in a post
    SEGMENTS = "segments"  # SMS parts, GSM-7 or UCS-2


class FollowUp(StrEnum):
    """How a later revision follows what is out already. Each channel names one per kind in its capabilities.

    ``NEW`` and what begins with it are published; ``EDIT...`` edits what is out. Where nothing of the message is out on the
    account, or what was out is gone, every one of them publishes anew: the newest word always gets out.
    """

    NEW = "new"
    """By itself. What is out cannot be reached (SMS), or the new text is better off alone."""
    NEW_ON_TOP = "new_on_top"
    """On the page where the earlier ones are: they stay below it, and one that is corrected or withdrawn says so."""
    NEW_WITH_REFERENCE = "new_with_reference"
    """By itself, naming or linking the earlier one."""
    EDIT_IN_PLACE = "edit_in_place"
    """The same post, at the same address: the new text on top, the earlier ones below it, each with its time."""
    EDIT_AND_COMMENT = "edit_and_comment"
    """The same post, its text replaced so that those who shared it show the new one; and a comment that says so."""

    @property
    def edits(self) -> bool:
        """Whether it changes what is out, so that trying it again cannot make a second post."""
        return self in {FollowUp.EDIT_IN_PLACE, FollowUp.EDIT_AND_COMMENT}


@dataclass(frozen=True, slots=True)
class Limit:
    """The longest text a channel takes: at most ``most`` of ``unit``."""

    unit: Unit
    most: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do. What is not claimed here is never asked for."""

    limit: Limit | None = None
    """Longest text; ``None`` where the channel has no limit that a message could meet."""
    recipients: bool = False
    """One delivery per recipient (SMS) rather than one per account."""
    credentials: tuple[str, ...] = ()
    """What an account's credentials must have to publish there; its app's own secrets are settings."""
    unit_posts: bool = True
    """Units may publish ordinary posts here through the service."""
    ours: bool = False
    """The outlet is this service's own: nobody can publish there but through it, by its nature."""
    short: bool = False
    """Takes the short form of a message, ending with the host name of the crisis page."""
    edit: bool = False
    follow_ups: Mapping[str, FollowUp] = field(default_factory=dict)
    """How each kind follows what is out of its message; a kind that is not named goes out as :attr:`FollowUp.NEW`."""
    withdraw: bool = False
    receipts: bool = False
    """The provider reports later what became of it."""
    idempotent: bool = False
    """Publishing the same key twice leaves one post, so an unknown outcome may simply be tried again."""
    reconcile: bool = False
    """The provider can be asked whether something went out."""
    settle_seconds: float = 5.0
    """How long to wait after an unknown outcome before asking, for the provider (or a callback) to catch up."""
    concurrency: int = 8
    """Requests one sender keeps in flight."""
    call_seconds: float = 10.0
    """Hard wall-clock limit of one call; the engine enforces it around the adapter."""
    look_seconds: tuple[float, ...] = ()
    """When to look at an accepted post from outside, as the public would: each in seconds after the one before, and no more
    looks than these. Empty where there is nothing public to look at."""
