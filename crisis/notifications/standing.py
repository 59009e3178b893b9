"""Standing: who has been told what of an activation, by which way, with what result, and who has answered.

Read from the notifications, their deliveries and their e-mails; nothing is kept beside them. "Accepted" is the provider's or the mail
server's word that it took it, and "delivered" its word that it arrived, as everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.deliveries import ledger
from crisis.deliveries.states import FINAL, DeliveryState
from crisis.notifications.models import EmailState, NotificationKind, Part
from crisis.notifications.ways import Lack, Ways

ASKING = (NotificationKind.LOCK, NotificationKind.REMINDER, NotificationKind.ESCALATION)
"""The kinds that ask for an answer."""
ANSWERING = frozenset({Part.LEADER, Part.DEPUTY})
"""Whose answer counts for the whole unit."""
TAKEN = (DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED)
"""A provider has taken the text message, and has not said since that it did not arrive."""
_PARTS = list(Part)
_EMAIL_WORDS = {
    EmailState.READY: "waiting",
    EmailState.SENT: "accepted by the mail server",
    EmailState.REFUSED: "refused by the mail server",
    EmailState.DEAD: "given up before sending",
}

# An accepted text message has an attempt that says when; what a person marked as sent has none.
_PEOPLE = text(
    """
    SELECT c.id AS contact_id, c.unit, c.name, c.part, c.recipient_id IS NOT NULL AS has_number,
           c.email IS NOT NULL AS has_email, n.id, n.kind, n.created_at, n.acknowledged_at, n.acknowledged_by,
           n.acknowledged_way, d.state AS sms_state, d.error AS sms_error, d.changed_at AS sms_changed_at,
           coalesce((SELECT min(t.ended_at) FROM attempts t WHERE t.delivery_id = d.id AND t.outcome = ANY(:out)),
                    d.changed_at) AS accepted_at,
           e.state AS email_state, e.error AS email_error, e.sent_at
    FROM contacts c
    LEFT JOIN notifications n ON n.contact_id = c.id AND n.activation_id = :activation AND n.kind = ANY(:kinds)
    LEFT JOIN deliveries d ON d.id = n.delivery_id
    LEFT JOIN emails e ON e.notification_id = n.id
    WHERE (c.removed_at IS NULL OR n.id IS NOT NULL) AND (CAST(:unit AS text) IS NULL OR c.unit = :unit)
    ORDER BY c.unit, c.name, c.id, n.id
    """
)


@dataclass(frozen=True, slots=True)
class Told:
    """One notification as it stands, by each way it went."""

    id: int
    kind: NotificationKind
    told_at: datetime
    """When it was made out."""
    sms: DeliveryState | None = None
    sms_error: str | None = None
    sms_changed_at: datetime | None = None
    sms_accepted_at: datetime | None = None
    email: EmailState | None = None
    email_error: str | None = None
    email_sent_at: datetime | None = None

    @property
    def sms_words(self) -> str | None:
        """Such as ``delivered``; ``None`` where no text message was sent."""
        return None if self.sms is None else ledger.words(self.sms)

    @property
    def email_words(self) -> str | None:
        """Such as ``accepted by the mail server``; ``None`` where no e-mail was sent."""
        return None if self.email is None else _EMAIL_WORDS[self.email]

    @property
    def is_under_way(self) -> bool:
        """Something of it has neither been taken nor failed."""
        sms = self.sms is not None and self.sms not in TAKEN and self.sms not in FINAL | {DeliveryState.UNKNOWN_FINAL}
        return sms or self.email is EmailState.READY


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, what they were told of one activation, and what they answered."""

    contact_id: int
    unit: str
    name: str
    part: Part
    told: Sequence[Told] = ()
    """The oldest first; empty where nothing was made out to them."""
    lack: Lack | None = None
    """Why nothing can be, where there is no way to them."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_way: str | None = None
    """``link``, ``desk`` or ``telephone``."""

    @property
    def notification_id(self) -> int | None:
        """The first that asks for an answer."""
        return self.told[0].id if self.told else None

    @property
    def delivered_at(self) -> datetime | None:
        """When the first text message arrived, as its provider says."""
        return min(
            (t.sms_changed_at for t in self.told if t.sms is DeliveryState.DELIVERED and t.sms_changed_at), default=None
        )

    @property
    def accepted_at(self) -> datetime | None:
        """When a provider first took a text message to them."""
        return min((t.sms_accepted_at for t in self.told if t.sms in TAKEN and t.sms_accepted_at), default=None)

    @property
    def mailed_at(self) -> datetime | None:
        """When the mail server first took an e-mail to them."""
        return min((t.email_sent_at for t in self.told if t.email_sent_at), default=None)

    @property
    def told_at(self) -> datetime | None:
        """When they were first told, by the best evidence there is."""
        return self.delivered_at or self.accepted_at or self.mailed_at

    @property
    def asked_again_at(self) -> datetime | None:
        """When they were reminded, or as a deputy asked instead of the leader."""
        again = [t.told_at for t in self.told if t.kind is not NotificationKind.LOCK]
        return max(again, default=None)

    @property
    def is_under_way(self) -> bool:
        """Something to them has neither been taken nor failed."""
        return any(each.is_under_way for each in self.told)

    @property
    def problem(self) -> str | None:
        """Why a way to them failed for good, or stays closed, in the provider's words; the newest."""
        for each in reversed(self.told):
            if each.sms is not None and each.sms not in TAKEN and not each.is_under_way:
                return each.sms_error or each.sms_words
            if each.email is not None and each.email is not EmailState.SENT and each.email_error:
                return each.email_error
        return None


