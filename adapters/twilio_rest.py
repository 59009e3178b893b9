"""One call of Twilio's REST API through its SDK, with the answer's headers and its errors in the port's words.

The SDK's resources drop the headers, and with them Twilio's clock and how long to wait; so its client is asked for whole
requests. It speaks through our own guarded session: bounded in time, never repeated, with nothing logged. Twilio's own words
are left out of errors: they quote numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from requests import Response as Answer
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from adapters.retry_after import retry_after
from adapters.threads import Threads
from adapters.transport import Guard, GuardedSession, from_requests
from crisis.channels import ChannelError, Gone, Misconfigured, OutcomeUnknown, Rejected, Throttled

VERSION = "2010-04-01"
_OK, _UNAUTHORISED, _NOT_FOUND, _TOO_MANY = 200, 401, 404, 429
_CLIENT_ERRORS = range(400, 500)
_NO_SUCH_THING, _NOT_ACTIVE = 20404, 20005


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks: an account's SID and its auth token."""

    sid: str
    token: str


class TwilioRest:
    """Asks in threads of its own. One of these serves every login."""

    def __init__(self, address: str, guard: Guard, *, concurrency: int, call_seconds: float, name: str) -> None:
        self._address = address.rstrip("/")
        self._session = GuardedSession(guard, call_seconds=call_seconds, connections=concurrency)
        self._threads = Threads(concurrency, call_seconds=call_seconds, name=name)

    async def ask(
        self,
        login: Login,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The JSON object of a 200, and the headers. ``path`` is below ``/Accounts/``, or the whole of a ``next_page_uri``."""
        return await self._threads.run(lambda: self._ask(login, method, path, query, form))

    def close(self) -> None:
        """Release threads and connections."""
        self._threads.close()
        self._session.close()

    def _ask(
        self,
        login: Login,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
    ) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        line = _Line(self._session)
        below = path if path.startswith("/") else f"/{VERSION}/Accounts/{path}"
        try:
            client = Client(login.sid, login.token, http_client=line, environment={"TWILIO_EDGE": ""})
            client.request(method, f"{self._address}{below}", params=dict(query or {}), data=dict(form or {}))
        except TwilioException:
            raise Misconfigured("The Twilio SID or token cannot be used. Nothing was changed.") from None
        except Exception as error:  # noqa: BLE001 - whatever the SDK lets through, the transport knows what it says
            raise from_requests(error, (login.token,)) from None
        return _read(line.answer)


class _Line(HttpClient):  # type: ignore[misc]  # the SDK is untyped
    """The SDK's way out: our session, for one call. Keeps the answer."""

    def __init__(self, session: GuardedSession) -> None:
        self._session = session
        self.answer: Answer | None = None

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002 - the SDK's signature
    ) -> Response:
        self.answer = self._session.request(
            method,
            url,
            params=params,
            data=data or None,
            headers=headers,
            auth=auth,
            timeout=timeout,
            allow_redirects=False,
        )
        return Response(self.answer.status_code, self.answer.text, self.answer.headers)


def segment(sid: str) -> str:
    """A SID as part of a path."""
    return quote(sid, safe="")


def _read(answer: Answer | None) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    if answer is None:
        raise OutcomeUnknown("Twilio's SDK returned without having asked.")
    try:
        held = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        held = None
    if answer.status_code == _OK and isinstance(held, dict):
        return held, answer.headers
    raise _refusal(answer.status_code, held, answer.headers)


def _refusal(status: int, held: Any, headers: Mapping[str, str]) -> ChannelError:
    code = held.get("code") if isinstance(held, dict) else None
    number = code if isinstance(code, int) and not isinstance(code, bool) else None
    name = str(number or status)
    if status == _TOO_MANY:
        return Throttled("Twilio asks us to ask less often.", code=name, retry_after=retry_after(headers))
    if status == _UNAUTHORISED or (number == _NOT_ACTIVE and status in _CLIENT_ERRORS):
        return Misconfigured(
            "Twilio does not accept this account's SID and token, or the account is not active.", code=name
        )
    if status == _NOT_FOUND and number == _NO_SUCH_THING:
        return Gone("Twilio has no such account any more.", code=name)
    if number is not None and status in _CLIENT_ERRORS:
        return Rejected(f"Twilio refuses this with error {number} (twilio.com/docs/api/errors/{number}).", code=name)
    return OutcomeUnknown(f"Twilio gave no answer that can be used (HTTP {status}); read it back.", code=name)
