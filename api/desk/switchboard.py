"""The switchboard: what to say to whoever calls now, in large text; and saying that one has read it."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.desk.navigation import in_mode
from api.desk.route import PageRoute, TheVisit
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.logbook import acknowledgements
from crisis.logbook.models import Acknowledgement, Party
from crisis.messages import drafts
from crisis.messages.models import Revision, RevisionState
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Current:
    """What one message says now: its newest revision that is out."""

    revision: Revision
    before: int
    """How many revisions of it came before this one."""
    read: tuple[Acknowledgement, ...]

    @property
    def is_over(self) -> bool:
        """It asks nothing more of anybody."""
        return self.revision.kind.is_end


@router.get("/switchboard")
async def show(visit: TheVisit) -> Response:
    """The newest message first, in full; then the others that are in force."""
    visit.require(Act.READ_CRISIS)
    async with visit.crisis.db.transaction() as session:
        activation = await activations.find_current(session, visit.mode)
        found = await currents(session, activation) if activation else []
    context: dict[str, Any] = {
        "activation": activation,
        "currents": found,
        "primary": visit.crisis.settings.languages[0],
        "party": Party.of(visit.actor),
        "me": visit.actor.name,
    }
    if visit.is_partial:
        return await visit.block("switchboard", "current", **context)
    return await visit.page("switchboard", **context)


@router.post("/revisions/{revision_id:int}/read")
async def acknowledge(revision_id: int, visit: TheVisit) -> Response:
    """Say that one has read it, or that others have been told; and go back to where one said so."""
    actor, form, _ = visit.require(Act.ACKNOWLEDGE), await visit.form(), visit.gettext
    said = str(form.get("party", ""))
    made = await acknowledgements.acknowledge(
        visit.crisis.db, actor, revision_id, Party(said) if said in set(Party) else None
    )
    visit.mode = made.mode
    back = "/" if form.get("back") == "board" else "/switchboard"
    return visit.to(in_mode(back, visit.mode), said=_("Notert: meldingen er lest."))


async def currents(session: AsyncSession, activation: Activation) -> list[Current]:
    """What every message of an activation says now, the one that was sent last first."""
    sent: dict[int, list[Revision]] = {}
    for row in await drafts.all_revisions(session, activation.id):
        if row.state is RevisionState.APPROVED:
            sent.setdefault(row.message_id, []).append(row)
    read = await acknowledgements.of_activation(session, activation.id)
    found = [Current(each[-1], len(each) - 1, tuple(read.get(each[-1].id, ()))) for each in sent.values()]
    return sorted(
        found, key=lambda each: (each.is_over, -(each.revision.approved_at or each.revision.written_at).timestamp())
    )
