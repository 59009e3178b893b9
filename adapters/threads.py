"""Threads for blocking SDKs: bounded in number and in time, and never sending for somebody who has stopped waiting.

A thread cannot be cancelled. Without care, a call that was given up while it still looked up a name could go out
seconds later, after its delivery was already settled. So every call has a ticket: the transport shows it immediately
before the first byte, and an abandoned ticket stops it there.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import TypeVar

from crisis.channels import OutcomeUnknown, Unavailable

T = TypeVar("T")

PATIENCE = 0.9
"""Share of a call's hard limit after which we give up ourselves, so that our own, clearer error comes first."""
CONNECT_SHARE = 0.5
"""Share of it for getting a connection; what is left is for the answer."""


class Ticket:
    """The right of one call to send. Shared by the thread that calls and the event loop that waits."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._abandoned = False
        self._began = False
        self._socket: socket.socket | None = None

    def begin(self, connection: socket.socket | None) -> None:
        """The last thing before the first byte of a request. Raises :class:`Unavailable` if nobody waits any more."""
        with self._mutex:
            if self._abandoned:
                raise Unavailable("The call ran out of time before it was sent. Nothing was sent; try again.")
            self._began = True
            self._socket = connection

    def rest(self) -> None:
        """The answer was read whole: the connection is no longer this call's to break."""
        with self._mutex:
            self._socket = None

    def abandon(self) -> bool:
        """Stop it before it sends, or break its connection so that the thread comes free. True if bytes may be out."""
        with self._mutex:
            self._abandoned = True
            if self._socket is not None:
                with contextlib.suppress(OSError, TypeError):  # closed meanwhile, or TLS inside TLS
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            return self._began


current_ticket: ContextVar[Ticket | None] = ContextVar("current_ticket", default=None)


class Threads:
    """At most ``most`` blocking calls at once, each given up after nine tenths of ``call_seconds``."""

    def __init__(self, most: int, *, call_seconds: float, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix=name)
        self._patience = call_seconds * PATIENCE

    async def run(self, call: Callable[[], T]) -> T:
        """Run ``call`` in a thread.

        Out of time, it raises :class:`OutcomeUnknown` if a request had begun and :class:`Unavailable` if none had.
        """
        ticket = Ticket()
        context = copy_context()
        context.run(current_ticket.set, ticket)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.get_running_loop().run_in_executor(self._pool, context.run, call)
        except TimeoutError:
            if ticket.abandon():
                raise OutcomeUnknown(
                    f"No answer within {self._patience:.1f} s. The provider may have processed it; read back first."
                ) from None
            raise Unavailable(
                f"No connection within {self._patience:.1f} s. Nothing was sent; it can be tried again."
            ) from None
        except BaseException:
            ticket.abandon()
            raise

    def close(self) -> None:
        """Start no more calls. Those under way end by their own limits."""
        self._pool.shutdown(wait=False, cancel_futures=True)
