"""One account at Twilio: its connections for creations, and the SDK for reading. Made at the first use, inside the loop."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from adapters.curl_posts import Posts
from adapters.guard import Guard
from crisis.channels import ChannelSetup, Misconfigured

if TYPE_CHECKING:
    from adapters.twilio_reader import TwilioReader
    from adapters.twilio_rest import TwilioRest
    from crisis.channel_watch import Posted

ADMIN_CREDENTIALS = ("subaccount_sid", "account_sid", "auth_token")
"""What pulls the lever of an SMS account: its unit's sub-account, and SID and token of the account above that."""
FIRST, SECOND = "first", "second"
"""What an account of ours may name in ``credentials["twilio_account"]``; the first where it names none."""
WATCHING = 8
"""Looks at what has gone out, at once."""
_SETTINGS = {
    FIRST: "CRISIS_TWILIO_ACCOUNT_SID and CRISIS_TWILIO_AUTH_TOKEN",
    SECOND: "CRISIS_TWILIO_SECOND_ACCOUNT_SID and CRISIS_TWILIO_SECOND_AUTH_TOKEN",
}


class TwilioAccount:
    """An account SID with its token. ``name`` is :data:`FIRST` or :data:`SECOND`."""

    def __init__(self, setup: ChannelSetup, guard: Guard, name: str) -> None:
        self._setup, self._guard, self._name = setup, guard, name
        first = (setup.twilio_account_sid, next(filter(None, setup.twilio_auth_tokens), ""))
        second = (setup.twilio_second_account_sid, setup.twilio_second_auth_token)
        self._sid, self._token = second if name == SECOND else first
        self._address = setup.twilio_url.rstrip("/")
        self._posts: Posts | None = None
        self._reader: TwilioReader | None = None
        self._rest: TwilioRest | None = None

    def posts(self) -> Posts:
        """Where creations go. Raises :class:`Misconfigured` without credentials."""
        if self._posts is not None and self._posts.is_usable():
            return self._posts
        self._check()
        if self._posts is not None:  # of a loop that has ended, or of the process that this one was forked from
            self._posts.close()
        basic = base64.b64encode(f"{self._sid}:{self._token}".encode()).decode()
        self._posts = Posts(
            f"{self._address}/2010-04-01/Accounts/{quote(self._sid, safe='')}/Messages.json",
            self._guard,
            limit=self._setup.sms_concurrency,
            call_seconds=self._setup.call_seconds,
            headers={
                "Authorization": f"Basic {basic}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            secrets=(self._token, basic),
        )
        return self._posts

    def reader(self) -> "TwilioReader":
        """What looks messages up. Raises :class:`Misconfigured` without credentials."""
        if self._reader is None:
            from adapters.twilio_reader import TwilioReader  # noqa: PLC0415 - the SDK is large, and sending does without

            self._check()
            self._reader = TwilioReader(
                *(self._address, self._sid, self._token, self._guard), call_seconds=self._setup.call_seconds
            )
        return self._reader

    async def sent_from(self, sender: str, within_seconds: float) -> "Sequence[Posted]":
        """What has gone out from a sender. Raises :class:`Misconfigured` without credentials."""
        from adapters.twilio_rest import Login, TwilioRest  # noqa: PLC0415 - as of the reader
        from adapters.twilio_watch import sent_from  # noqa: PLC0415

        self._check()
        if self._rest is None:
            self._rest = TwilioRest(
                *(self._address, self._guard),
                concurrency=WATCHING,
                call_seconds=self._setup.call_seconds,
                name="twilio-watch",
            )
        return await sent_from(self._rest, Login(self._sid, self._token), sender, within_seconds)

    def close(self) -> None:
        """Release connections and threads."""
        if self._rest is not None:
            self._rest.close()
            self._rest = None
        if self._posts is not None:
            self._posts.close()
            self._posts = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _check(self) -> None:
        if not self._sid or not self._token:
            raise Misconfigured(
                f"There are no credentials for our {self._name} Twilio account, so no SMS can be sent. Set {_SETTINGS[self._name]}."
            )
