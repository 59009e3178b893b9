"""What endpoints ask for: the service they act through, and who is asking."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from crisis.bootstrap import Crisis
from crisis.drills.report.service import Reports
from crisis.roles import Act, Actor, require
from crisis.tokens.service import Bearer, NotAuthenticated, authenticate

LARGEST_ID = (1 << 63) - 1


async def bearer_of(request: Request) -> Bearer:
    """Who showed which token. Raises :class:`NotAuthenticated` for whatever is not a valid one."""
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated
    async with the_crisis(request).db.transaction() as session:
        return await authenticate(session, presented.strip())


def the_crisis(request: Request) -> Crisis:
    """The service, put together when the application started."""
    crisis: Crisis = request.app.state.crisis
    return crisis


def the_reports(request: Request) -> Reports:
    """What reports are read with, put together when the application started."""
    reports: Reports = request.app.state.reports
    return reports


async def _crisis(request: Request) -> Crisis:
    return the_crisis(request)


async def _reports(request: Request) -> Reports:
    return the_reports(request)


async def _actor(request: Request) -> Actor:
    bearer: Bearer = request.state.bearer  # the door let them in
    return bearer.actor


def _may(act: Act) -> Callable[[Request], Awaitable[Actor]]:
    async def check(request: Request) -> Actor:
        actor = await _actor(request)
        require(actor, act)
        return actor

    return check


TheCrisis = Annotated[Crisis, Depends(_crisis)]
TheReports = Annotated[Reports, Depends(_reports)]
Who = Annotated[Actor, Depends(_actor)]
"""Whoever it is; the act itself asks what they may do."""
CrisisReader = Annotated[Actor, Depends(_may(Act.READ_CRISIS))]
DrillLeader = Annotated[Actor, Depends(_may(Act.RUN_DRILL))]
AuditReader = Annotated[Actor, Depends(_may(Act.READ_AUDIT))]
TokenKeeper = Annotated[Actor, Depends(_may(Act.MANAGE_TOKENS))]
Registrar = Annotated[Actor, Depends(_may(Act.MANAGE_ACCOUNTS))]
