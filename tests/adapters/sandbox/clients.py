"""Who asks the sandbox: the providers' own SDKs, and plain requests."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import facebook
import requests
from twilio.rest import Client

from tests.adapters.sandbox_server import SandboxServer

TOKEN = "judge-token"
BEARER = {"Authorization": "Bearer page-token"}
LOGIN = ("nettredaksjonen", "abcd efgh ijkl")
TO, SENDER = "+4791234567", "Fjordvik"
PAGE = "1020304050"


def wait_for(look: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Look until there is something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


def twilio_client(sandbox: SandboxServer, token: str = TOKEN) -> Client:
    client = Client(sandbox.account_sid, token)
    client.api.base_url = f"{sandbox.url}/twilio"
    client.http_client.timeout = 5
    return client


class SandboxSession(requests.Session):
    """tweepy's host is a literal inside it; its session is where it can be changed."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
        more["timeout"] = 5
        return super().request(method, str(url).replace("https://api.twitter.com", self._base), *args, **more)


def publish(graph: facebook.GraphAPI, text: str, page: str = PAGE) -> str:
    return str(graph.request(f"{graph.version}/{page}/feed", post_args={"message": text}, method="POST")["id"])


def send(sms: Client, **more: Any) -> Any:
    return sms.messages.create(**({"to": TO, "from_": SENDER, "body": "Forlat området nå"} | more))


def post_once(sandbox: SandboxServer, text: str | None = None, timeout: float = 5) -> requests.Response:
    """One post on X."""
    text = text or uuid.uuid4().hex
    return requests.post(f"{sandbox.url}/x/2/tweets", json={"text": text}, headers=BEARER, timeout=timeout)
