"""The only source of time in Python. The database's own clock decides leases and what is due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
"""The municipality's time zone: what people read and write is in it, everything inside is UTC."""


def now() -> datetime:
    """The time now, in UTC and aware of it."""
    return datetime.now(UTC)
