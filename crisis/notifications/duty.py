"""The duty: plans what an activation's people are to be told, and sends the e-mails. The text messages are the engine's to send."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import text

from crisis import clock
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.channels import Capabilities
from crisis.db import Database
from crisis.mode import Mode
from crisis.notifications import due, ways
from crisis.notifications.due import Terms
from crisis.notifications.mailer import Mailer
from crisis.notifications.models import NotificationKind as Kind
from crisis.notifications.writer import Writer

RELEASED = timedelta(hours=24)
"""How long after a stand-down people may still be told of it."""

# What asks for silence is worth nothing once the lock is over. A leased delivery's sender drops it when its lease is gone.
_DROP_SMS = text(
    """
    UPDATE deliveries d SET state = 'cancelled', lease = NULL, lease_until = NULL, changed_at = now(),
           error = 'the crisis staff was stood down before it was sent'
    FROM notifications n
    WHERE n.activation_id = :activation AND n.kind IN ('lock', 'reminder', 'escalation', 'planned') AND d.id = n.delivery_id
      AND d.state IN ('ready', 'leased', 'retry_wait')
    """
)
_DROP_EMAILS = text(
    """
    UPDATE emails e SET state = 'dead', lease = NULL, lease_until = NULL,
           error = 'the crisis staff was stood down before it was sent'
    FROM notifications n
    WHERE n.activation_id = :activation AND n.kind IN ('lock', 'reminder', 'escalation', 'planned')
      AND e.notification_id = n.id AND e.state = 'ready'
    """
)


class Notifications:
    """The notifications of one mode in one process: a :class:`crisis.locks.securer.Duty`. ``mailer``: none where no mail
    server is set.
    """

    name = "notifications"

    def __init__(
        self,
        db: Database,
        mode: Mode,
        writer: Writer,
        terms: Terms,
        capabilities: Mapping[str, Capabilities],
        mailer: Mailer | None,
    ) -> None:
        self._db, self._mode = db, mode
        self._writer, self._terms, self._capabilities, self._mailer = writer, terms, capabilities, mailer

    async def round(self) -> bool:
        """Tell whoever is due, and send the e-mails that are."""
        told = await self._tell()
        sent = self._mailer is not None and await self._mailer.send_due()
        return told or sent

    async def _tell(self) -> bool:
        async with self._db.transaction() as session:
            activation = await activations.find_latest(session, self._mode)
            if activation is None:
                return False
            reached = await ways.find(
                session, self._capabilities, self._terms.editors_unit, has_mail=self._mailer is not None
            )
        if activation.state is not ActivationState.STOOD_DOWN:
            return any([await self._tell_one(activation, kind, reached) for kind in due.IN_FORCE])
        async with self._db.transaction() as session:
            since = await clock.at_database(session) - RELEASED
            if activation.stood_down_at is None or activation.stood_down_at < since:
                return False
            for statement in (_DROP_SMS, _DROP_EMAILS):
                await session.execute(statement, {"activation": activation.id})
        return any([await self._tell_one(activation, kind, reached) for kind in due.OVER])

    async def _tell_one(self, activation: Activation, kind: Kind, reached: ways.Ways) -> bool:
        """One kind, in a transaction of its own: those that are due now."""
        async with self._db.transaction() as session:
            found = await due.find(session, activation, kind, reached, self._terms)
            return bool(found) and await self._writer.write(session, activation, kind, found, reached) > 0
