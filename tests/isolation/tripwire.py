"""A server at the live providers' addresses that nobody may reach: it notes every connection and answers none."""

import socket
import threading
from types import TracebackType
from typing import Self


class Tripwire:
    """Listens on a loopback port; ``touched`` has the first line of whatever each connection brought."""

    def __init__(self) -> None:
        self.touched: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def _watch(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.touched.append("")
                connection.settimeout(1.0)
                try:
                    self.touched[-1] = connection.recv(4096).decode("latin-1").partition("\r\n")[0]
                except OSError:
                    continue
