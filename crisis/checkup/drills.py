"""Drills: whether anybody makes the one go that is under way."""

from collections.abc import Sequence

from crisis.bootstrap import Crisis
from crisis.checkup.findings import Finding, Level, span
from crisis.clock import at_database
from crisis.drills import reading
from crisis.drills.conductor import SIGN_SECONDS
from crisis.said import Said

SILENT: float = 3 * SIGN_SECONDS
"""Seconds without a sign of a conductor before somebody should know."""
_PART = Said("drill")


async def findings(crisis: Crisis) -> Sequence[Finding]:
    """Nothing while no drill is under way."""
    async with crisis.db.transaction() as session:
        drill = await reading.current(session)
        if drill is None:
            return ()
        seen = drill.conducted_at or drill.started_at
        silent = (await at_database(session) - seen).total_seconds()
    if silent <= SILENT:
        return [Finding(_PART, Level.OK, Said("Drill {number} is under way.", number=drill.id))]
    found = Said("Nobody has made drill {number} go for {span}.", number=drill.id, span=span(silent))
    advice = Said(
        "Start what does: crisis conductor (or everything: crisis up). What has fallen due meanwhile comes at once, in its order."
    )
    return [Finding(_PART, Level.WRONG, found, advice)]
