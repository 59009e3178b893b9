"""Confirming who one is: before acts that let somebody in or out, a factor has to have been shown in the last ten minutes.

A form that is sent without one comes back as a page that asks for it and carries along all that was typed; sent again with
the code or the passkey, the act is done. Never while a message is being written or sent.
"""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from api.desk import cookies
from api.desk.cross_site import FIELD, SAFE
from api.desk.login import entrance, wrong_code, wrong_passkey
from api.desk.login import waiting as wait_of
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.errors import NotFound
from crisis.users import passkeys, service
from crisis.users.attempts import TooSoon
from crisis.users.ceremonies import CeremonyOver
from crisis.users.entrance import SignInRefused
from crisis.users.passkeys import PasskeyRefused

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_OWN: Final = frozenset({FIELD, "confirm_code", "confirm_begun", "confirm_credential"})


@router.get("/confirm")
async def ask(visit: TheVisit) -> Response:
    """The page by itself: for whoever wants to have it done before."""
    asked = cookies.onward(visit.request, visit.request.query_params.get("next"))
    return visit.to(asked) if visit.signed_in.is_fresh else await _page(visit, "/confirm", {"next": asked})


@router.post("/confirm")
async def confirm(visit: TheVisit) -> Response:
    """Done before, and on to where they were going."""
    asked = cookies.onward(visit.request, (await visit.form()).get("next"))
    return await asked_first(visit) or visit.to(asked)


@router.post("/confirm/passkey/options")
async def passkey_options(visit: TheVisit) -> Response:
    """What the browser needs to ask for one of this person's passkeys."""
    place = entrance(visit).place
    if place is None or visit.signed_in.user_id is None:
        raise NotFound("address", visit.request.url.path)
    async with visit.crisis.db.transaction() as session:
        begun, options = await passkeys.ask(session, place, visit.signed_in.user_id)
    return JSONResponse({"begun": begun, "options": options})


async def asked_first(visit: Visit) -> Response | None:
    """A page that asks for a factor, if one is needed before this; of ``None``, go on.

    Asked for in the middle of a form, it carries the form along. A factor that came with it is looked at here.
    """
    if visit.signed_in.is_fresh:
        return None
    if visit.request.method in SAFE:
        return await _page(visit, "/confirm", {"next": visit.request.url.path})
    form = await visit.form()
    carried = {name: str(value) for name, value in form.multi_items() if name not in _OWN}
    code, begun, credential = (str(form.get(f"confirm_{name}", "")) for name in ("code", "begun", "credential"))
    status, said = 403, {}
    try:
        if credential:
            await visit.renew(await entrance(visit).confirm_by_passkey(visit.signed_in, begun, credential))
            return None
        if code:
            await visit.renew(await entrance(visit).confirm_by_code(visit.signed_in, code))
            return None
    except TooSoon as soon:
        status, said = 429, {"problem": wait_of(visit, soon)}
    except SignInRefused:
        status, said = 422, {"problem": wrong_code(visit)}
    except (PasskeyRefused, CeremonyOver):
        status, said = 422, {"passkey_problem": wrong_passkey(visit)}
    return await _page(visit, visit.request.url.path, carried, status=status, **said)


async def _page(visit: Visit, action: str, carried: dict[str, str], *, status: int = 200, **said: Any) -> Response:
    async with visit.crisis.db.transaction() as session:
        user = await service.get(session, visit.signed_in.user_id or 0)
        held = await passkeys.list_passkeys(session, user.id)
    return await visit.page(
        "confirm",
        status=status,
        action=action,
        carried=carried,
        has_code=user.totp is not None,
        has_passkeys=bool(held) and entrance(visit).place is not None,
        has_provider=user.subject is not None,
        **({"problem": None, "passkey_problem": None} | said),
    )
