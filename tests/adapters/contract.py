"""What the contract suite has to know of each channel: how it is set up, who it speaks as, and what its far end shows.

A new channel is one more :class:`Outlet` in ``OUTLETS``; the suite itself knows none of them by name.
"""

import asyncio
import hashlib
import hmac
import html
import json
import re
import traceback
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from adapters import CHANNELS
from crisis.channels import (
    AccountRef,
    Callback,
    Channel,
    ChannelError,
    ChannelSetup,
    Limit,
    Outgoing,
    Unit,
)
from tests.adapters.in_bulk import InBulk
from tests.adapters.sandbox_server import ACCOUNT_SID, ROOT, SandboxServer
from tests.adapters.setups import ACCESS_TOKEN, ACCESS_TOKEN_SECRET, APP_SECRET, PAGE_TOKEN, SECRETS, a_setup
from tests.adapters.sockets import listening

T = TypeVar("T")

TWILIO_TOKEN = "secretTWILIOtoken"
PASSWORD = "secr etWO RDpr ess1"
LOGIN = "krise"
APP_ID = "app1"
HIDDEN = (
    *SECRETS,
    TWILIO_TOKEN,
    PASSWORD,
    b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode(),
    b64encode(f"{ACCOUNT_SID}:{TWILIO_TOKEN}".encode()).decode(),
)
"""Nothing of this may be seen in a URL, a log, a ``repr`` or an error."""
ENOUGH_SECONDS = 8.0
"""Hard limit of a call in checks that are not about time."""


class Outlet:
    """One channel between the suite and the sandbox."""

    name = ""
    provider: str | None = None
    """The sandbox's name of the far end; ``None`` where there is no network, and so no network to fail."""
    is_html = False
    """The far end holds markup, not plain text."""
    address: str | None = None
    credentials: Mapping[str, str] = {}

    def __init__(self, sandbox: SandboxServer, folder: Path, callback_url: str) -> None:
        self.sandbox = sandbox
        self.folder = folder / "exercise" / "public"
        self._callback_url = callback_url

    def setup(self, url: str | None = None, **changes: Any) -> ChannelSetup:
        """Every provider under ``url`` (the sandbox), and nothing allowed but the sandbox."""
        base = url or self.sandbox.url
        asked: dict[str, Any] = {
            "graph_url": f"{base}/graph",
            "x_url": f"{base}/x",
            "twilio_url": f"{base}/twilio",
            "callback_url": f"{self._callback_url}/receipts/exercise",
            "public_dir": self.folder,
            "templates_dir": ROOT / "templates",
            "twilio_account_sid": ACCOUNT_SID,
            "twilio_auth_tokens": (TWILIO_TOKEN,),
            "call_seconds": ENOUGH_SECONDS,
        }
        return a_setup(base, self.sandbox.host, **(asked | changes))

    def build(self, setup: ChannelSetup) -> Channel:
        """The channel as the register of channels builds it."""
        return CHANNELS[self.name](setup)

    @asynccontextmanager
    async def opened(self, url: str | None = None, **changes: Any) -> AsyncIterator[Channel]:
        """The channel, closed afterwards."""
        channel = self.build(self.setup(url, **changes))
        try:
            yield channel
        finally:
            await channel.close()

    def account(self, url: str | None = None) -> AccountRef:  # noqa: ARG002 - some accounts hold their provider's address
        return AccountRef(1, self.name, "Fjordvik kommune", self.address, self.credentials)

    def message(self, number: int = 1, text: str = "", **changes: Any) -> Outgoing:
        """A message unlike that of any other ``number``: in key, text and recipient."""
        said = text or f"Skred {number}: Gå ut nå! Ærlig talt, øverst på åsen 🚨\nSe krise.fjordvik.kommune.no"
        made = Outgoing(
            key=f"00000000-0000-7000-8000-{number:012d}",
            mode=self.setup().mode,
            kind="alert",
            language="nb",
            title=f"Skred {number}",
            text=said,
            thread="2026-7",
            to=f"+4791234{number:03d}",
        )
        return replace(made, **changes)

    def creates(self) -> list[Any]:
        """What the far end took as new, oldest first; each names its ``reference``."""
        return self.sandbox.records(self.provider, "create")

    def shown(self) -> list[str]:
        """What the far end shows now, each post as :func:`squeezed` text."""
        posts: dict[str, str] = {}
        for record in self.sandbox.records(self.provider):
            if record["verb"] == "delete":
                posts.pop(record["reference"], None)
            elif record["text"] is not None:
                posts[record["reference"]] = self.read(record["text"])
        return list(posts.values())

    def read(self, held: str) -> str:
        """The words of what the far end holds."""
        return squeezed(html.unescape(re.sub(r"<[^>]*>", " ", held)) if self.is_html else held)

    def genuine(self, reference: str, key: str) -> Callback:
        """A callback about ``reference``, signed as the provider signs."""
        raise NotImplementedError


