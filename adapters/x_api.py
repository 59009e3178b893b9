"""One call of the X API, through tweepy 4.17.0 and API v2, as the account's own user (OAuth 1.0a).

What tweepy would do by itself, and is kept from doing: call a host name it has built in; wait for ever; sleep in the
thread until a limit resets, or spin when no reset is named; show a 200 that holds only errors as a success; print tokens
at DEBUG. It has no class for 402 and raises what it likes on odd bodies, so the status of the response decides here.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
import tweepy

from adapters.threads import Threads
from adapters.transport import Guard, GuardedSession, from_requests, scrub
from adapters.usage import of_x
from crisis.channels import (
    AccountRef,
    ChannelError,
    ChannelSetup,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Usage,
)

for _name in ("tweepy", "oauthlib", "requests_oauthlib"):  # at DEBUG they print headers and signature keys
    logging.getLogger(_name).setLevel(logging.INFO)

BUILT_IN_URL = "https://api.twitter.com"  # a literal in tweepy; the session sends it to ``setup.x_url``

# Statuses: docs.x.com, response codes and errors. 403 is split by its words. What is not named is final
# with a 4xx in JSON, and unknown with anything else: a 4xx in HTML comes from something between X and us.
KINDS: Mapping[int, type[ChannelError]] = {
    401: Misconfigured,
    402: Misconfigured,
    408: OutcomeUnknown,
    429: Throttled,
}
ADVICE = {
    401: "Nothing was posted. Check the account's access token and the app's consumer key.",
    402: "Nothing was posted. The prepaid credits are used up: buy more, or turn on auto-recharge.",
}
DUPLICATE = "duplicate content"
NOT_FOUND = "/resource-not-found"  # ends the ``type`` of X's problem
SUCCESSES = range(200, 300)
TOKEN_INVALID = 89
"""X's code for a token that was revoked or has expired; an app's own wrong key is 32."""


class TokenInvalid(Misconfigured):
    """X says that this very token is revoked or has expired, and not that something else of the login is wrong."""


@dataclass(frozen=True, slots=True)
class XAnswer:
    """A 2xx with a JSON object, which may still hold nothing but errors."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    said: str
    """What X's problems in it say, scrubbed; empty without any."""
    usage: Usage | None = None
    """How much of this endpoint's calls the account has used."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The one object asked for; empty if X gave none."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def is_not_found(self) -> bool:
        """X answers 200 with only ``errors`` for a post that is not there."""
        return any(str(problem.get("type")).endswith(NOT_FOUND) for problem in _problems(self.body))


class XApi:
    """Calls the X API in threads of its own. One of these serves every account."""

    def __init__(self, setup: ChannelSetup, *, concurrency: int) -> None:
        self._consumer = (setup.x_consumer_key, setup.x_consumer_secret)
        self._session = GuardedSession(
            Guard(setup.allowed_hosts), call_seconds=setup.call_seconds, rewrite={BUILT_IN_URL: setup.x_url}
        )
        self._threads = Threads(concurrency, call_seconds=setup.call_seconds, name="twitter")

    async def ask(self, account: AccountRef, call: Callable[[tweepy.Client], Any]) -> XAnswer:
        """One request, made by ``call`` with a client. What is not a 2xx in JSON is raised as an error of the port."""
        keys = (
            *self._consumer,
            *(account.credentials.get(name, "") for name in ("access_token", "access_token_secret")),
        )
        if not all(key.strip() and key.isascii() and key.isprintable() for key in keys):
            raise Misconfigured(
                f"The X account {account.name!r} lacks a usable access token and secret, or the app lacks its consumer "
                "key and secret. Nothing was sent."
            )
        return await self.ask_as(keys, call)

    async def ask_as(self, keys: tuple[str, ...], call: Callable[[tweepy.Client], Any]) -> XAnswer:
        """The same as whom these are: consumer key and secret, access token and its secret."""
        return await self._threads.run(partial(self._call, keys, call))

    def _call(self, keys: tuple[str, ...], call: Callable[[tweepy.Client], Any]) -> XAnswer:
        line = _Line(self._session)
        client = tweepy.Client(None, *keys, return_type=requests.Response, wait_on_rate_limit=False)
        client.session.close()
        client.session = line
        try:
            call(client)
        except Exception as error:  # noqa: BLE001 - tweepy raises more than its own on odd answers; the status decides
            if line.response is None:
                raise from_requests(error, keys) from None
        try:
            return _answer(line.response, keys)
        except ChannelError as error:
            error.usage = None if line.response is None else of_x(line.response.headers)
            raise

    def close(self) -> None:
        """Release threads and connections."""
        self._threads.close()
        self._session.close()


class _Line:
    """What tweepy takes for its session, for one call: keeps the response, whatever tweepy makes of it."""

    def __init__(self, session: GuardedSession) -> None:
        self._session = session
        self.response: requests.Response | None = None

    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        self.response = self._session.request(method, url, **kwargs)
        return self.response


def _answer(response: requests.Response | None, secrets: Sequence[str]) -> XAnswer:
    if response is None:
        raise OutcomeUnknown("tweepy returned without having called X.")
    status = response.status_code
    try:
        body = response.json()
    except ValueError:
        body = None
    said = scrub(_words(body), secrets)[:300]
    if status in SUCCESSES and isinstance(body, dict):
        return XAnswer(body, response.headers, said, of_x(response.headers))
    text = " ".join(part for part in (f"X {status}:", said, ADVICE.get(status, "")) if part)
    if status == requests.codes.too_many_requests:
        raise Throttled(text, code=str(status), retry_after=_retry_after(response.headers))
    if status == requests.codes.forbidden and DUPLICATE in text.lower():
        raise OutcomeUnknown(f"{text} An earlier attempt has probably landed; read back first.", code=str(status))
    codes = {problem.get("code") for problem in _problems(body)} if isinstance(body, dict) else set()
    if status == requests.codes.unauthorized and TOKEN_INVALID in codes:
        raise TokenInvalid(text, code=str(status))
    if status == requests.codes.not_found and isinstance(body, dict):
        raise Gone(text, code=str(status))
    is_final = requests.codes.bad_request <= status < requests.codes.server_error and isinstance(body, dict)
    raise KINDS.get(status, Rejected if is_final else OutcomeUnknown)(text, code=str(status))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the limit resets, at least one; X gives the Unix time of it."""
    try:
        return max(1.0, int(headers["x-rate-limit-reset"]) - time.time())
    except (KeyError, ValueError):
        return None


def _problems(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = body.get("errors")
    return [body, *(each for each in errors if isinstance(each, dict))] if isinstance(errors, list) else [body]


def _words(body: Any) -> str:
    """X's own words: the problem's detail, and those of its list of errors."""
    if not isinstance(body, dict):
        return "The answer is not a JSON object."
    words = (each.get("detail") or each.get("message") or each.get("title") for each in _problems(body))
    return "; ".join(dict.fromkeys(str(each) for each in words if each))
