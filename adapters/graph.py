"""Graph: one call of Meta's Graph API through facebook-sdk 3.1.0, made safe, with its errors in the port's words.

What the SDK would do by itself, and is kept from doing: pass a 503 with JSON off as success (the status is demanded
here); put the page token into URLs (it goes in a header, and the SDK is told of none); refuse today's Graph version
(set after construction); wait for ever (the session has timeouts); drop the headers that say how long to wait.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import facebook
import requests
from requests.auth import AuthBase

from adapters.platform_time import date_of
from adapters.threads import Threads
from adapters.transport import Guard, GuardedSession, from_requests, scrub
from adapters.usage import of_meta, regained_in
from crisis.channels import ChannelError, ChannelSetup, Gone, Misconfigured, OutcomeUnknown, Rejected, Throttled, Usage

BUILT_IN_URL = "https://graph.facebook.com"  # a constant of the SDK; the session sends it to ``setup.graph_url``
CONSTRUCTOR_VERSION = "3.1"  # the newest the SDK's constructor accepts


# Codes: developers.facebook.com/docs/graph-api/guides/error-handling and .../overview/rate-limiting.
# Graph says the same of an object that is gone and of one that the token may not see.
# What is not named here is final with a 4xx, 3 and 10 and 100 and 200 to 299 among it, and unknown with a 5xx.
KINDS: Mapping[int, type[ChannelError]] = {
    1: OutcomeUnknown,
    2: OutcomeUnknown,
    4: Throttled,
    17: Throttled,
    32: Throttled,
    102: Misconfigured,
    190: Misconfigured,
    341: Throttled,
    368: Throttled,
    506: OutcomeUnknown,
    613: Throttled,
    803: Gone,
    80001: Throttled,
}
ADVICE = {
    1: "It may have been done all the same: read back first.",
    2: "It may have been done all the same: read back first.",
    102: "Nothing was done. Give the page a new token.",
    190: "Nothing was done. Give the page a new token.",
    368: "Facebook has blocked this for now, for its policies. Nothing was done; look at the page's notices.",
    506: "The same as the post before: an earlier attempt has probably landed. Read back first.",
}
SUBCODES = {
    458: "The app is no longer installed.",
    459: "Facebook wants the person behind the token to log in.",
    460: "The password was changed.",
    463: "The token has expired.",
    467: "The token is no longer valid.",
}
NO_OBJECT = (100, 33)  # code and subcode
POLICY_BLOCK = 368
POLICY_PAUSE_SECONDS = 3600.0
"""Facebook names no time with 368 and asks not to be hammered: an hour."""


def post_url(reference: str) -> str:
    """Where the public sees a post."""
    return f"https://www.facebook.com/{reference}"


class GraphAnswer(dict[str, Any]):
    """The JSON object of a 200, and what came with it."""

    usage: Usage | None = None
    """How much of what Meta allows has been used."""
    headers: Mapping[str, str]

    @property
    def date(self) -> datetime:
        """When Meta says it answered. Raises :class:`OutcomeUnknown` where it does not say."""
        return date_of(self.headers, "Facebook")


class Graph:
    """Calls the Graph API in threads of its own. One of these serves every page."""

    def __init__(self, setup: ChannelSetup, *, concurrency: int) -> None:
        self._version = f"v{setup.graph_version.removeprefix('v')}"
        self._app_secret = setup.facebook_app_secret
        self._session = GuardedSession(
            Guard(setup.allowed_hosts),
            call_seconds=setup.call_seconds,
            rewrite={BUILT_IN_URL: setup.graph_url},
            connections=concurrency,
        )
        self._threads = Threads(concurrency, call_seconds=setup.call_seconds, name="facebook")

    async def ask(self, token: str, method: str, path: str, fields: Mapping[str, str] | None = None) -> GraphAnswer:
        """One request; the JSON object of a 200. Everything else is raised as an error of the port."""
        asked = dict(fields or {})
        if self._app_secret:  # shows Meta that whoever holds the token also knows the app's secret
            asked["appsecret_proof"] = hmac.new(self._app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        return await self._threads.run(partial(self._call, token, method, path, asked))

    def close(self) -> None:
        """Release threads and connections."""
        self._threads.close()
        self._session.close()

    def _call(self, token: str, method: str, path: str, fields: dict[str, str]) -> GraphAnswer:
        line = _Line(self._session, token)
        try:
            answer = GraphAnswer(self._answer(line, token, method, path, fields))
        except ChannelError as error:
            error.usage = line.usage
            raise
        answer.usage, answer.headers = line.usage, line.headers
        return answer

    def _answer(self, line: "_Line", token: str, method: str, path: str, fields: dict[str, str]) -> Mapping[str, Any]:
        graph = facebook.GraphAPI(None, version=CONSTRUCTOR_VERSION, session=line)
        graph.version = self._version
        where = f"{graph.version}/{path}"
        secrets = (token, self._app_secret)
        try:
            if method == "POST":
                answer = graph.request(where, post_args=fields)
            else:
                answer = graph.request(where, args=fields, method=method)
        except facebook.GraphAPIError as error:
            raise _refusal(error, line, secrets) from None
        except Exception as error:  # noqa: BLE001 - the SDK lets through KeyError, bad JSON and all that requests raises
            raise line.unread() or from_requests(error, secrets) from None
        if line.status != requests.codes.ok or not isinstance(answer, dict):
            raise line.unread() or OutcomeUnknown("Facebook answered 200, but not with a JSON object.")
        return answer


class _Bearer(AuthBase):
    """The token in a header; as ``auth``, so that no .netrc can take its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class _Line:
    """What the SDK takes for its session, for one call: adds the token, keeps the response that the SDK drops."""

    def __init__(self, session: GuardedSession, token: str) -> None:
        self._session = session
        self._token = token
        self._response: requests.Response | None = None

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        self._response = self._session.request(method, url, auth=_Bearer(self._token), **kwargs)
        return self._response

    @property
    def status(self) -> int:
        """0 before there is an answer."""
        return 0 if self._response is None else self._response.status_code

    def unread(self) -> ChannelError | None:
        """What the status alone says of an answer that the SDK could make nothing of, or took for success."""
        if self.status == requests.codes.too_many_requests:
            return Throttled("Facebook asks to slow down.", code="429", retry_after=self.retry_after())
        if self.status in {0, requests.codes.ok}:
            return None
        return OutcomeUnknown(
            f"Facebook answered {self.status} without an error of Graph; it may have been done. Read back first.",
            code=str(self.status),
        )

    def retry_after(self) -> float | None:
        """Seconds, where Meta says how long it takes."""
        return regained_in(self.headers)

    @property
    def usage(self) -> Usage | None:
        """How much of what Meta allows has been used."""
        return of_meta(self.headers)

    @property
    def headers(self) -> Mapping[str, str]:
        """None before there is an answer."""
        return {} if self._response is None else self._response.headers


