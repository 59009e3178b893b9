"""First impression: the page that the talk right after a drill begins with, with the way to the questionnaire."""

from urllib.parse import urljoin

import segno
from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from api.desk.reports import reports
from api.desk.route import PageRoute, TheVisit
from crisis.drills import impression, questionnaire
from crisis.drills.subject import Subject
from crisis.errors import NotFound
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/drills/{drill_id:int}/impression")
async def show(visit: TheVisit, drill_id: int) -> Response:
    """There at once when the drill is over, and as it stands so far while it is not."""
    found = await reports(visit).read(visit.actor, Subject(drill_id=drill_id), Act.READ_CRISIS)
    visit.mode = found.mode
    drill = found.run.drill
    if drill is None:
        raise NotFound("drill", drill_id)
    speaker = reports(visit).speaker(visit.language)
    script = found.run.script.spoken(visit.language)
    link = urljoin(visit.crisis.settings.public_url, f"/answer/{questionnaire.token_of(drill)}")
    code = segno.make_qr(link, error="m")
    return await visit.page(
        "impression",
        drill=drill,
        title=script.title,
        hotwash=script.hotwash,
        impression=impression.of(found, speaker),
        answers=len(found.answers),
        asks=bool(script.questions),
        link=link,
        picture=Markup(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)),  # noqa: S704 - segno's own
    )
