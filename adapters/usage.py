"""Usage: how much of an allowance X's and Meta's answers say an account has used, in the port's words.

X counts calls per user and endpoint over 15 minutes (docs.x.com, rate limits, August 2026): ``x-rate-limit-limit``,
``-remaining`` and ``-reset`` (Unix time). Meta gives percentages of what a page may do in a day and an app in an hour
(developers.facebook.com, rate limiting): ``X-Business-Use-Case-Usage`` as a list of uses for each object's id, and
``X-App-Usage``; neither while hardly anything is used. A header that is not as documented says nothing.
"""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from crisis.channels import Usage

_SHARES = ("call_count", "total_time", "total_cputime")
_REGAIN = "estimated_time_to_regain_access"  # minutes


def of_x(headers: Mapping[str, str]) -> Usage | None:
    """What is left of this endpoint's calls."""
    try:
        limit, left = int(headers["x-rate-limit-limit"]), int(headers["x-rate-limit-remaining"])
        resets_in = int(headers["x-rate-limit-reset"]) - time.time()
    except (KeyError, ValueError):
        return None
    if limit <= 0 or not 0 <= left <= limit:
        return None
    return Usage(1 - left / limit, left, max(1.0, resets_in))


def of_meta(headers: Mapping[str, str]) -> Usage | None:
    """The fullest of what Meta counts, as a share. Meta counts no calls."""
    uses = list(_uses(headers))
    shares = [float(use[name]) / 100 for use in uses for name in _SHARES if _is_number(use.get(name))]
    if not shares:
        return None
    return Usage(max(0.0, *shares), resets_in=regained_in(headers))


def regained_in(headers: Mapping[str, str]) -> float | None:
    """Seconds until Meta lets a throttled account call again, where it says so."""
    minutes = [float(use[_REGAIN]) for use in _uses(headers) if _is_number(use.get(_REGAIN))]
    return 60 * max(minutes, default=0.0) or None


def _uses(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    by_object, app = _json(headers.get("X-Business-Use-Case-Usage")), _json(headers.get("X-App-Usage"))
    for listed in by_object.values():
        yield from (use for use in listed if isinstance(use, dict)) if isinstance(listed, list) else ()
    yield app


def _json(header: str | None) -> Mapping[str, Any]:
    try:
        said = json.loads(header or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
