"""A receiver of callbacks for tests: keeps each request as it came, and answers as told."""

from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator


@dataclass(frozen=True)
class Received:
    """One callback. ``url`` is the address it was sent to, query included."""

    url: str
    fields: dict[str, str]
    signature: str

    @property
    def status(self) -> str:
        """What it says of the message."""
        return self.fields["MessageStatus"]

    def is_signed_by(self, token: str) -> bool:
        """Checked by the provider's own SDK."""
        return bool(RequestValidator(token).validate(self.url, self.fields, self.signature))


class CallbackReceiver:
    """Listens on loopback from ``with`` to its end."""

    def __init__(self, port: int = 0, *, answer: int = 204) -> None:
        self.received: list[Received] = []
        self.answer = answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fields = dict(parse_qsl(body, keep_blank_values=True))
                signature = self.headers["X-Twilio-Signature"]
                outer.received.append(Received(f"http://{self.headers['Host']}{self.path}", fields, signature))
                self.send_response(outer.answer)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the library's
                """Keep the tests' output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/receipts/twilio"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def statuses(self, key: str) -> list[str]:
        """The statuses told about one delivery, in the order they came."""
        return [each.status for each in self.received if each.url.endswith(f"key={key}")]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
