"""Kept forms: what came after its session had ended (:mod:`api.desk.late`), shown again to the same person when they are back.

Nothing of it is done before its button is pressed once more.
"""

import re
from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response
from starlette.routing import compile_path

from api.desk import cookies
from api.desk.late import AT
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.tongue.texts import lazily as N_
from crisis.users import kept_forms

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ACTS: Final = {
    "/accounts/{account_id:int}/administration": N_("Lagre administratorens nøkler"),
    "/accounts/{account_id:int}/connection": N_("Koble til kontoen"),
    "/activations": N_("Sett krisestab"),
    "/activations/{activation_id:int}/stand-down": N_("Avslutt krisestab"),
    "/log": N_("Skriv i loggen"),
    "/log/note": N_("Skriv i loggen"),
    "/log/export": N_("Hent loggen"),
    "/messages": N_("Skriv en ny melding"),
    "/messages/{message_id:int}/retract": N_("Meld falsk alarm"),
    "/messages/{message_id:int}/revisions/{revision_id:int}": N_("Lagre teksten"),
    "/messages/{message_id:int}/revisions/{revision_id:int}/send": N_("Send meldingen"),
    "/messages/{message_id:int}/revisions/{revision_id:int}/send-back": N_("Send tilbake"),
    "/messages/{message_id:int}/withdraw": N_("Ta ned meldingen"),
    "/pointer": N_("Skriv henvisningsinnlegget"),
    "/posts": N_("Lagre innlegget"),
    "/users": N_("Legg til en bruker"),
    "/users/{user_id:int}": N_("Endre brukeren"),
}
"""What a form does, by where it is sent. Others say no more than that they are sent."""
TYPED: Final = {
    "title": N_("Hva har skjedd?"),
    "headline": N_("Overskrift"),
    "what_happened": N_("Hva har skjedd?"),
    "where": N_("Hvor"),
    "what_to_do": N_("Hva folk skal gjøre"),
    "leads": N_("Hvem leder arbeidet"),
    "contact": N_("Kontakt"),
    "short": N_("Kort tekst"),
    "text": N_("Tekst"),
    "link": N_("Lenke"),
    "told_by": N_("Hvem har fortalt det?"),
    "happened_at-date": N_("Hvilken dag skjedde det?"),
    "happened_at": N_("Når skjedde det?"),
    "reason": N_("Hvorfor"),
    "name": N_("Navn"),
    "login": N_("Brukernavn"),
    "unit": N_("Enhet"),
    "address": N_("Adresse"),
    "leader": N_("Enhetsleder"),
    "number": N_("Nummer"),
    "url": N_("Lenke"),
    "note": N_("Merknad"),
    "improvement": N_("Tiltak"),
    "owner": N_("Ansvarlig"),
    "phone": N_("Mobilnummer"),
    "email": N_("E-postadresse"),
    "feed_url": N_("Adressen til en nyhetsstrøm (RSS eller Atom)"),
    "reached": N_("Hvem nådde du?"),
    "said": N_("Hva ble sagt?"),
}
"""The fields that people write in, and what to call them. What stands in others goes along unseen."""
BLANK: Final = "blank-"
"""What the names of a template's blanks begin with: the words that are missing in a new message's first text."""
_PATTERNS: Final = [(compile_path(path)[0], name) for path, name in ACTS.items()]


@router.get(AT)
async def show(visit: TheVisit) -> Response:
    """What was typed, to the person who typed it and to nobody else."""
    secret = cookies.held(visit, cookies.KEPT)
    async with visit.crisis.db.transaction() as session:
        kept = await kept_forms.find(session, visit.crisis.credentials, secret) if secret else None
    if kept is None:
        return visit.to("/")
    own = visit.mark[: len(kept.whose)]
    is_own = bool(own) and own == kept.whose
    return await visit.page(
        "kept",
        status=200 if is_own else 403,
        is_own=is_own,
        act=act_of(visit, kept.path) if is_own else "",
        action=kept.path if is_own else "",
        fields=kept.fields if is_own else (),
        typed=_typed(visit, kept.fields) if is_own else (),
    )


@router.post(f"{AT}/drop")
async def drop(visit: TheVisit) -> Response:
    """It is not wanted."""
    async with visit.crisis.db.transaction() as session:
        await kept_forms.drop(session, cookies.held(visit, cookies.KEPT))
    response = visit.to("/", said=visit.gettext("Det er slettet, og ingenting er gjort."))
    cookies.drop(visit, response, cookies.KEPT)
    return response


def act_of(visit: Visit, path: str) -> str:
    """What a form that is sent there does, in the page's language; nothing where that is not said."""
    plain = path.partition("?")[0]
    found = next((name for pattern, name in _PATTERNS if re.match(pattern, plain)), "")
    return visit.gettext(found) if found else ""


def _typed(visit: Visit, fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a person wrote in, by what that is called."""
    named = [(TYPED["text"] if name.startswith(BLANK) else TYPED.get(name), value) for name, value in fields]
    return [(visit.gettext(name), value) for name, value in named if name and value.strip()]
