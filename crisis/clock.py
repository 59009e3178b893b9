"""The only source of time in Python: this machine's, to say when, and the database's, which decides what is due and what is over."""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

OSLO = ZoneInfo("Europe/Oslo")
"""The municipality's time zone: what people read and write is in it, everything inside is UTC."""


def now() -> datetime:
    """The time now, in UTC and aware of it."""
    return datetime.now(UTC)


_loaded, _loaded_monotonic = now(), time.monotonic()


def steady() -> datetime:
    """The time by the clock as it was when this process began: nobody sets it, so it never goes back. For what recurs."""
    return _loaded + timedelta(seconds=time.monotonic() - _loaded_monotonic)


async def at_database(session: "AsyncSession") -> datetime:
    """The time now by the database's clock. Whatever goes out or not by the time asks this: a machine's own may be wrong."""
    from sqlalchemy import func, select  # noqa: PLC0415 - beat knows the time, and no database

    found: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return found
