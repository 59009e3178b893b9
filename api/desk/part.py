"""Part: who somebody is at the page they ask for. In an exercise that is the part they play in it; everywhere else, themselves.

Asked before a handler runs, and by the address alone: ``?mode=exercise``, a form that says so, or a thing that belongs to the
exercise. What it cannot tell is real, and nobody plays there.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from api.desk.navigation import MODE, mode_of
from crisis.bootstrap import Crisis
from crisis.drills import belonging, faults, players, reading
from crisis.drills.playing import acting_in
from crisis.mode import Mode
from crisis.playbooks.models import SystemFault
from crisis.roles import Actor

NEVER_CLOSED: Final = frozenset({"/inbox/word", "/inbox/strip"})
"""Where somebody is met also while the exercise's signing in does not answer."""


@dataclass(frozen=True, slots=True)
class Met:
    """How somebody is met."""

    actor: Actor
    needs_word: bool = False
    """The exercise's signing in "does not answer", and they have not come in with the emergency word."""


async def meet(crisis: Crisis, request: Request, actor: Actor, form_mode: object = None) -> Met:
    """Who comes: as themselves, or as the part that they play."""
    things = {
        thing: request.path_params[f"{thing}_id"] for thing in belonging.THINGS if f"{thing}_id" in request.path_params
    }
    asked = mode_of(form_mode or request.query_params.get(MODE))
    if asked is not Mode.EXERCISE and not things:
        return Met(actor)
    async with crisis.db.transaction() as session:
        drill = await reading.current(session)
        if drill is None or not await _is_exercise(session, things, asked):
            return Met(actor)
        row = await players.playing(session, drill.id, actor.name)
        if row is None:
            return Met(actor)
        is_closed = not row.through_glass and SystemFault.IDP_DOWN in faults.systems(await faults.of(session, drill))
        played = await acting_in(session, actor, drill, editors_unit=crisis.settings.editors_unit)
        return Met(played, is_closed and request.url.path not in NEVER_CLOSED)


async def _is_exercise(session: AsyncSession, things: dict[str, int], asked: Mode) -> bool:
    """Whether the address is an exercise's: every thing in it is, whatever else it says; without a thing, what it says."""
    modes = {await belonging.mode_of(session, thing, number) for thing, number in things.items()} or {asked}
    return modes == {Mode.EXERCISE}
