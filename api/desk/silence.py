"""Silence: where somebody who answers for a unit's accounts says that nothing will be published. By a link without signing in, or
at the unit's own desk.

Opening a link changes nothing, however often a mail scanner or a preview does so: the button does.
"""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.cookies import browser_of
from api.desk.login import waiting
from api.desk.navigation import in_mode
from api.desk.route import AnyVisit, PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.visit import Visit
from crisis.accounts import service as accounts
from crisis.accounts.models import AccountState
from crisis.activations import service as activations
from crisis.errors import Conflict
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.notifications import links
from crisis.notifications.links import Link, LinkState
from crisis.notifications.service import LINK, acknowledge_at_desk, acknowledge_by_link
from crisis.roles import Act
from crisis.users import attempts
from crisis.users.attempts import Purse, TooSoon, Under

router = APIRouter(route_class=PageRoute, include_in_schema=False)
UNKNOWN: Final = "unknown"


@router.get("/k/{token}")
async def ask(visit: AnyVisit, token: str) -> Response:
    """What it is about, and one button."""
    try:
        await _spend(visit)
    except TooSoon as soon:
        return await _too_soon(visit, soon)
    async with visit.crisis.db.transaction() as session:
        link = await links.find(session, token)
    return await _show(visit, token, link)


@router.post("/k/{token}")
async def acknowledge(visit: AnyVisit, token: str) -> Response:
    """The button. Whoever presses it twice is told who was first."""
    try:
        await _spend(visit)
    except TooSoon as soon:
        return await _too_soon(visit, soon)
    link, created = await acknowledge_by_link(visit.crisis.db, token)
    if link is None or not created:
        return await _show(visit, token, link)
    await _give_back(visit)
    return visit.to(f"{links.PATH}{token}?answered=yes")


@router.post("/activations/{activation_id:int}/silence")
async def acknowledge_here(visit: TheVisit, activation_id: int) -> Response:
    """A unit's own user, at the unit's desk."""
    async with visit.crisis.db.transaction() as session:
        visit.mode = (await activations.get(session, activation_id)).mode
    actor, _ = visit.require(Act.CONFIRM_SILENCE), visit.gettext
    back = in_mode("/posts", visit.mode)
    try:
        done = await acknowledge_at_desk(visit.crisis.db, actor, activation_id)
    except Conflict as error:
        return visit.to(back, said=told(visit, error.args[0]))
    if not done.created:
        return visit.to(back, said=_("%(name)s hadde alt svart. Ingenting er endret.", name=done.name))
    return visit.to(back, said=_("Takk. Nettredaksjonen ser at dere ikke legger ut noe."))


async def _show(visit: Visit, token: str, link: Link | None) -> Response:
    """The page, in the language that the contact was written to in."""
    contact = visit.crisis.settings.editors_contact
    if link is None:
        return await visit.page("silence", status=404, state=UNKNOWN, link=None, contact=contact, token=token)
    await _give_back(visit)
    visit.mode, visit.speaks = link.mode, link.language or ""
    async with visit.crisis.db.transaction() as session:
        rows = await accounts.list_accounts(session, link.unit)
    shown = [each for each in rows if each.state is AccountState.ACTIVE]
    return await visit.page(
        "silence",
        status=410 if link.state in {LinkState.EXPIRED, LinkState.OVER} else 200,
        state=link.state.value,
        link=link,
        token=token,
        contact=contact,
        accounts=[(CHANNEL_NAMES.get(each.channel, each.channel), each.name) for each in shown],
        is_own=link.acknowledged_way == LINK,
        answered=visit.request.query_params.get("answered") == "yes",
    )


async def _too_soon(visit: Visit, soon: TooSoon) -> Response:
    return await visit.page("silence", status=429, state="too_soon", link=None, problem=waiting(visit, soon))


def _purse(visit: Visit) -> Purse:
    return Purse(Under.LINK, browser_of(visit).address)


async def _spend(visit: Visit) -> None:
    async with visit.crisis.db.transaction() as session:
        await attempts.spend(session, _purse(visit))


async def _give_back(visit: Visit) -> None:
    async with visit.crisis.db.transaction() as session:
        await attempts.give_back(session, _purse(visit))
