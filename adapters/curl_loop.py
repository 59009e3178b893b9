"""The event loop under libcurl: its multi interface, driven by whatever asyncio loop runs (the stock one or uvloop).

libcurl says which sockets it waits for and when it wants to be woken; this module tells the loop, and hands back the handles
that have ended. It knows nothing of what they ask for.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Any

import pycurl

Ended = Callable[[list[tuple[pycurl.Curl, int, str]]], None]
"""Told of handles that have ended and are out of the loop again: the handle, libcurl's code (0: well), and its words."""


class CurlLoop:
    """One multi handle in the running loop. Nothing here blocks; everything happens in the loop's own thread."""

    def __init__(self, ended: Ended, *, connections: int) -> None:
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._watched: dict[int, int] = {}
        """What libcurl waits for, by socket."""
        self._timer: asyncio.TimerHandle | None = None
        self._kicked = self._reaping = self._is_closed = False
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_want)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_time)
        self._multi.setopt(pycurl.M_MAXCONNECTS, connections)
        self._multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, connections)

    def is_here(self) -> bool:
        """Whether the running loop is the one this belongs to, in the process that made it."""
        return self._loop is asyncio.get_running_loop() and self._process == os.getpid()

    def is_inherited(self) -> bool:
        """Whether this is a fork's copy of its parent's. Its connections are the parent's: do not even close them."""
        return self._process != os.getpid()

    def add(self, handle: pycurl.Curl) -> None:
        """Begin, at the loop's next turn: everything added within one turn begins together."""
        self._multi.add_handle(handle)
        self._kick()

    def remove(self, handle: pycurl.Curl) -> None:
        """Break off. ``ended`` is not told. A connection in the middle of an answer is closed."""
        self._multi.remove_handle(handle)

    def close(self, handles: Iterable[pycurl.Curl]) -> None:
        """Break off these, which are all there are, and close every connection."""
        for handle in handles:
            self._multi.remove_handle(handle)
        self._is_closed = True
        self._multi.close()
        self._stop_timer()

    # What libcurl asks for. Nothing may be asked of libcurl inside these.

    def _on_want(self, what: int, descriptor: int, _multi: Any, _data: Any) -> None:
        """A socket's turn; it is taken back before libcurl closes the socket or keeps it for later."""
        before = self._watched.pop(descriptor, 0)
        wanted = 0 if what == pycurl.POLL_REMOVE else what
        if wanted:
            self._watched[descriptor] = wanted
        if before != wanted and not self._loop.is_closed():
            self._watch(descriptor, before, wanted)

    def _on_time(self, milliseconds: int) -> None:
        self._stop_timer()
        if milliseconds == 0:
            self._kick()
        elif milliseconds > 0 and not self._loop.is_closed():
            self._timer = self._loop.call_later(milliseconds / 1000, self._turn)

    # What the loop is asked for

    def _watch(self, descriptor: int, before: int, wanted: int) -> None:
        if wanted & pycurl.POLL_IN and not before & pycurl.POLL_IN:
            self._loop.add_reader(descriptor, self._act, descriptor, pycurl.CSELECT_IN)
        elif before & pycurl.POLL_IN and not wanted & pycurl.POLL_IN:
            self._loop.remove_reader(descriptor)
        if wanted & pycurl.POLL_OUT and not before & pycurl.POLL_OUT:
            self._loop.add_writer(descriptor, self._act, descriptor, pycurl.CSELECT_OUT)
        elif before & pycurl.POLL_OUT and not wanted & pycurl.POLL_OUT:
            self._loop.remove_writer(descriptor)

    def _kick(self) -> None:
        if not self._kicked and not self._loop.is_closed():
            self._kicked = True
            self._loop.call_soon(self._turn)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What the loop tells

    def _turn(self) -> None:
        self._kicked = False
        self._act(pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, descriptor: int, what: int) -> None:
        if self._is_closed:
            return
        self._multi.socket_action(descriptor, what)
        if not self._reaping:
            self._reaping = True
            self._loop.call_soon(self._reap)

    def _reap(self) -> None:
        """Hand over what has ended in this turn of the loop, all of it at once."""
        self._reaping = False
        if self._is_closed:
            return
        ended: list[tuple[pycurl.Curl, int, str]] = []
        left = 1
        while left:
            left, well, badly = self._multi.info_read()
            ended += [(handle, 0, "") for handle in well]
            ended += badly
        for handle, _, _ in ended:
            self._multi.remove_handle(handle)
        if ended:
            self._ended(ended)
