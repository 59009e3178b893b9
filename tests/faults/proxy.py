"""A fault proxy: stands between a process and what it is connected to, and cuts the connection, or goes silent.

It runs in a thread with an event loop of its own, so that it goes on while a test waits for a process.
"""

import asyncio
import socket
import struct
import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

PATIENCE = 10.0  # seconds for its own thread to answer
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset, and throw away what is on its way


def port_of(url: str) -> int:
    """The port in a URL."""
    return urlsplit(url).port or 0


class FaultProxy:
    """Forwards TCP from an address of this machine to a loopback port. ``with`` it."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._target, self.host = port, host
        self.port = 0
        self.resets = 0
        """How many connections were cut so far."""
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)
        self._every: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def reset(self) -> None:
        """Cut every connection with a reset, as a firewall that restarts does. New ones may come."""
        self._do(self._cut())

    def reset_every(self, seconds: float) -> None:
        """Go on cutting, until the end or until :meth:`mend`."""

        async def begin() -> None:
            self._every = asyncio.create_task(self._cut_again_and_again(seconds))

        self._do(begin())

    def silence(self) -> None:
        """Nothing more goes through, and nobody is told: the connections stand, as behind a dead router."""
        self._do(self._set(passing=False))

    def mend(self) -> None:
        """Let everything through again, and stop cutting."""
        self._do(self._set(passing=True))

    def instead_of(self, url: str) -> str:
        """The URL of what is behind it, leading through it."""
        return url.replace(f"127.0.0.1:{self._target}", f"{self.host}:{self.port}")

    def _do(self, act: Any) -> None:
        asyncio.run_coroutine_threadsafe(act, self._loop).result(PATIENCE)

    async def _open(self) -> None:
        self._passing = asyncio.Event()
        self._passing.set()
        self._server = await asyncio.start_server(self._connect, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _set(self, *, passing: bool) -> None:
        if passing:
            if self._every is not None:
                self._every.cancel()
            self._passing.set()
        else:
            self._passing.clear()

    async def _cut(self) -> None:
        for pair in list(self._pairs):
            for end in pair:
                held = end.get_extra_info("socket")
                if held is not None and held.fileno() >= 0:
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.transport.abort()
            self.resets += 1

    async def _cut_again_and_again(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._cut()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, far_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._pairs.discard(pair)
            for end in pair:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
            writer.close()
        except OSError:
            writer.transport.abort()

    async def _shut(self) -> None:
        await self._set(passing=True)
        self._server.close()
        await self._cut()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)
