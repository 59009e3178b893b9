"""The server's end of a connection: uvicorn's own, which also hands out at once what lies ready (:class:`api.front.Ready`).

``uvicorn --http api.protocol:Protocol``. Uvicorn gives every request a cycle, an event and a task, and checks every header of
every answer. For the crisis page, read by everybody at the same time, that costs more than all the rest. So a request that can
be answered from memory is answered where its last byte is parsed. Only the plain case, the one that browsers and proxies send:
everything else goes uvicorn's way and is answered by the same hatch from within the application, only later. With any other
protocol the service is the same, and slower.

Leans on uvicorn's ``HttpToolsProtocol``, which promises no stability: ``tests/api/test_protocol.py`` holds it to what is used
here, and to the same bytes either way.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from api.front import AT_ONCE, ENDING, WHOLE, Hatch, Ready

_WITH_MORE = frozenset({b"content-length", b"transfer-encoding", b"expect"})
"""A request with one of these has a body, or may have."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        simple = not config.root_path and config.limit_concurrency is None and not config.access_log
        self._at_once: Hatch | None = app_state.get(AT_ONCE) if simple else None
        self._ready: Ready | None = None
        self._ending: Callable[[], None] | None = app_state.get(ENDING)

    def shutdown(self) -> None:
        """The server stops. Streams never end by themselves, and it waits for every answer: so they are told, once each."""
        if self._ending is not None:
            self._ending()
        super().shutdown()

    def on_headers_complete(self) -> None:
        """Look for an answer before a cycle is made for the request."""
        self._ready = self._find(self._at_once) if self._at_once is not None else None
        if self._ready is None:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Hand it out. What uvicorn counts and times at the end of an answer, it counts and times here too."""
        ready, self._ready = self._ready, None
        if ready is None:
            super().on_message_complete()
            self.scope["state"][WHOLE] = True
            return
        parts = [STATUS_LINE[ready.status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        self.transport.write(b"".join((*parts, ready.head, ready.body)))
        self.on_response_complete()

    def _find(self, at_once: Hatch) -> Ready | None:
        """The answer, if this is the plain case: nothing before it is unanswered, nothing of it is still to come.

        A reader too slow for what was written already (``write_paused``) gets no more than uvicorn's way gives it.
        """
        parser, url = self.parser, self.url
        if (
            (self.cycle is not None and not self.cycle.response_complete)
            or self.flow.write_paused
            or self.transport.is_closing()
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or parser.should_upgrade()
            or not url.startswith(b"/")
            or b"%" in url
        ):
            return None
        for name, _ in self.headers:
            if name in _WITH_MORE:
                return None
        path = url[1:].partition(b"?")[0].decode("latin-1")
        try:
            return at_once(parser.get_method().decode("latin-1"), path, self.headers)
        except Exception:  # noqa: BLE001 - it will go wrong in the application too, which says so and answers
            return None
