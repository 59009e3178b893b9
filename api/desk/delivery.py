"""One delivery: look at the provider, and decide about what nobody can tell about, or say what was published by hand."""

from collections.abc import Mapping
from datetime import timedelta

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.desk.reasons import reason
from api.desk.route import PageRoute, TheVisit
from api.desk.standing import SIGHTS, TONES
from api.desk.states import WORDS
from api.desk.visit import Visit
from crisis.bootstrap import outside_of
from crisis.deliveries import items
from crisis.deliveries.checks import check as look
from crisis.deliveries.decisions import ENDED_UNSENT, Decision, decide, is_by_hand
from crisis.deliveries.models import Delivery, Rendition
from crisis.deliveries.sights import Sight
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict, Invalid, NotFound
from crisis.lanes import Lane
from crisis.messages.models import Revision
from crisis.mode import Mode
from crisis.roles import Act
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
IS_OUT = frozenset({DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED})
DECIDED: Mapping[Decision, str] = {
    Decision.SEND_AGAIN: N_("Den sendes en gang til."),
    Decision.MARK_SENT: N_("Merket som sendt for hånd."),
    Decision.DROP: N_("Den blir ikke sendt."),
}


@router.get("/deliveries/{delivery_id:int}")
async def show(delivery_id: int, visit: TheVisit) -> Response:
    """What is known of it, its text to copy, and what can be decided."""
    visit.require(Act.READ_CRISIS)
    return await _page(visit, delivery_id)


@router.post("/deliveries/{delivery_id:int}/check")
async def check(delivery_id: int, visit: TheVisit) -> Response:
    """Ask the provider now. Reads only."""
    actor, _ = visit.require(Act.DECIDE_DELIVERY), visit.gettext
    done = await look(visit.crisis.db, actor, delivery_id, outside_of(visit.crisis.settings))
    if done.sight is not None:
        said = _(SIGHTS[done.sight]).capitalize() + "."
    elif done.state in IS_OUT:
        said = _("Den er ute. Den er nå ført som sendt.")
    elif done.state is DeliveryState.UNKNOWN:
        said = _("Den undersøkes nå. Se hvordan det står om noen sekunder.")
    else:
        said = _("Vi spurte tilbyderen og fant den ikke, eller fikk ikke svar. Se på kontoen selv, og avgjør.")
    return visit.to(f"/deliveries/{delivery_id}", said=said)


@router.post("/deliveries/{delivery_id:int}/decide")
async def settle(delivery_id: int, visit: TheVisit) -> Response:
    """Send again, mark as sent by hand, or let it be."""
    actor, form, _ = visit.require(Act.DECIDE_DELIVERY), await visit.form(), visit.gettext
    url = str(form.get("url", "")).strip()
    try:
        decision = Decision(str(form.get("decision", "")))
    except ValueError:
        raise Invalid("There is no such decision.") from None
    validity = timedelta(seconds=visit.crisis.settings.validity_seconds)
    link = url if url and decision is Decision.MARK_SENT else None
    try:
        await decide(visit.crisis.db, actor, delivery_id, decision, validity=validity, url=link)
    except Invalid:
        problem = _(
            "Lim inn hele lenken fra adresselinjen. Den begynner med https://. La feltet stå tomt hvis det ikke er noen."
        )
        return await _page(visit, delivery_id, url, problem)
    except Conflict:
        problem = _("Noen andre har avgjort dette, eller det har løst seg. Slik står det nå.")
        return await _page(visit, delivery_id, url, changed=problem)
    async with visit.crisis.db.transaction() as session:
        item = await items.get(session, delivery_id)
        message_id = await _message(session, item)
    return visit.to(f"/messages/{message_id}", said=_(DECIDED[decision]))


async def _page(visit: Visit, delivery_id: int, url: str = "", problem: str = "", changed: str = "") -> Response:
    async with visit.crisis.db.transaction() as session:
        item = await items.get(session, delivery_id)
        if item.revision_id is None:
            raise NotFound("delivery", delivery_id)  # a unit's post is its owner's
        delivery = await session.get_one(Delivery, delivery_id)
        rendition = await session.get_one(Rendition, delivery.rendition_id)
        message_id = await _message(session, item)
    visit.mode = Mode(item.mode)
    state = DeliveryState(item.state)
    held = visit.crisis.capabilities.get(item.channel)
    return await visit.page(
        "delivery",
        status=422 if problem else 409 if changed else 200,
        item=item,
        word=WORDS[state],
        tone=TONES[state],
        reason=reason(visit, item.error, item.error_code),
        rendition=rendition,
        message_id=message_id,
        url=url,
        problem=problem,
        changed=changed,
        sight=SIGHTS[Sight(item.sight)] if item.sight else "",
        is_by_hand=is_by_hand(item.error),
        is_undecided=state is DeliveryState.UNKNOWN_FINAL,
        may_mark=state is DeliveryState.UNKNOWN_FINAL or (state in ENDED_UNSENT and item.lane == Lane.PUBLIC),
        may_check=state in {DeliveryState.UNKNOWN, DeliveryState.UNKNOWN_FINAL}
        or (state in IS_OUT and item.lane == Lane.PUBLIC and held is not None and bool(held.look_seconds)),
    )


async def _message(session: AsyncSession, item: items.Item) -> int:
    return (await session.get_one(Revision, item.revision_id)).message_id
