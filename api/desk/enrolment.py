"""Enrolment: the page behind the link that a new person gets. A password with one-time codes, or a passkey; then they are in."""

from typing import Any

import segno
from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import JSONResponse, Response

from api.desk import cookies
from api.desk.login import entrance, wrong_code, wrong_passkey
from api.desk.passwords import problem_of
from api.desk.route import AnyVisit, PageRoute
from api.desk.visit import Visit
from crisis.errors import NotFound
from crisis.users import enrolment, passkeys, totp
from crisis.users.ceremonies import CeremonyOver
from crisis.users.enrolment import LinkOver, WrongCode
from crisis.users.models import How, User
from crisis.users.passkeys import PasskeyRefused
from crisis.users.passwords import LEAST, MOST, PasswordRefused

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/enrol/{secret}")
async def ask(visit: AnyVisit, secret: str) -> Response:
    """Both ways, the passkey first. The QR code is new each time the page is opened."""
    try:
        async with visit.crisis.db.transaction() as session:
            user = await enrolment.get(session, secret)
            offered, _ = await enrolment.offer_codes(session, visit.crisis.credentials, user)
    except LinkOver:
        return await _over(visit)
    return await _page(visit, secret, user, offered)


@router.post("/enrol/{secret}")
async def by_password(visit: AnyVisit, secret: str) -> Response:
    """A password and the first code."""
    form, crisis, _ = await visit.form(), visit.crisis, visit.gettext
    offered, password, again, code = (str(form.get(name, "")) for name in ("offered", "password", "again", "code"))
    status, said, names = 422, {}, [crisis.settings.municipality]
    try:
        async with crisis.db.transaction() as session:
            user = await enrolment.get(session, secret)
        if password == again:
            passwords = entrance(visit).passwords
            await enrolment.set_password(crisis.db, passwords, crisis.credentials, user, password, offered, code, names)
            entered = await entrance(visit).enrolled(user, How.PASSWORD, cookies.browser_of(visit))
            return cookies.let_in(visit, visit.to("/"), entered)
        said = {"again_problem": _("De to passordene er ikke like. Skriv dem en gang til.")}
    except LinkOver:
        return await _over(visit)
    except PasswordRefused as refused:
        said = {"password_problem": problem_of(visit, refused.fault)}
    except WrongCode:
        said = {"code_problem": wrong_code(visit)}
    except CeremonyOver:
        status = 409
        said = {"code_problem": _("Det tok for lang tid, så QR-koden er ny. Skann den, og skriv koden appen viser.")}
    return await _page(visit, secret, user, offered, status=status, **said)


@router.post("/enrol/{secret}/passkey/options")
async def passkey_options(visit: AnyVisit, secret: str) -> Response:
    """What the browser needs to make a passkey."""
    place = entrance(visit).place
    if place is None:
        raise NotFound("address", "passkeys")
    async with visit.crisis.db.transaction() as session:
        begun, options = await passkeys.offer(session, place, await enrolment.get(session, secret))
    return JSONResponse({"begun": begun, "options": options})


@router.post("/enrol/{secret}/passkey")
async def by_passkey(visit: AnyVisit, secret: str) -> Response:
    """A passkey, and in."""
    form, place = await visit.form(), entrance(visit).place
    if place is None:
        raise NotFound("address", "passkeys")
    begun, credential, name = (str(form.get(field, "")) for field in ("begun", "credential", "name"))
    try:
        async with visit.crisis.db.transaction() as session:
            user = await enrolment.get(session, secret, lock=True)
            enrolment.spend(user)
            await passkeys.add(session, place, user, begun, credential, name)
    except LinkOver:
        return await _over(visit)
    except (PasskeyRefused, CeremonyOver):
        async with visit.crisis.db.transaction() as session:
            user = await enrolment.get(session, secret)
            offered, _ = await enrolment.offer_codes(session, visit.crisis.credentials, user)
        return await _page(visit, secret, user, offered, passkey_problem=wrong_passkey(visit), status=422)
    entered = await entrance(visit).enrolled(user, How.PASSKEY, cookies.browser_of(visit))
    return cookies.let_in(visit, visit.to("/"), entered)


async def _page(visit: Visit, secret: str, user: User, offered: str, *, status: int = 200, **said: Any) -> Response:
    crisis = visit.crisis
    async with crisis.db.transaction() as session:
        shown = await enrolment.find_offered(session, crisis.credentials, user, offered)
        if shown is None:
            offered, shown = await enrolment.offer_codes(session, crisis.credentials, user)
    code = segno.make_qr(totp.address(shown, user.login or "", crisis.settings.municipality), error="m")
    problems: dict[str, Any] = dict.fromkeys(
        ("password_problem", "again_problem", "code_problem", "passkey_problem"), None
    )
    return await visit.page(
        "enrolment",
        status=status,
        secret=secret,
        user=user,
        offered=offered,
        shown=" ".join(shown[at : at + 4] for at in range(0, len(shown), 4)),
        picture=Markup(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True)),  # noqa: S704 - segno's own
        has_passkeys=entrance(visit).place is not None,
        least=LEAST,
        most=MOST,
        **(problems | said),
    )


async def _over(visit: Visit) -> Response:
    return await visit.page("enrolment-over", status=404)
