"""The desk put together: every page's address, and what all of them share."""

from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import errors
from api.desk import (
    access,
    account,
    account_lever,
    accounts,
    activations,
    answers,
    appointments,
    audiences,
    board,
    breaches,
    break_glass,
    composer,
    confirm,
    contacts,
    control_room,
    delivery,
    demo,
    drills,
    enrolment,
    impression,
    improvements,
    inbox,
    kept,
    lock_board,
    lock_certificate,
    log,
    login,
    me,
    message,
    messages,
    note,
    pointer,
    post,
    posts,
    recipients,
    refusals,
    register,
    reports,
    sending,
    setup,
    sheet,
    silence,
    switchboard,
    taking_back,
    users,
)
from api.desk.assets import Assets
from api.desk.live import Live
from api.desk.pages import Pages
from api.desk.visit import Visit
from crisis.bootstrap import Crisis
from crisis.drills.report.service import Reports
from crisis.settings import Settings
from crisis.users.entrance import Entrance
from crisis.users.oidc import Oidc
from crisis.users.passkeys import Place
from crisis.users.passwords import Passwords

NOUNS: Final = (
    board,
    log,
    switchboard,
    breaches,
    activations,
    lock_board,
    lock_certificate,
    accounts,
    account,
    account_lever,
    register,
    setup,
    access,
    pointer,
    post,
    posts,
    silence,
    contacts,
    audiences,
    sheet,
    composer,
    messages,
    note,
    sending,
    login,
    confirm,
    kept,
    enrolment,
    me,
    users,
    appointments,
    break_glass,
    demo,
    message,
    recipients,
    delivery,
    taking_back,
    impression,
    reports,
    answers,
    improvements,
    drills,
    control_room,
    inbox,
)


def install(app: FastAPI, settings: Settings) -> None:
    """Give the application its pages."""
    assets = Assets(settings.templates_dir / "static", settings.browser_dir)
    app.state.pages = Pages(settings.templates_dir, assets)
    app.state.reports = Reports.of(app.state.crisis)
    app.state.live = Live(app.state.crisis, app.state.pages.renderer)
    crisis: Crisis = app.state.crisis
    place = Place.of(settings.public_url, settings.municipality)
    app.state.entrance = Entrance(crisis.db, crisis.credentials, Passwords(), place)
    app.state.oidc = Oidc.of(settings)
    pages = APIRouter(include_in_schema=False)
    for noun in NOUNS:
        pages.include_router(noun.router)
    app.include_router(pages)
    app.router.routes.append(assets.route())
    app.add_exception_handler(HTTPException, _nothing_here)


async def _nothing_here(request: Request, error: Exception) -> Response:
    """A browser that asked for a page gets one that says there is none; whoever else asked gets a problem."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
    if not wants_page:
        return await errors.http(request, error)
    visit = await Visit.begin(request, request.app.state.crisis, request.app.state.pages)
    return await refusals.refuse(visit, error)
