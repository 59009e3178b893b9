"""The mailer: takes due e-mails under a lease, hands them to the mail server side by side, and writes what came of them.

Killed at any line it does no harm: a lease that ran out is taken again, and the same Message-ID goes along.

Runbook: e-mails that stay *waiting* with an error say on the lock board what the mail server answers.
Mend the settings (``CRISIS_SMTP_...``) and restart the workers; they are tried again by themselves for as long as they are worth
anything.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text

from crisis.channel_mail import Letter, Mail
from crisis.channels import ChannelError, Rejected
from crisis.db import Database
from crisis.deliveries.book import EmailOpener
from crisis.errors import Unready
from crisis.mode import Mode

AT_ONCE = 32
"""Letters in flight."""
BATCH = 256
"""Letters claimed at a time."""
_SHORTEST, _LONGEST = 2.0, 300.0  # seconds between two tries: full jitter, doubling
_LATE_SECONDS = 5.0  # the lease outlasts the slowest batch by this

_GIVE_UP = text(
    """
    UPDATE emails e SET state = 'dead', lease = NULL, lease_until = NULL,
           error = coalesce(e.error, 'tried in vain for as long as it was worth anything')
    FROM notifications n
    WHERE n.id = e.notification_id AND e.mode = :mode AND e.state = 'ready' AND n.created_at < now() - CAST(:worth AS interval)
      AND (e.lease_until IS NULL OR e.lease_until < now())
    """
)
_CLAIM = text(
    """
    WITH due AS (
        SELECT id FROM emails
        WHERE mode = :mode AND state = 'ready' AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE emails e SET lease = :lease, lease_until = now() + CAST(:hold AS interval), attempts = e.attempts + 1
        FROM due WHERE e.id = due.id
        RETURNING e.id, e.notification_id, e.subject, e.text, e.message_id, e.attempts
    )
    SELECT taken.*, n.contact_id, c.email AS address FROM taken
    JOIN notifications n ON n.id = taken.notification_id JOIN contacts c ON c.id = n.contact_id ORDER BY taken.id
    """
)
_SETTLE = text(
    """
    UPDATE emails e
    SET state = g.state, error = g.error, lease = NULL, lease_until = NULL,
        sent_at = CASE WHEN g.state = 'sent' THEN clock_timestamp() END,
        due_at = CASE WHEN g.state = 'ready' THEN now() + g.wait * interval '1 second' ELSE e.due_at END
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:errors AS text[]), CAST(:waits AS float8[]))
         AS g (id, state, error, wait)
    WHERE e.id = g.id AND e.lease = :lease AND e.state = 'ready'
    """
)


@dataclass(frozen=True, slots=True)
class _Result:
    id: int
    state: str
    error: str | None = None
    wait: float = 0.0


class Mailer:
    """Sends the e-mails of one mode. ``worth``: how long one is tried."""

    def __init__(
        self,
        db: Database,
        mode: Mode,
        mail: Mail,
        opened: EmailOpener,
        *,
        call_seconds: float,
        worth: timedelta,
        chance: random.Random | None = None,
    ) -> None:
        self._db, self._mode, self._mail, self._opened = db, mode, mail, opened
        self._call_seconds, self._worth = call_seconds, worth
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries; guards nothing

    async def send_due(self) -> bool:
        """Send one batch of what is due; return whether there was anything."""
        lease = uuid4()
        hold = self._call_seconds * (BATCH / AT_ONCE) + _LATE_SECONDS
        values = {"mode": self._mode.value, "lease": lease, "most": BATCH, "hold": timedelta(seconds=hold)}
        async with self._db.transaction() as session:
            await session.execute(_GIVE_UP, {"mode": self._mode.value, "worth": self._worth})
            rows = (await session.execute(_CLAIM, values)).all()
        if not rows:
            return False
        places = asyncio.Semaphore(AT_ONCE)
        try:
            results = await asyncio.gather(*(self._send(row, places) for row in rows))
        finally:
            await self._mail.rest()
        await self._settle(lease, results)
        return True

    async def _send(self, row: Row[Any], places: asyncio.Semaphore) -> _Result:
        if row.address is None:
            return _Result(row.id, "refused", "the contact has no address any more")
        async with places:
            try:
                letter = Letter(self._opened(row.contact_id, row.address), row.subject, row.text, row.message_id)
                async with asyncio.timeout(self._call_seconds):
                    await self._mail.send(letter)
            except Rejected as error:
                return _Result(row.id, "refused", error.reason)
            except (ChannelError, Unready) as error:
                return self._later(row, str(error))
            except TimeoutError:
                return self._later(row, f"the mail server did not answer within {self._call_seconds:g} seconds")
        return _Result(row.id, "sent")

    def _later(self, row: Row[Any], why: str) -> _Result:
        most = min(_LONGEST, _SHORTEST * 2 ** min(row.attempts, 16))
        return _Result(row.id, "ready", why[:500], self._chance.uniform(_SHORTEST / 2, most))

    async def _settle(self, lease: UUID, results: Sequence[_Result]) -> None:
        values = {
            "lease": lease,
            "ids": [each.id for each in results],
            "states": [each.state for each in results],
            "errors": [each.error for each in results],
            "waits": [each.wait for each in results],
        }
        async with self._db.transaction() as session:
            await session.execute(_SETTLE, values)
