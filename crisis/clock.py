"""The only source of time in Python. The database's own clock decides leases and what is due."""

from datetime import UTC, datetime


def now() -> datetime:
    """The time now, in UTC and aware of it."""
    return datetime.now(UTC)
