"""An SMS provider that treats one sender unlike another: the sandbox behind a door that looks at who sends."""

import asyncio
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

import uvicorn
from starlette.types import Message, Receive, Scope, Send

from adapters.sandbox.app import create_app

TOKEN = "a-token-of-a-test"
SID = "ACprovider0000000000000000000000000"


class Provider:
    """Runs in a thread of its own. ``refuses``: by sender, whether what it answers 503 to is accepted all the same."""

    def __init__(self) -> None:
        self.sandbox = create_app(token=TOKEN, account_sid=SID)
        self.refuses: dict[str, bool] = {}
        self.calls: Counter[str] = Counter()
        """Messages that came to be created, by sender."""
        config = uvicorn.Config(self, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def records(self) -> list[Any]:
        """What was accepted, oldest first."""
        return [*self.sandbox._records._records]

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
        """ASGI's entrance."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/twilio"):
            await self.sandbox(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        sender = parse_qs(body.decode()).get("From", [""])[0]
        self.calls[sender] += 1

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def unheard(_: Message) -> None:
            """The sandbox's answer stays here."""

        accepts = self.refuses.get(sender)
        if accepts is None:
            await self.sandbox(scope, again, send)
            return
        if accepts:
            await self.sandbox(scope, again, unheard)
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
