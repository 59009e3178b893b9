"""Refusals: what went wrong, as a page that says what it means and what to do next.

The domain's own sentences are written in English for whoever runs the service; what an editor meets in the ordinary course of
work has its sentence here, in the desk's languages, with the domain's behind "details".
"""

import json
from collections.abc import Mapping
from typing import Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.desk.accepted import accepted
from api.desk.cross_site import SAFE, FromElsewhere, check_origin
from api.desk.pages import Pages
from api.desk.sentences import find, told
from api.desk.visit import FIELDS_MOST, FORM_MOST, POLICY, Visit
from api.errors import HEADERS, STATUS, NoRoom, Stalled, TooLarge
from crisis.activations.service import ActivationLocked
from crisis.errors import Conflict, CrisisError, Invalid, Locked, NotAllowed, NotFound, Unready
from crisis.tongue.texts import lazily as N_

SENTENCES: Final[Mapping[type[CrisisError], tuple[str, str]]] = {
    NotFound: (
        N_("Finner ikke dette"),
        N_("Det du leter etter, finnes ikke, eller det er fjernet. Gå tilbake og velg på nytt."),
    ),
    FromElsewhere: (
        N_("Ingenting ble gjort"),
        N_(
            "Siden var eldre enn innloggingen din, eller forespørselen kom fra et annet nettsted. Last siden på nytt og prøv igjen."
        ),
    ),
    NotAllowed: (
        N_("Dette kan ikke du gjøre"),
        N_(
            "Rollen din gir ikke tilgang til dette. Spør en som har tilgang, eller be administratoren om en annen rolle."
        ),
    ),
    ActivationLocked: (
        N_("Kontoen er låst"),
        N_(
            "Krisestab er satt, og all publisering går gjennom nettredaksjonen. Teksten er tatt vare på. Ring nettredaksjonen hvis den haster."
        ),
    ),
    Locked: (N_("Kontoen er låst"), N_("Krisestab er satt. Ingenting er publisert, og ingenting er mistet.")),
    Conflict: (
        N_("Noe annet skjedde først"),
        N_(
            "Noen andre, eller du selv i et annet vindu, har endret dette siden du åpnet siden. Last siden på nytt og se hvordan det står nå."
        ),
    ),
    TooLarge: (
        N_("For stort"),
        N_("Dette er større enn vi kan ta imot. Ingenting ble lagret. Del det opp og prøv igjen."),
    ),
    Stalled: (
        N_("Det kom ikke fram"),
        N_(
            "Det sluttet å komme noe fra nettleseren din, og vi sluttet å vente. Ingenting ble gjort. Se om du har nett, gå tilbake og send på nytt."
        ),
    ),
    NoRoom: (
        N_("Det er ikke plass til filen"),
        N_(
            "Disken er full der filer tas imot. Ingenting ble lagret. Si fra til driften, og send filen på nytt når de har ryddet. Meldinger kan sendes som før."
        ),
    ),
    Invalid: (N_("Noe må rettes"), N_("Det kan ikke brukes slik det står. Ingenting ble gjort.")),
    Unready: (
        N_("En del av tjenesten svarer ikke"),
        N_("Vi prøver igjen av oss selv. Det du har lagret, er trygt. Prøv på nytt om litt."),
    ),
}
"""Heading and sentence of each class of error; a class that is not here has its nearest ancestor's."""
UNREAD: Final = frozenset({408, 413, 507})
"""What is answered with some of the body still to come: the connection is of no more use."""
AWAY: Final = (
    N_("Databasen svarer ikke"),
    N_(
        "Ingenting er mistet: det som er sendt, er sendt, og den offentlige krisesiden står. Siden prøver igjen av seg selv."
    ),
)
SENT: Final = N_(
    "Det er ikke sikkert at det du sendte, kom fram. Det ligger på denne siden. Trykk «Send på nytt» når databasen svarer igjen."
)
"""Beside it, where a form was sent."""
UNFORESEEN: Final = (
    N_("Noe gikk galt"),
    N_("Det er ikke sikkert om det ble gjort eller ikke. Se etter før du prøver igjen."),
)


async def refuse(visit: Visit, error: CrisisError | HTTPException | RequestValidationError) -> Response:
    """A page for an error that somebody can do something about."""
    if not isinstance(error, CrisisError):
        error = NotFound("page", visit.request.url.path)
    kind = next((kind for kind in type(error).__mro__ if kind in SENTENCES), Unready)
    status = next((STATUS[kind][0] for kind in type(error).__mro__ if kind in STATUS), 500)
    title, sentence = SENTENCES[kind]
    problems = [told(visit, each) for each in error.problems] if isinstance(error, Invalid) else []
    said = error.summary if isinstance(error, Invalid) else (error.args or ("",))[0]
    ours = find(visit, said)
    details = "" if isinstance(error, NotFound) or ours else str(said)
    page = await visit.page(
        "refusal",
        status=status,
        heading=visit.gettext(title),
        sentence=ours or visit.gettext(sentence),
        problems=problems,
        details=details,
    )
    page.headers.update(HEADERS.get(status, {}) if status in UNREAD else {})
    return page


async def unforeseen(visit: Visit, answer: Response) -> Response:
    """A page for what nobody foresaw: the id under which the log has it."""
    error_id = json.loads(bytes(answer.body))["error_id"]
    title, sentence = (visit.gettext(each) for each in UNFORESEEN)
    return await visit.page("refusal", status=500, heading=title, sentence=sentence, problems=[], details=error_id)


async def database_away(request: Request, pages: Pages) -> Response:
    """A page that needs no database: the frame could not say who is there, so there is none. It asks again by itself; after a
    form it holds what was typed instead, to be sent again by a person.
    """
    title, sentence = AWAY
    typed = await _typed(request)
    language = accepted(request)
    context = {
        "heading": title,
        "sentence": sentence if typed is None else SENT,
        "path": request.url.path,
        "address": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "typed": typed,
        "language": language,
    }
    told = {"Content-Language": language, "Vary": "Cookie, Accept-Language"}
    headers = {"Content-Security-Policy": POLICY, "Retry-After": "5", **told}
    return HTMLResponse(pages.whole("away", language, context), 503, headers)


async def _typed(request: Request) -> list[tuple[str, str]] | None:
    """The fields of a form of ours, as they were sent; None where there was none, or where it holds a file."""
    length = request.headers.get("content-length", "")
    if request.method in SAFE or not length.isascii() or not length.isdigit() or int(length) > FORM_MOST:
        return None
    try:
        check_origin(request)
        form = await request.form(max_fields=FIELDS_MOST, max_part_size=FORM_MOST)
    except (FromElsewhere, HTTPException):
        return None
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return fields if len(fields) == len(form.multi_items()) else None
