"""The deliveries of a message one by one: to whom, how it stands and why. Of a number the last two digits are shown."""

from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.reasons import reason
from api.desk.route import PageRoute, TheVisit
from api.desk.standing import TONES
from api.desk.states import WORDS
from api.desk.typed import number
from crisis.deliveries import items
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict
from crisis.messages import drafts
from crisis.messages.models import RevisionState
from crisis.roles import Act
from crisis.tongue.kinds import KINDS
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PIECE: Final = 100
"""Lines of one page."""
STATE_NAMES: Final = dict(WORDS) | {
    DeliveryState.LEASED: N_("i kø, straks"),
    DeliveryState.ACCEPTED: N_("sendt"),
    DeliveryState.SENT: N_("sendt videre"),
}
"""In a list to choose from, no two are called the same."""


@router.get("/messages/{message_id:int}/recipients")
async def show(message_id: int, visit: TheVisit) -> Response:
    """``?revision=``, the newest by default; ``?channel=`` and ``?state=`` narrow it down; ``?after=`` goes on."""
    visit.require(Act.READ_CRISIS)
    asked = visit.request.query_params
    after, state = number(asked.get("after"), digits=18), asked.get("state") or None
    channel = asked.get("channel") or None
    async with visit.crisis.db.transaction() as session:
        message, revisions = await drafts.message(session, message_id)
        visit.mode = message.mode
        sent = [each for each in revisions if each.state is RevisionState.APPROVED]
        if not sent:
            raise Conflict("Nothing of this message has been sent yet, so nobody has got it.")
        asked_for = number(asked.get("revision"))
        revision = next((each for each in sent if each.number == asked_for), sent[-1])
        found = await items.of_revision(
            session,
            revision.id,
            after=after,
            most=PIECE + 1,
            state=DeliveryState(state) if state in set(DeliveryState) else None,
            channel=channel,
        )
    kept = {"revision": str(revision.number), "channel": channel or "", "state": state or ""}
    following = ""
    if len(found) > PIECE:
        following = urlencode({name: value for name, value in kept.items() if value} | {"after": found[PIECE - 1].id})
    return await visit.page(
        "recipients",
        message_id=message_id,
        revision=revision,
        sent=sent,
        items=found[:PIECE],
        reasons={each.id: reason(visit, each.error, each.error_code) for each in found[:PIECE]},
        kinds=KINDS,
        words=WORDS,
        state_names=STATE_NAMES,
        tones=TONES,
        states=list(DeliveryState),
        state=state or "",
        channel=channel or "",
        channels=sorted(visit.crisis.capabilities),
        is_first=after == 0,
        following=following,
    )
