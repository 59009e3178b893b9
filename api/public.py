"""The crisis page's files, from the application: a fallback for when no web server stands before it. Asks no database."""

import os
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

MAX_AGE = 15
"""Seconds a reader's copy may be old. Short, since an update may be a matter of life."""
PATH = "/crisis-page"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_TYPES = {".atom": "application/atom+xml"}


class CrisisPageFiles(StaticFiles):
    """What adapters write for the public; never their own files beside it, whose names begin with a dot."""

    def __init__(self, folder: Path, shown_by: str | None) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._policy = f"{_POLICY}; frame-ancestors " + (shown_by or "'none'")

    async def check_config(self) -> None:
        """The folder comes with the first message; before that every file is missing, and that is no fault."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """As in Starlette, but blind to hidden files."""
        if any(part.startswith(".") for part in Path(path).parts):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file with how long it may be kept, and an ETag to ask with."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
        response.headers["Content-Security-Policy"] = self._policy
        if media_type := _TYPES.get(Path(path).suffix):
            response.headers["Content-Type"] = media_type
        return response


def mount(folder: Path, shown_by: str | None) -> Mount:
    """Where the application serves them. ``shown_by`` is the address of the one page that may frame them: the sandbox's."""
    return Mount(PATH, CrisisPageFiles(folder, shown_by), name="crisis-page")
