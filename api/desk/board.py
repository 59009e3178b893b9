"""The board: how it stands, on one page; and in ordinary times, the way to set the crisis staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.desk.deeds import deed
from api.desk.draft import KINDS
from api.desk.parties import PARTIES
from api.desk.route import PageRoute, TheVisit
from api.desk.standing import Row, Tone, row_of, worst
from api.desk.switchboard import Current, currents
from api.desk.visit import Visit
from crisis import status
from crisis.activations import service as activations
from crisis.logbook import acknowledgements, reading
from crisis.mode import Mode
from crisis.roles import Act, Role, can
from crisis.status import Status

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ENTRIES: Final = 8
"""Of the log, the newest."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message on the board: what it says now, and how far that has come."""

    current: Current
    rows: Sequence[Row]

    @property
    def tone(self) -> Tone | None:
        """The most urgent of what is known of it."""
        return worst(self.rows)

    @property
    def total(self) -> int:
        """Whom it is for: public posts and recipients."""
        return sum(row.total for row in self.rows)

    @property
    def done(self) -> int:
        """Those that a provider has taken."""
        return sum(part.count for row in self.rows for part in row.parts if part.tone is Tone.DONE)


@router.get("/")
async def show(visit: TheVisit) -> Response:
    """What somebody meets first. A unit's editor meets the unit's own desk."""
    if visit.actor.role is Role.UNIT:
        return visit.to("/posts")
    if visit.actor.role is Role.ADMIN:
        return visit.to("/accounts")
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        found = await status.read(session, visit.mode, warning_seconds=visit.crisis.settings.promise_warning_seconds)
        if found.activation is None:
            drill = await activations.find_latest(session, Mode.EXERCISE)
            return await visit.page("start", status=200, drill=drill, troubles=found.troubles)
        context = await _context(visit, session, found)
    if visit.is_partial:
        return await visit.block("board", "standing", **context)
    return await visit.page("board", **context)


async def _context(visit: Visit, session: AsyncSession, found: Status) -> dict[str, Any]:
    activation = found.activation
    assert activation is not None  # noqa: S101 - the caller has looked
    told = [
        Told(
            each,
            [
                row_of(line)
                for line in found.of_message(each.revision.message_id)
                if line.revision == each.revision.number
            ],
        )
        for each in await currents(session, activation)
    ]
    entries: Sequence[tuple[reading.Entry, str]] = ()
    if can(visit.actor, Act.READ_LOG):
        log = await reading.of(session, visit.actor, activation.id, visit.crisis.settings.languages[0])
        entries = [(each, deed(visit, each)) for each in await log.newest(session, most=ENTRIES)]
    return {
        "activation": activation,
        "told": told,
        "primary": visit.crisis.settings.languages[0],
        "kinds": KINDS,
        "promises": found.promises,
        "tasks": await acknowledgements.tasks(session, activation.id),
        "parties": PARTIES,
        "undecided": found.undecided,
        "unresolved": found.unresolved,
        "permits": found.permits,
        "entries": entries,
        "tones": Tone,
    }
