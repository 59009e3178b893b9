"""The front: what comes by the hundred thousand is answered at a door of its own, before routing, parsing and middleware.

Those cost more than such an answer does (`python -m bench --only S8`). A door stands for the first part of a path; what it
does not answer, the application does: its refusals, its errors.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

Door = Callable[[Scope, Receive, Send], Awaitable[bool]]
"""Answers a request and says so, or says ``False`` and has sent and received nothing. Sends all its headers itself."""


class Front(FastAPI):
    """An application with ``doors``: the first part of a path, to who answers there."""

    def __init__(self, *given: Any, doors: dict[str, Door], **more: Any) -> None:
        super().__init__(*given, **more)
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entrance."""
        if scope["type"] == "http":
            door = self._doors.get(inside(scope).partition("/")[0])
            if door is not None and await door(scope, receive, send):
                return
        await super().__call__(scope, receive, send)


def inside(scope: Scope) -> str:
    """The path within the application, without the slash it begins with."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    return path[len(root) + 1 :] if root and path.startswith(f"{root}/") else path[1:]
