"""``Retry-After``: how long a provider asks us to wait (RFC 9110, section 10.2.3)."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from crisis.clock import now


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, 0 or more, from seconds or a date; ``None`` when it is not said or cannot be read."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - now()).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a time zone
        return None
