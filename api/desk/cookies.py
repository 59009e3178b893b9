"""Cookies: what a browser keeps between pages. Nothing but secrets, that no script reads and no other site's page sends along."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.desk.visit import LANGUAGE, Visit, cookie_name, is_https
from crisis.users.ceremonies import LASTS
from crisis.users.devices import FORGOTTEN
from crisis.users.entrance import Browser, Entered
from crisis.users.kept_forms import LASTS as KEPT_FOR
from crisis.users.sessions import LONGEST

DEVICE: Final = "device"
BEGUN: Final = "begun"
KEPT: Final = "kept"
_YEAR = 365 * 24 * 3600


def browser_of(visit: Visit) -> Browser:
    """The browser that asks."""
    request = visit.request
    address = request.client.host if request.client else ""
    return Browser(request.headers.get("user-agent", ""), address, held(visit, DEVICE))


def held(visit: Visit, noun: str) -> str:
    """The secret under this noun, or nothing."""
    return visit.request.cookies.get(_name(visit, noun), "")


def let_in(visit: Visit, response: Response, entered: Entered | str) -> Response:
    """Signed in: with the session's secret, and the device's where there is one. What was under way is over."""
    if isinstance(entered, Entered):
        _set(visit, response, _name(visit, DEVICE), entered.device, int(FORGOTTEN.total_seconds()))
        entered = entered.session
    set_session(visit, response, entered)
    drop(visit, response, BEGUN)
    return response


def set_session(visit: Visit, response: Response, secret: str) -> None:
    """The session's secret, which outlives no session."""
    _set(visit, response, cookie_name(visit.crisis), secret, int(LONGEST.total_seconds()))


def begin(visit: Visit, response: Response, secret: str) -> Response:
    """A sign-in is under way elsewhere, and comes back to this browser."""
    _set(visit, response, _name(visit, BEGUN), secret, int(LASTS.total_seconds()))
    return response


def keep(visit: Visit, response: Response, secret: str) -> Response:
    """A form is kept for whoever sent it from this browser."""
    _set(visit, response, _name(visit, KEPT), secret, int(KEPT_FOR.total_seconds()))
    return response


def drop(visit: Visit, response: Response, noun: str | None = None) -> None:
    """Forget one; of ``None``, the session."""
    name = cookie_name(visit.crisis) if noun is None else _name(visit, noun)
    response.delete_cookie(name, path="/", secure=is_https(visit.crisis), httponly=True, samesite="lax")


def speak(response: Response, language: str) -> None:
    """The language of the pages before signing in. No secret."""
    response.set_cookie(LANGUAGE, language, max_age=_YEAR, path="/", httponly=True, samesite="lax")


def onward(request: Request, said: object) -> str:
    """A path of ours to go on to, or ``/``: never another site, whatever an address or a form says."""
    path = str(said or "")
    plain = path.isascii() and path.isprintable() and "\\" not in path
    ours = path.startswith("/") and not path.startswith("//") and plain
    return path if ours and not path.startswith(("/login", "/logout")) and path != request.url.path else "/"


def _name(visit: Visit, noun: str) -> str:
    return f"{cookie_name(visit.crisis)}-{noun}"


def _set(visit: Visit, response: Response, name: str, secret: str, seconds: int) -> None:
    response.set_cookie(
        name, secret, max_age=seconds, path="/", secure=is_https(visit.crisis), httponly=True, samesite="lax"
    )
