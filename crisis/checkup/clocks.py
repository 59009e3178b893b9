"""Clocks: whether this machine's agrees with the database's."""

from datetime import datetime

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.checkup.findings import Finding, Level, span
from crisis.said import Said

APART = 10.0
"""Seconds that they may be apart. What goes out goes by the database's clock alone, so that is safe at any distance; the audit log has
this machine's, and OAuth 1.0a lets a provider refuse calls with an old or a coming time (RFC 5849, section 3.3), as X does."""
_PART = Said("clock")


async def finding(crisis: Crisis) -> Finding:
    """Compare them once."""
    async with crisis.db.transaction() as session:
        before = clock.now()
        there = await clock.at_database(session)
        return judged(before + (clock.now() - before) / 2, there)


def judged(here: datetime, there: datetime) -> Finding:
    """What two readings of one moment say."""
    ahead = (here - there).total_seconds()
    if abs(ahead) < APART:
        return Finding(_PART, Level.OK, Said("Agrees with the database's."))
    if ahead > 0:
        found = Said("Is {span} ahead of the database's.", span=span(round(ahead)))
    else:
        found = Said("Is {span} behind the database's.", span=span(round(-ahead)))
    advice = Said(
        "Let both machines set their clocks by a time server (NTP). Nothing goes out too early or too late: that is the database's "
        "to say. But the log's times are this machine's, and X refuses calls from one that is minutes off."
    )
    return Finding(_PART, Level.WRONG, found, advice)
