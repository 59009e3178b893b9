"""Signing in and out: one page with every way in, and what each of them says when it does not work."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.desk import cookies
from api.desk.route import AnyVisit, PageRoute
from api.desk.visit import Visit
from crisis.errors import Invalid, NotFound
from crisis.tongue import texts
from crisis.users import break_glass, passkeys, sessions
from crisis.users.attempts import TooSoon
from crisis.users.break_glass import CodeRefused
from crisis.users.ceremonies import CeremonyOver
from crisis.users.entrance import Entrance, SignInRefused, WrongCode
from crisis.users.grants import NoRole
from crisis.users.oidc import NoAuthTime, Oidc, ProviderAway, SignInDenied
from crisis.users.passkeys import PasskeyRefused

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/login")
async def ask(visit: AnyVisit) -> Response:
    """Every way in. Whoever is in already goes on."""
    asked = cookies.onward(visit.request, visit.request.query_params.get("next"))
    if visit.is_signed_in:
        return visit.to(asked)
    return await _page(visit, asked)


@router.post("/login")
async def by_password(visit: AnyVisit) -> Response:
    """Login and password; then the code is asked for."""
    form = await visit.form()
    login, asked = str(form.get("login", "")), cookies.onward(visit.request, form.get("next"))
    try:
        begun = await entrance(visit).by_password(login, str(form.get("password", "")), cookies.browser_of(visit))
    except TooSoon as soon:
        return await _page(visit, asked, login=login, problem=waiting(visit, soon), status=429)
    except SignInRefused:
        _ = visit.gettext
        problem = _("Brukernavn og passord hører ikke sammen. Prøv igjen, eller logg inn på en annen måte.")
        return await _page(visit, asked, login=login, problem=problem, status=422)
    return await _code_page(visit, begun, asked)


@router.post("/login/code")
async def by_code(visit: AnyVisit) -> Response:
    """The code, and in."""
    form = await visit.form()
    begun, asked = str(form.get("begun", "")), cookies.onward(visit.request, form.get("next"))
    _ = visit.gettext
    try:
        entered = await entrance(visit).by_code(begun, str(form.get("code", "")), cookies.browser_of(visit))
    except WrongCode as wrong:
        return await _code_page(visit, wrong.again, asked, problem=wrong_code(visit), status=422)
    except TooSoon as soon:
        return await _code_page(visit, soon.again, asked, problem=waiting(visit, soon), status=429)
    except (CeremonyOver, NotFound):
        return await _page(visit, asked, problem=_("Det tok for lang tid. Begynn på nytt."), status=409)
    return cookies.let_in(visit, visit.to(asked), entered)


@router.post("/login/passkey/options")
async def passkey_options(visit: AnyVisit) -> Response:
    """What the browser needs to ask for a passkey: JSON, for our own script."""
    place = entrance(visit).place
    if place is None:
        raise NotFound("address", visit.request.url.path)
    async with visit.crisis.db.transaction() as session:
        begun, options = await passkeys.ask(session, place)
    return JSONResponse({"begun": begun, "options": options})


@router.post("/login/passkey")
async def by_passkey(visit: AnyVisit) -> Response:
    """A passkey, and in."""
    form = await visit.form()
    begun, credential, asked = (str(form.get(name, "")) for name in ("begun", "credential", "next"))
    asked = cookies.onward(visit.request, asked)
    try:
        entered = await entrance(visit).by_passkey(begun, credential, cookies.browser_of(visit))
    except (PasskeyRefused, CeremonyOver):
        return await _page(visit, asked, passkey_problem=wrong_passkey(visit), status=422)
    return cookies.let_in(visit, visit.to(asked), entered)


@router.get("/login/oidc")
async def to_provider(visit: AnyVisit) -> Response:
    """To the municipality's identity provider, and back."""
    asked = cookies.onward(visit.request, visit.request.query_params.get("next"))
    oidc = provider(visit)
    try:
        begun, address = await oidc.begin(visit.crisis.db, asked)
    except ProviderAway:
        return await _page(visit, asked, provider_problem=provider_away(visit), status=503)
    return cookies.begin(visit, RedirectResponse(address, 303), begun)


@router.get("/login/oidc/callback")
async def from_provider(visit: AnyVisit) -> Response:
    """Back from the identity provider, with its word for who this is."""
    begun, browser, _ = cookies.held(visit, cookies.BEGUN), cookies.browser_of(visit), visit.gettext
    try:
        answer, here = visit.request.query_params, visit.signed_in if visit.is_signed_in else None
        secret, asked = await provider(visit).finish(visit.crisis.db, begun, answer, browser, here=here)
    except ProviderAway:
        return await _page(visit, "/", provider_problem=provider_away(visit), status=503)
    except NoRole:
        problem = _("Du er kjent av kommunens innlogging, men har ingen rolle her. Be administratoren gi deg en.")
        return await _page(visit, "/", provider_problem=problem, status=403)
    except NoAuthTime:
        problem = _(
            "Kommunens innlogging sier ikke når du sist viste hvem du er, og slipper derfor ingen inn her. Si fra til driften, og logg inn på en annen måte."
        )
        return await _page(visit, "/", provider_problem=problem, status=422)
    except (SignInDenied, CeremonyOver):
        problem = _("Innloggingen ble avbrutt eller tok for lang tid. Prøv igjen, eller logg inn på en annen måte.")
        return await _page(visit, "/", provider_problem=problem, status=422)
    return cookies.let_in(visit, visit.to(asked), secret)


