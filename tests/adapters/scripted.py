"""A tiny HTTP server on loopback that answers with a script and keeps every request exactly as it came.

    with Scripted() as server:
        server.script(Answer(200, {"id": "1"}), Answer(503, "<html>", content_type="text/html"))
        ...  # call server.url
        assert server.requests[0].headers["authorization"] == "Bearer token"

Answers are given in order, whatever is asked; one request more than the script is answered 599, which nobody expects.
"""

import json
import socket
import socketserver
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Seen:
    """One request. ``target`` is the request line's, query included; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query, True).items()}

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), True).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """``body`` is sent as JSON unless it is text or bytes. ``content_type=None`` leaves the header out."""

    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = "application/json"
    after: float = 0.0
    """Seconds to wait before answering."""
    cut: int | None = None
    """Close after this many bytes of the body, although the whole length was announced."""
    drip: float = 0.0
    """Seconds between single bytes of the body."""

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Reset:
    """Read the whole request, then reset the connection (``rude``) or close it without a word."""

    rude: bool = True


class Scripted:
    """The server. A context manager; ``url`` and ``address`` (``host:port``) say where it listens."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.answer: Callable[[Seen], Answer | Reset] | None = None
        """Answers by what is asked, in place of the script, where requests come in no order."""
        self._answers: deque[Answer | Reset] = deque()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def parse_request(self) -> bool:
                good = super().parse_request()
                if good:
                    outer._serve(self)
                return False  # everything is done; http.server need not look for a do_METHOD

            def log_message(self, *_: Any) -> None:
                pass

        class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_: Any) -> None:
                pass  # a client that gave up is what several tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.address}"

    def script(self, *answers: Answer | Reset) -> Self:
        """Add to the script."""
        self._answers.extend(answers)
        return self

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        seen = Seen(handler.command, handler.path, headers, body)
        self.requests.append(seen)
        if self.answer is not None:
            answer = self.answer(seen)
        else:
            answer = (
                self._answers.popleft() if self._answers else Answer(599, "the script has ended", content_type=None)
            )
        if isinstance(answer, Reset):
            if answer.rude:
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                handler.connection.close()
            handler.close_connection = True
            return
        time.sleep(answer.after)
        content = answer.encoded()
        handler.send_response(answer.status)
        if answer.content_type is not None:
            handler.send_header("Content-Type", answer.content_type)
        handler.send_header("Content-Length", str(len(content)))
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if answer.drip:
            for byte in content:
                handler.wfile.write(bytes([byte]))
                time.sleep(answer.drip)
        else:
            handler.wfile.write(content[: answer.cut])
        if answer.cut is not None:
            handler.close_connection = True
