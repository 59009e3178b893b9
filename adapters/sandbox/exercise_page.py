"""The crisis page of exercises, where players read it: the one host that an exercise may reach serves it."""

import re
from pathlib import Path

from adapters.sandbox.exchange import HTML, Answer, Asked, Verb, say, say_html
from adapters.sandbox.faults import PAGE, Faults

PATH = PAGE
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,80}\.(html|atom|json|xml)")
_HEADERS = [
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
    ),
    (b"cache-control", b"public, max-age=15"),
]
_DOWN = b"<!doctype html><title>503</title><h1>503 Service Unavailable</h1>"
_AS_TEXT = (b"content-type", b"text/plain; charset=utf-8")
"""Feeds and CAP are for machines; a player who follows the link sees what they say."""


class ExercisePage:
    """Serves the pages in one folder, and nothing else that lies there; nothing at all while it is "down"."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self._folder, self._faults = folder, faults

    def answer(self, name: str, asked: Asked) -> Answer:
        """One page, by its file's name; the first one without."""
        if self._faults.pick(PAGE, Verb.READ, lambda: (None, None)) is not None:
            return Answer(503, _DOWN, [HTML])
        name = name or "index.html"
        try:
            if asked.method in {"GET", "HEAD"} and _NAME.fullmatch(name):
                text = (self._folder / name).read_text(encoding="utf-8")
                if name.endswith(".html"):
                    return say_html(200, text, _HEADERS)
                return Answer(200, text.encode(), [_AS_TEXT, *_HEADERS])
        except (OSError, ValueError):
            pass  # not written yet, or gone: as any web server would say
        return say(404, {"detail": "No such page."})