class CrisisPageOutlet(Outlet):
    """The crisis page is files of our own: its far end is the folder, and its faults are the folder's."""

    name = "website"
    is_html = True

    def creates(self) -> list[Any]:
        """The entries kept: one file each."""
        kept = sorted((self.folder / ".entries").glob("*/*.json"))
        return [{"reference": f"{path.parent.name}/{path.stem}"} for path in kept]

    def shown(self) -> list[str]:
        page = self.folder / "index.html"
        if not page.exists():
            return []
        assert page.read_text().rstrip().endswith("</html>"), "half a page"
        return [self.read(found) for found in re.findall(r"<article id=.*?</article>", page.read_text(), re.DOTALL)]


class WordPressOutlet(Outlet):
    name = "wordpress"
    provider = "wordpress"
    is_html = True
    credentials = {"username": LOGIN, "application_password": PASSWORD}  # noqa: RUF012 - read only

    def account(self, url: str | None = None) -> AccountRef:
        return replace(super().account(), address=f"{url or self.sandbox.url}/wp/")


class FacebookOutlet(Outlet):
    name = "facebook"
    provider = "graph"
    address = "1020304050"
    credentials = {"page_token": PAGE_TOKEN}  # noqa: RUF012 - read only

    def genuine(self, reference: str, key: str) -> Callback:  # noqa: ARG002 - Meta carries no key of ours
        value = {"item": "status", "verb": "add", "post_id": reference, "published": 1, "message": "Skred på åsen"}
        entry = {"id": self.address, "time": 1, "changes": [{"field": "feed", "value": value}]}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        url = f"{self.setup().callback_url}/facebook"
        return Callback("POST", url, {"x-hub-signature-256": f"sha256={signature}"}, body)


class TwitterOutlet(Outlet):
    name = "twitter"
    provider = "x"
    address = "2244994945"
    credentials = {"access_token": ACCESS_TOKEN, "access_token_secret": ACCESS_TOKEN_SECRET}  # noqa: RUF012 - read only


class SmsOutlet(Outlet):
    name = "sms"
    provider = "twilio"
    address = "Fjordvik"

    def genuine(self, reference: str, key: str) -> Callback:
        fields = {"MessageSid": reference, "MessageStatus": "delivered", "AccountSid": ACCOUNT_SID}
        url = f"{self.setup().callback_url}/sms?delivery={key}"
        headers = {
            "x-twilio-signature": RequestValidator(TWILIO_TOKEN).compute_signature(url, fields),
            "content-type": "application/x-www-form-urlencoded",
        }
        return Callback("POST", url, headers, urlencode(fields).encode())


class BulkSmsOutlet(SmsOutlet):
    def build(self, setup: ChannelSetup) -> Channel:
        return InBulk(setup)


OUTLETS: Mapping[str, type[Outlet]] = {
    **{each.name: each for each in (CrisisPageOutlet, WordPressOutlet, FacebookOutlet, TwitterOutlet, SmsOutlet)},
    "sms in bulk": BulkSmsOutlet,
}
"""By channel; where a channel carries bulk, it is here a second time, and everything is asked of its mailings too."""
NETWORKED = [name for name, each in OUTLETS.items() if each.provider]
"""Channels that a network can fail. The crisis page is left out here alone; its own checks are about its folder."""


def squeezed(text: str) -> str:
    """A text's words, so that it is found again whatever surrounds its lines and whoever made its host name a link."""
    return " ".join(text.replace("http://", "").split())


def longest(limit: Limit | None) -> str:
    """The longest text a channel says it takes. Twenty thousand characters where it names no limit."""
    if limit is None:
        return "æ" * 20_000
    in_one = {Unit.CHARACTERS: 1, Unit.WEIGHTED: 1, Unit.SEGMENTS: 153}  # GSM-7 in a part of several, 3GPP TS 23.040
    return "ø" * (limit.most * in_one[limit.unit])


def shows_a_secret(text: str) -> bool:
    return any(secret in text for secret in HIDDEN)


async def error_of(call: Awaitable[Any], *kinds: type[ChannelError], number: str | None = None) -> ChannelError:
    """The error this call must end in, one of exactly these classes or below; with no secret and no number in it."""
    with pytest.raises(kinds) as caught:
        await call
    seen = "".join([str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)])
    assert not shows_a_secret(seen)
    assert number is None or number not in seen
    assert caught.value.reason.strip(), "an error says what happened"
    return caught.value


async def in_time(call: Awaitable[T], seconds: float) -> T:
    """The call, which must end by itself within its limit and a second."""
    async with asyncio.timeout(seconds + 1.0):
        return await call


@contextmanager
def tripwire() -> Iterator[tuple[str, list[str]]]:
    """A listener that nobody may reach: its ``host:port``, and the connections it got all the same."""
    reached: list[str] = []
    with listening(lambda connection: reached.append(str(connection.getpeername()))) as address:
        yield address, reached
