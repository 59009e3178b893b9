"""Reading messages back from Twilio with its SDK, out of an event loop and without its traps.

The SDK has no timeout of its own, logs recipients' numbers at INFO, lets ``TWILIO_EDGE`` in the environment change the
host, and takes any list in a 200 answer for a list of messages. Here it speaks through our own guarded session, which
reads only.
"""

import logging
import unicodedata
from datetime import UTC, datetime, timedelta

import orjson
from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from adapters.threads import Threads
from adapters.transport import Guard, GuardedSession
from crisis.channels import ChannelError, Finding, Found

log = logging.getLogger(__name__)

CLOCKS_DIFFER = timedelta(seconds=30)
"""How far Twilio's clock and ours may be apart."""
_MOST_READ = 1000
"""Messages to one number that are looked through, newest first."""
_NOT_FOUND = 404
_OK = 200


class TwilioReader:
    """Looks messages up. Never raises for a failed look: it answers that it cannot tell."""

    def __init__(self, address: str, account_sid: str, token: str, guard: Guard, *, call_seconds: float) -> None:
        self._session = GuardedSession(guard, call_seconds=call_seconds)
        self._threads = Threads(4, call_seconds=call_seconds, name="twilio-reader")
        self._client = Client(
            account_sid,
            token,
            http_client=_ReadOnly(self._session),
            environment={"TWILIO_EDGE": ""},  # an empty mapping would mean the process's own
        )
        self._client.api.base_url = address

    async def find(self, to: str, body: str, since: datetime) -> Finding:
        """Was this text sent to this number since then? No is answered only when everything since then was read."""
        try:
            return await self._threads.run(lambda: self._find(to, body, since))
        except (
            ChannelError,
            TwilioException,
            RequestException,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
        ) as error:
            return _cannot_tell(error)

    async def fetch(self, sid: str) -> Finding:
        """Is there a message with this sid, and with what text?"""
        try:
            message = await self._threads.run(lambda: self._client.messages(sid).fetch())
        except (
            ChannelError,
            TwilioException,
            RequestException,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
        ) as error:
            if getattr(error, "status", None) == _NOT_FOUND and getattr(error, "code", None) != _NOT_FOUND:
                return Finding(Found.NO)  # Twilio's own 404: it has a code of its own
            return _cannot_tell(error)
        return (
            Finding(Found.YES, reference=message.sid, text=message.body) if message.sid == sid else _cannot_tell(None)
        )

    def close(self) -> None:
        """Let go of connections and threads."""
        self._threads.close()
        self._session.close()

    def _find(self, to: str, body: str, since: datetime) -> Finding:
        for read, message in enumerate(self._client.messages.stream(to=to, page_size=50)):
            if _created(message) < since - CLOCKS_DIFFER:
                break  # Twilio lists the newest first
            if message.direction != "inbound" and _same(message.body, body):
                return Finding(Found.YES, reference=message.sid, text=message.body)
            if read >= _MOST_READ:
                return Finding(Found.CANNOT_TELL)
        return Finding(Found.NO)


class _ReadOnly(HttpClient):  # type: ignore[misc]  # the SDK is untyped
    """The SDK's way out: our session, GET alone, nothing logged."""

    def __init__(self, session: GuardedSession) -> None:
        super().__init__(log, is_async=False)
        self._session = session

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, str] | None = None,
        data: dict[str, object] | None = None,  # noqa: ARG002 - a read has none
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002 - the SDK's signature
    ) -> Response:
        if method.upper() != "GET":
            raise ValueError(f"only reads go this way, not {method}")
        answer = self._session.get(
            uri, params=params, headers=headers, auth=auth, timeout=timeout, allow_redirects=False
        )
        if answer.status_code == _OK:
            held = orjson.loads(answer.content)
            listed = uri.partition("?")[0].endswith("/Messages.json")
            if not isinstance(held, dict) or (listed and not isinstance(held.get("messages"), list)):
                raise ValueError("a 200 answer that is not Twilio's")
        return Response(answer.status_code, answer.text, answer.headers)


def _created(message: MessageInstance) -> datetime:
    created = message.date_created
    if not isinstance(created, datetime):  # the SDK hands on what it cannot parse
        raise TypeError("a message without a date")
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _same(theirs: str | None, ours: str) -> bool:
    return unicodedata.normalize("NFC", theirs or "").strip() == unicodedata.normalize("NFC", ours).strip()


def _cannot_tell(error: Exception | None) -> Finding:
    log.warning("Twilio could not be read back: %s", type(error).__name__ if error else "another message was answered")
    return Finding(Found.CANNOT_TELL)
