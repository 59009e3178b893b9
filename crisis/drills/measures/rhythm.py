"""Rhythm: whether what was promised came when it was promised, and how long it was quiet."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import NotMeasured, Part, Value
from crisis.drills.measures.spread import approved_at, first
from crisis.messages.models import Revision
from crisis.tongue.texts import lazily as N_

GRACE: Final = timedelta(minutes=5)
"""So late is still in time."""


def missed_updates(run: Evidence) -> Value:
    """Promised messages that came more than five minutes too late, or never."""
    first(run)
    promised = [each for each in run.sent if each.next_update_at is not None and not each.kind.is_end]
    if not promised:
        raise NotMeasured(N_("Ingen melding lovet når den neste kommer."))
    late = [(each, _lateness(run, each)) for each in promised]
    missed = [(each, by) for each, by in late if by > GRACE.total_seconds()]
    parts = [
        Part(N_("Melding %(message)s, versjon %(revision)s: for sent med"), by, names=_named(each))
        for each, by in missed
    ]
    return Value(float(len(missed)), parts)


def longest_silence(run: Evidence) -> Value:
    """The longest time between two messages, from the first to the last; and from the last to the end where nothing closed it."""
    first(run)
    moments = [approved_at(each) for each in run.sent]
    if not run.sent[-1].kind.is_end:
        moments.append(max(run.until, moments[-1]))
    if len(moments) < 2:  # noqa: PLR2004 - between two
        raise NotMeasured(N_("Det ble bare sendt én melding, og den avsluttet alt."))
    return Value(max(run.between(begin, end) for begin, end in pairwise(moments)))


def _lateness(run: Evidence, revision: Revision) -> float:
    """Seconds past the promise before something came. An activation that ends first promises nothing any more."""
    promised = revision.next_update_at
    assert promised is not None  # noqa: S101 - asked of those that have one
    following: datetime = min(
        (
            approved_at(each)
            for each in run.sent
            if each.message_id == revision.message_id and each.number > revision.number
        ),
        default=run.until,
    )
    return run.between(promised, following)


def _named(revision: Revision) -> dict[str, str]:
    return {"message": str(revision.message_id), "revision": str(revision.number)}
