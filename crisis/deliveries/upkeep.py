"""Upkeep: channels that are read in peace too are told, at every sweep, which crises are over.

So the crisis page is there from the first sweep of the first worker, says that all is quiet, and says so again after a
stand-down; what somebody deleted, or a copy that fell behind, is mended without anybody asking.

Runbook: *could not be kept up* in the log means that the public may read an old page, though never that a message is lost:
publishing writes the page by itself. The sentence behind it says what to do; it is tried again at the next sweep.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.models import thread_of
from crisis.channels import Channel, ChannelError, Upkeep
from crisis.db import Database
from crisis.mode import Mode

log = logging.getLogger(__name__)

_OVER = text(
    "SELECT id, stood_down_at FROM activations WHERE mode = :mode AND state = 'stood_down' AND stood_down_at IS NOT NULL"
)


async def over(session: AsyncSession, mode: Mode) -> dict[str, datetime]:
    """The threads of this mode whose activation was stood down, and when. One is never in force again."""
    rows = await session.execute(_OVER, {"mode": mode.value})
    return {thread_of(row.id): row.stood_down_at for row in rows}


class Keeper:
    """Keeps the channels of one mode up. Says a failure once, not every few seconds, and says when it is over."""

    def __init__(self, db: Database, mode: Mode, channels: Mapping[str, Channel]) -> None:
        self._db, self._mode, self._channels = db, mode, channels
        self._failing: dict[str, str] = {}

    async def keep(self) -> None:
        """Tell every channel that wants to know. Never raises for what a channel cannot do: the sweep goes on."""
        kept = {name: channel for name, channel in self._channels.items() if isinstance(channel, Upkeep)}
        if not kept:
            return
        async with self._db.transaction() as session:
            ended = await over(session, self._mode)
        for name, channel in kept.items():
            try:
                await channel.keep(ended)
            except ChannelError as error:
                if self._failing.get(name) != str(error):
                    log.error("%s (%s) could not be kept up. %s", name, self._mode, error)  # noqa: TRY400
                self._failing[name] = str(error)
            else:
                if self._failing.pop(name, None):
                    log.warning("%s (%s) is kept up again.", name, self._mode)
