"""A platform where people have rights on accounts: it runs in a thread, over a real socket, and is the judge of what was changed.

It lies, refuses, half does and is slow where a test says so.
"""

import asyncio
import copy
import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import Message, Receive, Scope, Send

People = dict[str, dict[str, Any]]
"""Of one account: by id, each with ``name``, ``rights`` and ``is_removable``."""

PUBLISHES = "publish"


def people(account: str) -> People:
    """Two who can publish, and one who can only read."""
    return {
        "1": {"name": f"Kari of {account}", "rights": [PUBLISHES, "manage"], "is_removable": True},
        "2": {"name": f"Per of {account}", "rights": [PUBLISHES], "is_removable": True},
        "3": {"name": f"Liv of {account}", "rights": ["read"], "is_removable": True},
    }


class Platform:
    """``accounts`` is what is so. Everything else is how it behaves, by account."""

    def __init__(self, *accounts: str, seconds: float = 0.0) -> None:
        self.accounts = {account: people(account) for account in accounts}
        self.before = copy.deepcopy(self.accounts)
        self.lies: set[str] = set()
        """Says yes and changes nothing."""
        self.refuses: set[tuple[str, str]] = set()
        """Says no for one person of an account."""
        self.down: set[str] = set()
        self.silent: set[str] = set()
        """Accounts that it does not answer about before everybody has given up."""
        self.seconds = seconds
        self.calls: list[tuple[str, str]] = []
        """Method and account, in the order in which they were answered."""
        self.changed = threading.Event()
        self._changes_left = 0
        self._then: Callable[[], None] = list
        config = uvicorn.Config(self, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    @property
    def is_as_before(self) -> bool:
        """Whether everyone has exactly what they had when it began."""
        return self.accounts == self.before

    def writers(self, account: str) -> list[str]:
        """The ids of those who can publish on an account."""
        return [number for number, person in self.accounts[account].items() if PUBLISHES in person["rights"]]

    def after_changes(self, count: int, then: Callable[[], None]) -> None:
        """Do something once there have been so many changes, before the last of them is answered."""
        self.changed.clear()
        self._changes_left, self._then = count, then

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline, "it did not start"
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entrance: ``GET /account``, ``PUT /account/person`` with their rights."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message: Message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        _, account, *rest = scope["path"].split("/")
        await asyncio.sleep(30 if account in self.silent else self.seconds)
        status, answer = self._answer(scope["method"], account, rest, body)
        self.calls.append((scope["method"], account))
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, method: str, account: str, rest: list[str], body: bytes) -> tuple[int, Any]:
        if account in self.down:
            return 503, "down"
        known = self.accounts.get(account)
        if known is None:
            return 404, "no such account"
        if method == "GET":
            return 200, known
        (person,) = rest
        if (account, person) in self.refuses:
            return 403, f"{person} is not yours to change"
        if account not in self.lies:
            known[person]["rights"] = json.loads(body)
        self._changes_left -= 1
        if self._changes_left == 0:
            self._then()
            self.changed.set()
        return 200, "yes"
