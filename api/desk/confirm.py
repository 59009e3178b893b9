"""Confirming who one is: which acts ask for it, and when, is in :mod:`crisis.users.confirmation`.

A form that is sent without comes back as a page that asks for a factor and carries along all that was typed; sent again with
the code or the passkey, the act is done. To the identity provider no form can be carried: it is kept meanwhile, and its
button is pressed once more. Never while a message is being written.
"""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.desk import cookies, late
from api.desk.cross_site import FIELD, SAFE
from api.desk.kept import act_of
from api.desk.login import entrance, has_provider, provider, provider_away, wrong_code, wrong_passkey
from api.desk.login import waiting as wait_of
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.errors import NotFound
from crisis.mode import Mode
from crisis.roles import Act
from crisis.tongue.texts import lazily as N_
from crisis.users import passkeys, service
from crisis.users.attempts import TooSoon
from crisis.users.ceremonies import CeremonyOver
from crisis.users.confirmation import is_needed
from crisis.users.entrance import SignInRefused
from crisis.users.oidc import ProviderAway
from crisis.users.passkeys import PasskeyRefused

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_OWN: Final = frozenset({FIELD, "confirm_code", "confirm_begun", "confirm_credential", "confirm_action"})
WHY: Final = {
    Act.ACTIVATE: N_(
        "Det er mer enn fire timer siden du sist viste hvem du er. Ingenting er låst ennå. Det skjer så snart du har bekreftet."
    ),
    Act.APPROVE_MESSAGE: N_(
        "Det er mer enn fire timer siden du sist viste hvem du er. Ingenting er sendt ennå. Det går ut så snart du har bekreftet."
    ),
    Act.EXPORT_LOG: N_("Du er i ferd med å ta loggen ut av tjenesten. Derfor spør vi en gang til hvem du er."),
    Act.MANAGE_ACCOUNTS: N_(
        "Dette gjelder nøklene til en konto. Derfor spør vi en gang til. Det du skrev, er tatt vare på."
    ),
    None: N_("Dette gjelder hvem som slipper inn. Derfor spør vi en gang til. Det du skrev, er tatt vare på."),
}
"""Why it is asked, by what is to be done; of ``None``, whatever lets somebody in or out."""


@router.get("/confirm")
async def ask(visit: TheVisit) -> Response:
    """The page by itself: for whoever wants to have it done before."""
    asked = cookies.onward(visit.request, visit.request.query_params.get("next"))
    return visit.to(asked) if not is_needed(visit.signed_in) else await _page(visit, "/confirm", [("next", asked)])


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


@router.post("/confirm/provider")
async def to_provider(visit: TheVisit) -> Response:
    """To the identity provider, which is to ask again who it is; and back to what was to be done, to press its button."""
    form = await visit.form()
    action, onward = (
        cookies.onward(visit.request, form.get("confirm_action")),
        cookies.onward(visit.request, form.get("next")),
    )
    secret = await late.keep(visit, action) if action != "/confirm" else ""
    try:
        begun, address = await provider(visit).begin(
            visit.crisis.db, late.AT if secret else onward, again=visit.signed_in
        )
    except ProviderAway:
        return await _page(visit, action, _carried(form), status=503, provider_problem=provider_away(visit))
    response = cookies.begin(visit, RedirectResponse(address, 303), begun)
    return cookies.keep(visit, response, secret) if secret else response


async def asked_first(
    visit: Visit, act: Act | None = None, *, mode: Mode = Mode.ACTUAL, back: str = "/"
) -> Response | None:
    """A page that asks for a factor, if one is needed before this; of ``None``, go on. ``back``: where whoever thinks better of
    it goes.

    Asked for in the middle of a form, it carries the form along. A factor that came with it is looked at here.
    """
    if not is_needed(visit.signed_in, act, mode):
        return None
    if visit.request.method in SAFE:
        return await _page(visit, "/confirm", [("next", visit.request.url.path)], act, back=back)
    form = await visit.form()
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
    return await _page(visit, late.address_of(visit.request), _carried(form), act, status=status, back=back, **said)


def _carried(form: FormData) -> list[tuple[str, str]]:
    """All of the form, fields that come several times too, but what is this page's own."""
    return [(name, value) for name, value in form.multi_items() if name not in _OWN and isinstance(value, str)]


async def _page(
    visit: Visit,
    action: str,
    carried: Sequence[tuple[str, str]],
    act: Act | None = None,
    *,
    status: int = 200,
    back: str = "/",
    **said: Any,
) -> Response:
    async with visit.crisis.db.transaction() as session:
        user = await service.get(session, visit.signed_in.user_id or 0)
        held = await passkeys.list_passkeys(session, user.id)
    return await visit.page(
        "confirm",
        status=status,
        action=action,
        why=visit.gettext(WHY.get(act, WHY[None])),
        what=act_of(visit, action),
        back=back,
        carried=carried,
        has_code=user.totp is not None,
        has_passkeys=bool(held) and entrance(visit).place is not None,
        has_provider=user.subject is not None and has_provider(visit),
        **(dict.fromkeys(("problem", "passkey_problem", "provider_problem")) | said),
    )
