"""The event loop under libcurl: its multi interface, driven by whatever asyncio loop runs (the stock one or uvloop).

libcurl says which sockets it waits for and when it wants to be woken; this module tells the loop, and hands back the handles
that have ended. It knows nothing of what they ask for.

libcurl stops waiting for a socket after each answer and begins again with the next request. To take every one of them out of
the loop and put it back costs more than the request's own system calls, so the sockets have a selector of their own, which the
loop watches as one descriptor, and stay in it between requests. Not in a process that has forked: Linux goes on telling of
a socket that is closed here for as long as a child holds it too, unless it was taken out before.
"""

import asyncio
import os
import selectors
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakSet

import pycurl

Ended = Callable[[list[tuple[pycurl.Curl, int, str]]], None]
"""Told of handles that have ended and are out of the loop again: the handle, libcurl's code (0: well), and its words."""

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_EVENTS = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: _READ,
    pycurl.POLL_OUT: _WRITE,
    pycurl.POLL_INOUT: _READ | _WRITE,
    pycurl.POLL_REMOVE: 0,
}
"""What libcurl waits for, in the selector's words."""
_CAME = {
    _READ: pycurl.CSELECT_IN,
    _WRITE: pycurl.CSELECT_OUT,
    _READ | _WRITE: pycurl.CSELECT_IN | pycurl.CSELECT_OUT,
}
"""What came, in libcurl's."""

TOGETHER = 32
"""Sockets seen to before what follows from them begins. If all that are ready were seen to first, requests that began together
would end and begin together for ever, and all wait for the last of them each time."""


class CurlLoop:
    """One multi handle in the running loop. Nothing here blocks; everything happens in the loop's own thread."""

    def __init__(self, ended: Ended, *, connections: int) -> None:
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._wanted: dict[int, int] = {}
        """What libcurl waits for, by socket."""
        self._watched: dict[int, int] = {}
        """What the selector looks for, by socket: what libcurl waits for, or waited for last."""
        self._selector = self._open()
        self._due: float | None = None
        """The loop's time when libcurl wants to be woken."""
        self._timer: asyncio.TimerHandle | None = None
        self._kicked = self._is_closed = False
        self._has_forked = self._keeps_none = False
        _ALL.add(self)
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

    def prepare(self, handle: pycurl.Curl) -> None:
        """Make a new handle ready to be added."""
        handle.setopt(pycurl.SOCKOPTFUNCTION, self._on_opened)

    def note_fork(self) -> None:
        """This process has a child now. May be called from any thread."""
        self._has_forked = True

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
        if self._timer is not None:
            self._timer.cancel()
        self._shut()

    # What libcurl asks for. Nothing may be asked of libcurl inside these.

    def _on_want(self, what: int, descriptor: int, _multi: Any, _data: Any) -> None:
        wanted = self._wanted[descriptor] = _EVENTS[what]
        watched = self._watched.get(descriptor, 0)
        if wanted == watched or self._is_closed:
            return
        if not wanted:
            if self._keeps_none:
                self._forget(descriptor)
            return
        self._watched[descriptor] = wanted
        if watched:
            self._selector.modify(descriptor, wanted)
        else:
            self._selector.register(descriptor, wanted)

    def _on_opened(self, descriptor: int, _purpose: int) -> int:
        """A new socket. One that had its number before was closed while nobody waited for it, and libcurl tells of no such end."""
        self._forget(descriptor)
        return int(pycurl.SOCKOPT_OK)

    def _on_time(self, milliseconds: int) -> None:
        if milliseconds == 0:
            self._kick()
        self._due = None if milliseconds <= 0 else self._loop.time() + milliseconds / 1000
        self._set_timer()

    # What the loop is asked for

    def _open(self) -> selectors.BaseSelector:
        selector = selectors.DefaultSelector()
        self._loop.add_reader(_number(selector), self._on_ready)
        return selector

    def _shut(self) -> None:
        if not self._loop.is_closed():
            self._loop.remove_reader(_number(self._selector))
        self._selector.close()

    def _kick(self) -> None:
        if not self._kicked and not self._loop.is_closed():
            self._kicked = True
            self._loop.call_soon(self._turn)

    def _set_timer(self) -> None:
        """Be woken in time. One that is set for an earlier moment is let be: setting it anew each time costs more than a look."""
        if self._due is None or self._loop.is_closed():
            return
        if self._timer is not None:
            if self._timer.when() <= self._due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._on_due)

    # What the loop tells

    def _on_due(self) -> None:
        self._timer = None
        if self._due is not None and self._due <= self._loop.time():
            self._due = None
            self._kick()
        self._set_timer()

    def _turn(self) -> None:
        if self._kicked and not self._is_closed:
            self._kicked = False
            self._heed_fork()
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            self._reap()

    def _on_ready(self) -> None:
        self._heed_fork()
        ready = self._selector.select(0)
        for first in range(0, len(ready), TOGETHER):
            for key, events in ready[first : first + TOGETHER]:
                if self._wanted.get(key.fd):
                    self._multi.socket_action(key.fd, _CAME[events])
                else:
                    self._forget(key.fd)  # a connection that nobody uses: its end, which libcurl finds by itself
            self._reap()
            if self._is_closed:
                return
            self._turn()

    def _forget(self, descriptor: int) -> None:
        """Look at a socket no more, whether it is open or not."""
        self._wanted.pop(descriptor, None)
        if self._watched.pop(descriptor, None):
            self._selector.unregister(descriptor)

    def _heed_fork(self) -> None:
        if self._has_forked and not self._keeps_none:
            self._keeps_none = True
            for descriptor in [each for each in self._watched if not self._wanted.get(each)]:
                self._forget(descriptor)

    def _reap(self) -> None:
        """Hand over what has ended in this turn of the loop, all of it at once."""
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


def _number(selector: selectors.BaseSelector) -> int:
    """Its own descriptor. Linux's and BSD's have one, and elsewhere nothing of this runs."""
    return int(selector.fileno())  # type: ignore[attr-defined]


_ALL: WeakSet[CurlLoop] = WeakSet()


def _note_fork() -> None:
    for each in list(_ALL):
        each.note_fork()


os.register_at_fork(after_in_parent=_note_fork)
