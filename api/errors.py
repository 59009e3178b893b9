"""Our errors as HTTP: one table, and the handlers that read it.

::

    NotAuthenticated 401   NotAllowed 403   NotFound 404   Conflict 409   Invalid 422   Locked 423   Unready 503
    Stalled 408   TooLarge 413   NoRoom 507   database away 503   everything else 500
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.faults import sentences
from api.problems import plain, problem
from crisis.activations.service import ActivationLocked
from crisis.errors import Conflict, CrisisError, Invalid, Locked, NotAllowed, NotFound, Unready
from crisis.tokens.service import NotAuthenticated

log = logging.getLogger(__name__)

RETRY_SECONDS = 5


class TooLarge(CrisisError):
    """The body is larger than this address takes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"The body is larger than the {most:,} bytes this address takes. Nothing was done.")


class Stalled(CrisisError):
    """The client stopped sending in the middle of its body."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The body stopped coming, and {seconds:.0f} seconds were waited for it. Nothing was done; send it again."
        )


class NoRoom(CrisisError):
    """The disk is full where uploads are spooled. Runbook: make room in ``TMPDIR`` of the API, and have it sent again."""

    def __init__(self) -> None:
        super().__init__(
            "There is no room on the server for this file. Nothing was done. Make room, and send it again."
        )


STATUS: Mapping[type[CrisisError], tuple[int, str]] = {
    NotAuthenticated: (401, "A valid token is needed"),
    NotAllowed: (403, "This actor may not do this"),
    NotFound: (404, "There is no such thing"),
    Stalled: (408, "The body did not come"),
    Conflict: (409, "Something else happened first"),
    TooLarge: (413, "The body is too large"),
    Invalid: (422, "The input cannot be used"),
    Locked: (423, "An activation holds the account"),
    NoRoom: (507, "There is no room for the body"),
    Unready: (503, "A part this depends on is missing"),
}
"""Status and title of each class of error; a class that is not here answers as the nearest of its ancestors that is."""

HEADERS: Mapping[int, dict[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="crisis"'},
    408: {"Connection": "close"},
    413: {"Connection": "close"},
    507: {"Connection": "close"},
    503: {"Retry-After": str(RETRY_SECONDS)},
}

MORE: Mapping[type[CrisisError], Callable[[Any], dict[str, Any]]] = {
    Invalid: lambda error: {"problems": list(error.problems)},
    ActivationLocked: lambda error: {
        "held_by": error.held_by,
        "since": error.since,
        "activation": error.activation_id,
        "post_id": error.post_id,
    },
}
"""What a class of error says beside its text."""


def answer(error: CrisisError, **more: Any) -> Response:
    """The problem details of one of our errors. ``more`` is added to what the error itself has to say."""
    kinds = [kind for kind in type(error).__mro__ if kind in STATUS]
    if not kinds:
        return failure(error)
    status, title = STATUS[kinds[0]]
    said = [say(error) for kind, say in MORE.items() if isinstance(error, kind)]
    detail = error.summary if isinstance(error, Invalid) else str(error)
    for each in said:
        more = each | more
    return problem(status, error.code, title, detail, HEADERS.get(status), **more)


def failure(error: BaseException) -> Response:
    """What nobody foresaw. The log has it under an id; the answer has the id and nothing else of it."""
    error_id = secrets.token_hex(6)
    log.error("unexpected failure %s", error_id, exc_info=error)
    detail = (
        f"Something went wrong that nobody foresaw, and it may or may not have been done. Look before you try again. "
        f"The log says what happened under {error_id}."
    )
    return problem(500, "unexpected", "An unexpected failure", detail, error_id=error_id)


def install(app: FastAPI) -> None:
    """Give the application its handlers."""
    app.add_exception_handler(CrisisError, _ours)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ClientDisconnect, _gone)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(kind, _database_away)
    for unstorable in (DataError, UnicodeEncodeError):
        app.add_exception_handler(unstorable, _unstorable)


async def _ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CrisisError)  # noqa: S101 - registered for nothing else
    return answer(error)


async def _unreadable(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return plain(400, "The body is not JSON. Nothing was done.")
    return answer(Invalid("The request cannot be used as it is. Nothing was done.", sentences(faults)))


async def http(_request: Request, error: Exception) -> Response:
    """The problem details of an HTTP error that the framework raised."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    words = {
        400: "The body cannot be read. It must be JSON in UTF-8. Nothing was done.",
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
    }
    headers = dict(error.headers or {})
    return plain(error.status_code, words.get(error.status_code, str(error.detail)), headers)


async def _gone(_request: Request, _error: Exception) -> Response:
    return plain(400, "The connection was closed before the body had come. Nothing was done.")


async def _database_away(_request: Request, error: Exception) -> Response:
    log.error("the database does not answer: %s", type(getattr(error, "orig", None) or error).__name__)
    return answer(
        Unready(
            f"The database does not answer. If this was a request to do something, it was most likely not done: look, or send "
            f"it again with the same Idempotency-Key in {RETRY_SECONDS} seconds. /readyz says when the database is back."
        )
    )


async def _unstorable(_request: Request, _error: Exception) -> Response:
    return answer(
        Invalid(
            "A text or a number in the request cannot be stored: a NUL character, half a character pair, or a number out of "
            "range. Nothing was done."
        )
    )