async def people(
    session: AsyncSession, activation_id: int, ways: Ways, *, unit: str | None = None
) -> Mapping[str, Sequence[Person]]:
    """Everyone who answers for accounts, by unit, leaders first: what they were told of this activation and what they answered.

    A unit that is not in it has no contact at all. ``unit``: that one alone.
    """
    values = {
        "activation": activation_id,
        "kinds": [each.value for each in ASKING],
        "unit": unit,
        "out": [each.value for each in TAKEN],
    }
    found: dict[int, Person] = {}
    for row in await session.execute(_PEOPLE, values):
        person = found.get(row.contact_id)
        if person is None:
            lack = ways.lack(has_number=row.has_number, has_email=row.has_email) if row.id is None else None
            person = Person(row.contact_id, row.unit, row.name, Part(row.part), lack=lack)
        if row.id is not None:
            person = _with(person, row)
        found[row.contact_id] = person
    by_unit: dict[str, list[Person]] = {}
    for person in sorted(found.values(), key=lambda each: _PARTS.index(each.part)):
        by_unit.setdefault(person.unit, []).append(person)
    return by_unit


def answer(people: Sequence[Person]) -> Person | None:
    """Whose answer counts for the unit: the first leader's or deputy's; nothing while nobody's does."""
    answered = [each for each in people if each.acknowledged_at is not None and each.part in ANSWERING]
    return min(answered, key=lambda each: each.acknowledged_at, default=None)  # type: ignore[arg-type, return-value]


def _with(person: Person, row: Row[Any]) -> Person:
    """The person with one more notification."""
    sms = DeliveryState(row.sms_state) if row.sms_state else None
    told = Told(
        row.id,
        NotificationKind(row.kind),
        row.created_at,
        sms,
        row.sms_error,
        row.sms_changed_at,
        row.accepted_at if sms in TAKEN else None,
        EmailState(row.email_state) if row.email_state else None,
        row.email_error,
        row.sent_at,
    )
    person = replace(person, told=(*person.told, told))
    if row.acknowledged_at is None or (person.acknowledged_at and person.acknowledged_at <= row.acknowledged_at):
        return person
    return replace(
        person,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_way=row.acknowledged_way,
    )
