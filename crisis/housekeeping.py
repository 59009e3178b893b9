"""Housekeeping: what is kept no longer than it is needed. Beat asks for it once an hour; doing it twice is harmless."""

import logging

from crisis.audiences import service as audiences
from crisis.db import Database
from crisis.errors import Conflict
from crisis.tokens import idempotency
from crisis.users import attempts, ceremonies, devices, kept_forms, sessions

log = logging.getLogger(__name__)


async def tidy(db: Database, *, keep_unlisted_days: int) -> None:
    """Erase recipients who have been on no list for ``keep_unlisted_days``, and forget old idempotency keys, and of signing in
    what is over: sessions, attempts, ceremonies, kept forms, and browsers not used for a year.

    While an activation is in force nobody is erased: its updates and all-clear still have to find everyone.
    """
    try:
        erased = await audiences.erase_orphans(db, None, days=keep_unlisted_days)
    except Conflict as held:
        log.info("Nobody was erased: %s", held)
    else:
        log.info("%d recipients on no list were erased.", erased)
    async with db.transaction() as session:
        await idempotency.purge(session)
        for past in (sessions, attempts, ceremonies, devices, kept_forms):
            await past.purge(session)