def _refusal(error: facebook.GraphAPIError, line: _Line, secrets: Sequence[str]) -> ChannelError:
    body = error.result.get("error") if isinstance(error.result, dict) else None
    if not isinstance(body, dict) or not isinstance(body.get("code"), int):
        return line.unread() or OutcomeUnknown("Facebook's answer was neither JSON nor an error of Graph.")
    number, subcode, code = body["code"], body.get("error_subcode"), str(body["code"])
    kind = KINDS.get(number)
    if (number, subcode) == NO_OBJECT or (number == NO_OBJECT[0] and line.status == requests.codes.not_found):
        kind = Gone
    if kind is None:
        unsettled = body.get("is_transient") or line.status >= requests.codes.server_error
        kind = OutcomeUnknown if unsettled else Rejected
    why = SUBCODES.get(subcode, "") if isinstance(subcode, int) else ""
    said = f"Facebook {code}: {str(body.get('message', ''))[:300].rstrip('.')}."
    text = scrub(" ".join(part for part in (said, why, ADVICE.get(number, "")) if part), secrets)
    if kind is Throttled:
        pause = POLICY_PAUSE_SECONDS if number == POLICY_BLOCK else line.retry_after()
        return Throttled(text, code=code, retry_after=pause)
    return kind(text, code=code)
