"""The API behind a real socket: uvicorn in a thread of its own, on a free port, with the protocol it is started with."""

import asyncio
import threading
import time
from types import TracebackType
from typing import Any, Self

import aiohttp
import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from api.protocol import Protocol
from crisis.settings import Settings

START_SECONDS = 20.0


class Served:
    """An application that runs. ``http`` is the protocol, as uvicorn takes it; ``patience`` is how long it lets calls
    under way go on when it stops, in seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        port: int = 0,
        http: type[asyncio.Protocol] | str = Protocol,
        idle: int = 5,
        patience: int = 2,
    ) -> None:
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            http=http,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=idle,
            timeout_graceful_shutdown=patience,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="api", daemon=True)

    def _serve(self) -> None:
        asyncio.run(self._server.serve())

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the API did not start")
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive(), "the API did not stop"


class ApiServer(Served):
    """A running API."""

    def __init__(self, settings: Settings, port: int = 0, **more: Any) -> None:
        self.app = create_app(settings)
        super().__init__(self.app, port, **more)


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Any, body: bytes, value: Any) -> None:
        self.status, self.headers, self.body, self.json = status, headers, body, value


class Client:
    """Somebody with a token (or none), who asks the API."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str | None) -> None:
        self._session, self.url, self.token = session, url, token

    async def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any
    ) -> Answer:
        """Send one request; ``body`` becomes JSON unless ``data`` is given."""
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            more["json"] = body
        async with self._session.request(
            method, f"{self.url}{path}", headers=headers, allow_redirects=False, **more
        ) as response:
            raw = await response.read()
            value = await response.json(content_type=None) if "json" in response.content_type else None
            return Answer(response.status, response.headers, raw, value)