@router.post("/login/break-glass")
async def by_break_glass(visit: AnyVisit) -> Response:
    """A printed code, a name and a reason, and in."""
    form, _ = await visit.form(), visit.gettext
    typed = {name: str(form.get(name, "")) for name in ("printed", "name", "reason")}
    asked, browser, crisis = cookies.onward(visit.request, form.get("next")), cookies.browser_of(visit), visit.crisis
    try:
        secret = await break_glass.use(
            crisis.db,
            entrance(visit).passwords,
            typed["printed"],
            typed["name"],
            typed["reason"],
            agent=browser.agent,
            address=browser.address,
            editors_unit=crisis.settings.editors_unit,
            language=visit.language,
        )
    except TooSoon as soon:
        return await _page(visit, asked, printed=typed, printed_problem=waiting(visit, soon), status=429)
    except CodeRefused:
        problem = _("Koden gjelder ikke: den er feilskrevet, brukt, for gammel eller byttet ut. Ta den neste på arket.")
        return await _page(visit, asked, printed=typed, printed_problem=problem, status=422)
    except Invalid:
        problem = _("Skriv hvem du er og hvorfor. Koden er ikke brukt opp.")
        return await _page(visit, asked, printed=typed, printed_problem=problem, status=422)
    return cookies.let_in(visit, visit.to(asked), secret)


@router.post("/logout")
async def leave(visit: AnyVisit) -> Response:
    """Out. Whoever is out already is so again."""
    if visit.is_signed_in:
        await sessions.end(visit.crisis.db, visit.signed_in)
    response = RedirectResponse("/login", 303)
    cookies.drop(visit, response)
    return response


@router.post("/language")
async def speak(visit: AnyVisit) -> Response:
    """The language of the pages before signing in."""
    form = await visit.form()
    language = str(form.get("language", ""))
    asked = cookies.onward(visit.request, form.get("next"))
    response = RedirectResponse("/login" if asked == "/" else f"/login?next={quote(asked)}", 303)
    if language in texts.LANGUAGES:
        cookies.speak(response, language)
    return response


def entrance(visit: Visit) -> Entrance:
    """Where people of ours sign in."""
    found: Entrance = visit.request.app.state.entrance
    return found


def provider(visit: Visit) -> Oidc:
    """The identity provider. Raises :class:`NotFound` where there is none."""
    found: Oidc | None = _provider(visit.request)
    if found is None:
        raise NotFound("address", visit.request.url.path)
    return found


def waiting(visit: Visit, soon: TooSoon) -> str:
    """How long, and that nobody is shut out."""
    return visit.ngettext(
        "For mange forsøk på rad. Vent %(num)s sekund og prøv igjen. Du er ikke stengt ute.",
        "For mange forsøk på rad. Vent %(num)s sekunder og prøv igjen. Du er ikke stengt ute.",
        soon.seconds,
    )


def wrong_code(visit: Visit) -> str:
    """What to do about a code that was not taken."""
    return visit.gettext("Koden er feil eller brukt før. Vent til appen viser en ny, og skriv den.")


def wrong_passkey(visit: Visit) -> str:
    """What to do about a passkey that was not taken."""
    return visit.gettext("Passnøkkelen ble ikke godtatt. Prøv igjen, eller logg inn på en annen måte.")


def has_provider(visit: Visit) -> bool:
    """Whether there is an identity provider to sign in through."""
    return _provider(visit.request) is not None


def provider_away(visit: Visit) -> str:
    """What to do while the identity provider does not answer."""
    return visit.gettext("Kommunens innlogging svarer ikke. Bruk passnøkkel, passord eller nødkode her i stedet.")


def _provider(request: Request) -> Oidc | None:
    found: Oidc | None = request.app.state.oidc
    return found


async def _page(visit: Visit, asked: str, *, status: int = 200, **said: Any) -> Response:
    shown: dict[str, Any] = {
        "login": "",
        "problem": None,
        "passkey_problem": None,
        "provider_problem": None,
        "printed": {},
        "printed_problem": None,
    }
    return await visit.page(
        "login",
        status=status,
        asked=asked,
        has_passkeys=entrance(visit).place is not None,
        has_provider=has_provider(visit),
        is_demo=visit.crisis.settings.demo,
        **(shown | said),
    )


async def _code_page(
    visit: Visit, begun: str, asked: str, *, problem: str | None = None, status: int = 200
) -> Response:
    return await visit.page("login-code", status=status, begun=begun, asked=asked, problem=problem)
