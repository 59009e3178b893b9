"""Promised: the rule about when the next message comes. Every message but an all-clear says so."""

from datetime import datetime, timedelta

from crisis.messages.faults import Fault
from crisis.messages.models import Kind
from crisis.targets import TARGETS, Measure

FIELD = "next_update_at"
_ROUND_TO = 5
"""Minutes: nobody promises 07.43."""


def zone_fault(at: datetime | None) -> Fault | None:
    """What no promise can have, not even an unfinished one: a time that means another one in another place."""
    if at is None or at.tzinfo is not None:
        return None
    return Fault("no_zone", f"{FIELD} needs a time zone, such as 2026-11-20T08:30:00+01:00.", field=FIELD)


def fault(kind: Kind, at: datetime | None, now: datetime) -> Fault | None:
    """What is wrong with the promise of a message of this kind, if anything is."""
    if at is None:
        if kind.is_end:
            return None
        said = "Say when the next message comes (next_update_at). Only an all-clear may leave it out."
        return Fault("no_promise", said, field=FIELD)
    if missing := zone_fault(at):
        return missing
    if at <= now:
        said = "next_update_at has passed. Promise a time that is still ahead."
        return Fault("promise_passed", said, field=FIELD, values={"at": at})
    return None


def proposed(now: datetime, within: timedelta = TARGETS[Measure.NEXT_UPDATE]) -> datetime:
    """When the next message should come, in the rhythm of the acute phase, rounded up to five minutes."""
    at = (now + within).replace(second=0, microsecond=0)
    return at + timedelta(minutes=-at.minute % _ROUND_TO)
