"""The door of every page: the visit, the walls against other sites, and every refusal as a page that says what to do."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.desk import cookies, late, refusals
from api.desk.cross_site import SAFE, FromOlderPage
from api.desk.visit import LANGUAGE, SignInNeeded, Visit
from api.errors import failure
from api.uploads import patient
from crisis.errors import CrisisError
from crisis.mode import Mode

Handler = Callable[[Request], Awaitable[Response]]
UPLOAD_MOST = "upload_most"
"""In a route's ``openapi_extra``: how many bytes it takes, where it takes a file; or, from the settings, how many."""


class PageRoute(APIRoute):
    """A page's address."""

    def get_route_handler(self) -> Handler:  # type: ignore[override]
        """FastAPI's handler behind the door."""
        handle = super().get_route_handler()
        most = (self.openapi_extra or {}).get(UPLOAD_MOST)

        async def answer(request: Request) -> Response:
            state = request.app.state
            try:
                visit = request.state.visit = await Visit.begin(request, state.crisis, state.pages)
            except (OperationalError, InterfaceError, PoolTimeout):
                return await refusals.database_away(request, state.pages)
            try:
                await _check(visit, most)
                await visit.meet(has_form=request.method not in SAFE and most is None)
                is_closed = visit.needs_word and request.method in SAFE and not visit.is_partial
                return await (word(visit) if is_closed else handle(request))
            except (SignInNeeded, FromOlderPage) as error:
                return await _out_of_session(visit, error, has_file=most is not None)
            except (OperationalError, InterfaceError, PoolTimeout):
                return await refusals.database_away(request, state.pages)
            except (CrisisError, HTTPException, RequestValidationError) as error:
                return await refusals.refuse(visit, error)
            except Exception as error:  # noqa: BLE001 - the last net: the log has it, and the page says under which id
                return await refusals.unforeseen(visit, failure(error))

        async def enter(request: Request) -> Response:
            waited_for = patient(request, request.app.state.crisis.settings.stall_seconds)
            return _renewed(waited_for, await answer(waited_for))

        return enter


async def _check(visit: Visit, most: Any) -> None:
    """The walls around an act; ``most`` bytes of a file, or of ``None`` a form without one."""
    if visit.request.method in SAFE:
        return
    if most is None:
        await visit.check()
    else:
        await visit.check(most(visit.crisis.settings) if callable(most) else most, has_file=True)


async def _out_of_session(visit: Visit, error: SignInNeeded | FromOlderPage, *, has_file: bool) -> Response:
    """To the sign-in page, or a refusal. What was typed is kept where it can be: of a form that a person sent, without a file."""
    is_form = visit.request.method not in SAFE and not visit.is_partial and not has_file
    if isinstance(error, SignInNeeded):
        return (await late.sent_too_late(visit) if is_form else None) or _sign_in(visit)
    return (await late.sent_from_older_page(visit) if is_form else None) or await refusals.refuse(visit, error)


def _renewed(request: Request, response: Response) -> Response:
    """The session's new secret goes along, whatever became of the act: the old one is worthless."""
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is not None and visit.renewed:
        cookies.set_session(visit, response, visit.renewed)
    if visit is not None and visit.is_signed_in and request.cookies.get(LANGUAGE) != visit.language:
        cookies.speak(response, visit.language)  # for the pages that are shown when nobody can be looked up
    return response


async def _visit(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


async def _signed_in(request: Request) -> Visit:
    visit: Visit = request.state.visit
    _ = visit.signed_in
    return visit


async def word(visit: Visit, problem: str | None = None) -> Response:
    """The exercise's signing in does not answer: a player comes in with the drill's emergency word."""
    visit.mode = Mode.EXERCISE
    return await visit.page("word", status=403, problem=problem)


AnyVisit = Annotated[Visit, Depends(_visit)]
"""Whoever comes: for the pages before signing in."""
TheVisit = Annotated[Visit, Depends(_signed_in)]
"""Somebody who is signed in."""


def _sign_in(visit: Visit) -> Response:
    """To the sign-in page, and from there back to where they were. What htmx would fetch into a part is not a place to return to."""
    request = visit.request
    if visit.is_partial:
        came_from = request.headers.get("hx-current-url", "/")
        path = "/" + came_from.split("/", 3)[3] if came_from.count("/") >= 3 else "/"  # noqa: PLR2004 - scheme://host/path
        return Response(None, 401, {"HX-Redirect": f"/login?next={quote(path)}"})
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    path = asked if request.method in SAFE else "/"
    return RedirectResponse("/login" if path == "/" else f"/login?next={quote(path)}", 303)
