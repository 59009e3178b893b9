"""One's own: language, passkeys, password, and where one is signed in."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.desk import cookies
from api.desk.confirm import asked_first
from api.desk.login import entrance, wrong_passkey
from api.desk.passwords import problem_of
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.errors import Invalid, NotFound
from crisis.tongue import texts
from crisis.users import enrolment, passkeys, service, sessions
from crisis.users.ceremonies import CeremonyOver
from crisis.users.passkeys import PasskeyRefused
from crisis.users.passwords import LEAST, MOST, PasswordRefused

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/me")
async def show(visit: TheVisit) -> Response:
    """All of it on one page. By break-glass and in the demo there is nothing but the sessions."""
    return await _page(visit)


@router.post("/me/language")
async def speak(visit: TheVisit) -> Response:
    """The language of the desk's pages, from now on and on every machine."""
    language = str((await visit.form()).get("language", ""))
    if language not in texts.LANGUAGES:
        language = visit.language
    user_id = visit.signed_in.user_id
    if user_id is None:
        await sessions.set_language(visit.crisis.db, visit.signed_in, language)
    else:
        await service.set_language(visit.crisis.db, visit.actor, user_id, language)
    response = visit.to("/me")
    cookies.speak(response, language)
    return response


@router.post("/me/password")
async def change_password(visit: TheVisit) -> Response:
    """Another password. The one-time codes stay as they are."""
    user_id = _own(visit)
    if asked := await asked_first(visit):
        return asked
    form, _ = await visit.form(), visit.gettext
    password = str(form.get("password", ""))
    if password != form.get("again"):
        return await _page(visit, again_problem=_("De to passordene er ikke like. Skriv dem en gang til."), status=422)
    crisis = visit.crisis
    async with crisis.db.transaction() as session:
        user = await service.get(session, user_id)
    try:
        names = [crisis.settings.municipality]
        await enrolment.change_password(crisis.db, entrance(visit).passwords, user, password, names)
    except PasswordRefused as refused:
        return await _page(visit, password_problem=problem_of(visit, refused.fault), status=422)
    return visit.to("/me", said=_("Passordet er byttet."))


@router.post("/me/passkeys/options")
async def passkey_options(visit: TheVisit) -> Response:
    """What the browser needs to make a passkey."""
    user_id, place = _own(visit), entrance(visit).place
    if place is None:
        raise NotFound("address", "passkeys")
    async with visit.crisis.db.transaction() as session:
        begun, options = await passkeys.offer(session, place, await service.get(session, user_id))
    return JSONResponse({"begun": begun, "options": options})


@router.post("/me/passkeys")
async def add_passkey(visit: TheVisit) -> Response:
    """One more passkey."""
    user_id, place = _own(visit), entrance(visit).place
    if place is None:
        raise NotFound("address", "passkeys")
    if asked := await asked_first(visit):
        return asked
    form, _ = await visit.form(), visit.gettext
    begun, credential, name = (str(form.get(field, "")) for field in ("begun", "credential", "name"))
    try:
        async with visit.crisis.db.transaction() as session:
            user = await service.get(session, user_id)
            await passkeys.add(session, place, user, begun, credential, name)
    except (PasskeyRefused, CeremonyOver):
        return await _page(visit, passkey_problem=wrong_passkey(visit), status=422)
    except Invalid:
        problem = _("Du har så mange passnøkler som det går an å ha. Fjern en først.")
        return await _page(visit, passkey_problem=problem, status=422)
    return visit.to("/me", said=_("Passnøkkelen er lagt til."))


@router.post("/me/passkeys/{passkey_id:int}/remove")
async def remove_passkey(visit: TheVisit, passkey_id: int) -> Response:
    """One passkey less, unless it is the only way in."""
    user_id = _own(visit)
    if asked := await asked_first(visit):
        return asked
    _ = visit.gettext
    try:
        async with visit.crisis.db.transaction() as session:
            await passkeys.remove(session, visit.actor, user_id, passkey_id)
    except Invalid:
        problem = _("Dette er den eneste måten du kan logge inn på. Legg til en passnøkkel til først.")
        return await _page(visit, passkey_problem=problem, status=422)
    return visit.to("/me", said=_("Passnøkkelen er fjernet."))


@router.post("/me/sessions/{session_id:int}/end")
async def end_session(visit: TheVisit, session_id: int) -> Response:
    """Sign out on another machine, or on this one."""
    await sessions.end_one(visit.crisis.db, visit.signed_in, session_id)
    if session_id == visit.signed_in.session_id:
        return visit.to("/login")
    return visit.to("/me", said=visit.gettext("Du er logget ut der."))


@router.post("/me/sessions/end-others")
async def end_others(visit: TheVisit) -> Response:
    """Sign out everywhere but here."""
    ended = await sessions.end_others(visit.crisis.db, visit.signed_in)
    said = visit.ngettext("Du er logget ut %(num)s annet sted.", "Du er logget ut %(num)s andre steder.", ended)
    return visit.to("/me", said=said)


def _own(visit: Visit) -> int:
    """Whose password and passkeys. Raises :class:`NotFound` where no user is behind the session."""
    if visit.signed_in.user_id is None:
        raise NotFound("user", visit.actor.name)
    return visit.signed_in.user_id


async def _page(visit: Visit, *, status: int = 200, **said: Any) -> Response:
    user_id = visit.signed_in.user_id
    async with visit.crisis.db.transaction() as session:
        user = await service.get(session, user_id) if user_id is not None else None
        held = await passkeys.list_passkeys(session, user_id) if user_id is not None else ()
        own = await sessions.list_own(session, visit.signed_in)
    problems: dict[str, Any] = dict.fromkeys(("passkey_problem", "password_problem", "again_problem"), None)
    return await visit.page(
        "me",
        status=status,
        user=user,
        passkeys=held,
        sessions=own,
        has_passkeys=entrance(visit).place is not None,
        least=LEAST,
        most=MOST,
        **(problems | said),
    )
