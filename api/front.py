"""The front: what comes by the hundred thousand is answered before routing, parsing and middleware.

Those cost more than such an answer does (`python -m bench --only S5,S8`). A hatch hands out what lies ready, a door answers
what takes a moment; each stands for the first part of a path. What neither answers, the application does: its refusals, its
errors.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

AT_ONCE = "at_once"
"""Under this name the server's protocol finds :meth:`Front.at_once` in the lifespan's state."""
ENDING = "ending"
"""Under this name it finds what to call when the server begins to stop, before it waits for what is unanswered."""
WHOLE = "whole"
"""Under this name the protocol leaves in a request's state that all of its body has arrived; other protocols do not."""

Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""

Door = Callable[[Scope, Receive, Send], Awaitable[bool]]
"""Answers a request and says so, or says ``False`` and has sent and received nothing. Sends all its headers itself."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that lies ready, with all its headers. Raises :class:`ValueError` for a header that would be several."""

    status: int
    headers: Headers
    body: bytes
    head: bytes = field(init=False)
    """The headers as HTTP/1.1 writes them, and the empty line after them."""

    def __post_init__(self) -> None:
        lines = [b"%s: %s" % header for header in self.headers]
        if any(mark in line for line in lines for mark in (b"\r", b"\n", b"\0")):
            raise ValueError(f"A header has a line break in it: {self.headers}")
        object.__setattr__(self, "head", b"".join(line + b"\r\n" for line in lines) + b"\r\n")


Hatch = Callable[[str, str, Headers], Ready | None]
"""Method, path within the application, the request's headers: what is handed out, or ``None``. Waits for nobody."""


class Front(FastAPI):
    """An application with ``hatches`` and ``doors``: the first part of a path, to who answers there."""

    def __init__(self, *given: Any, hatches: dict[str, Hatch], doors: dict[str, Door], **more: Any) -> None:
        super().__init__(*given, **more)
        self._hatches, self._doors = hatches, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entrance."""
        if scope["type"] == "http":
            path = inside(scope)
            ready = self.at_once(scope["method"], path, scope["headers"])
            if ready is not None:
                await send({"type": "http.response.start", "status": ready.status, "headers": ready.headers})
                await send({"type": "http.response.body", "body": ready.body})
                return
            door = self._doors.get(path.partition("/")[0])
            if door is not None and await door(scope, receive, send):
                return
        await super().__call__(scope, receive, send)

    def at_once(self, method: str, path: str, headers: Headers) -> Ready | None:
        """What a hatch hands out for this request; ``None`` if it must go in."""
        hatch = self._hatches.get(path.partition("/")[0])
        return hatch(method, path, headers) if hatch is not None else None


def inside(scope: Scope) -> str:
    """The path within the application, without the slash it begins with."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    return path[len(root) + 1 :] if root and path.startswith(f"{root}/") else path[1:]
