"""Accepted: the language of somebody whom nobody can look up, by what their browser says."""

from typing import Final

from starlette.requests import Request

from api.desk.visit import LANGUAGE
from crisis.tongue.texts import LANGUAGES, SOURCE

MOST: Final = 200
"""Characters read of what a browser asks for. Browsers send a few dozen."""
_NORWEGIAN: Final = "no"
"""A browser that does not say which Norwegian gets :data:`SOURCE`."""


def accepted(request: Request) -> str:
    """The one that was chosen in this browser; else the first of ours that it asks for (RFC 9110, 12.5.4); else bokmål."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen in LANGUAGES:
        return chosen
    asked = [_weighed(each) for each in request.headers.get("accept-language", "")[:MOST].split(",")]
    for weight, tag in sorted(asked, key=lambda each: -each[0]):
        language = SOURCE if tag == _NORWEGIAN else tag
        if weight > 0 and language in LANGUAGES:
            return language
    return SOURCE


def _weighed(said: str) -> tuple[float, str]:
    """One of the languages asked for: how much it is wanted, and its tag without what follows a hyphen."""
    tag, _, parameter = said.partition(";")
    name, _, weight = parameter.partition("=")
    language = tag.strip().lower().partition("-")[0]
    if name.strip().lower() != "q":
        return 1.0, language
    try:
        return float(weight), language
    except ValueError:
        return 0.0, language
