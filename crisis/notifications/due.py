"""Due: whom an activation still has to tell what. One statement for each kind, and each finds nobody where there is nothing new.

::

    lock         leaders and editors of every unit with an account, at once; a deputy where the unit has no leader to reach
    reminder     once, to whoever has not answered after some minutes
    escalation   once, to the deputies, where no leader has answered
    breach       once for each post that is not ours, to the web editors; of a flood on one account, only of its beginning
    planned      once for each post that waits inside its platform, to the unit
    release      once, to everyone who was told of the lock, when it is over

When a leader or deputy of a unit has answered, nobody there is asked further.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations.models import Activation
from crisis.notifications.models import NotificationKind as Kind
from crisis.notifications.ways import Ways

SINGLY = 3
LATELY = timedelta(hours=1)
"""Of one account's breaches so many are told in so long: a thousand text messages sent past us must not become a thousand
alarms. The last of them says that more may come, and all stand on the page.
"""
MOST = 500
"""How many are told in one transaction."""

_COMMON = """
    WITH reachable AS (
        SELECT c.id, c.unit, c.name, c.part, c.language, c.recipient_id, c.email IS NOT NULL AS has_email
        FROM contacts c
        WHERE c.removed_at IS NULL AND ((:sms AND c.recipient_id IS NOT NULL) OR (:mail AND c.email IS NOT NULL))
    ), answered AS (
        SELECT DISTINCT c.unit FROM notifications n JOIN contacts c ON c.id = n.contact_id
        WHERE n.activation_id = :activation AND n.acknowledged_at IS NOT NULL AND c.part IN ('leader', 'deputy')
    )
"""
_WHO = "r.id AS contact_id, r.unit, r.name, r.language, r.recipient_id, r.has_email"
_OWN = "n.activation_id = :activation AND n.contact_id = r.id"
# Whoever has a deputy's or editor's part where nobody leads is told at once.
_AT_ONCE = "(r.part <> 'deputy' OR NOT EXISTS (SELECT FROM reachable l WHERE l.unit = r.unit AND l.part = 'leader'))"


def _statement(body: str) -> TextClause:
    return text(f"{_COMMON} {body} LIMIT :most")


_STATEMENTS = {
    Kind.LOCK: _statement(
        f"""
        SELECT {_WHO} FROM reachable r
        WHERE (r.unit = :editors OR (EXISTS (SELECT FROM accounts a WHERE a.unit = r.unit AND a.state = 'active')
                                     AND {_AT_ONCE}))
          AND NOT EXISTS (SELECT FROM notifications n WHERE {_OWN} AND n.kind IN ('lock', 'escalation'))
        ORDER BY r.id
        """  # noqa: S608 - our own words
    ),
    Kind.REMINDER: _statement(
        f"""
        SELECT {_WHO} FROM reachable r JOIN notifications n ON {_OWN} AND n.kind = 'lock'
        WHERE r.unit <> :editors AND n.created_at <= now() - CAST(:remind AS interval)
          AND r.unit NOT IN (SELECT unit FROM answered)
          AND NOT EXISTS (SELECT FROM notifications n WHERE {_OWN}
                          AND (n.kind = 'reminder' OR n.acknowledged_at IS NOT NULL))
        ORDER BY r.id
        """  # noqa: S608 - our own words
    ),
    Kind.ESCALATION: _statement(
        f"""
        SELECT {_WHO} FROM reachable r
        WHERE r.part = 'deputy' AND r.unit <> :editors AND r.unit NOT IN (SELECT unit FROM answered)
          AND EXISTS (SELECT FROM notifications n JOIN contacts l ON l.id = n.contact_id
                      WHERE n.activation_id = :activation AND n.kind = 'lock' AND l.unit = r.unit AND l.part = 'leader'
                        AND n.created_at <= now() - CAST(:escalate AS interval))
          AND NOT EXISTS (SELECT FROM notifications n WHERE {_OWN} AND n.kind IN ('lock', 'escalation'))
        ORDER BY r.id
        """  # noqa: S608 - our own words
    ),
    Kind.BREACH: _statement(
        f"""
        , told AS (
            SELECT b.account_id, count(DISTINCT b.id) AS breaches
            FROM notifications n JOIN breaches b ON b.id = n.breach_id
            WHERE n.activation_id = :activation AND n.created_at > now() - CAST(:lately AS interval)
            GROUP BY b.account_id
        ), untold AS (
            SELECT b.id, b.account_id, b.posted_at, b.text, b.url,
                   coalesce(t.breaches, 0) + row_number() OVER (PARTITION BY b.account_id ORDER BY b.id) AS place
            FROM breaches b LEFT JOIN told t ON t.account_id = b.account_id
            WHERE b.activation_id = :activation AND b.state = 'open'
              AND NOT EXISTS (SELECT FROM notifications n WHERE n.activation_id = :activation AND n.breach_id = b.id)
        )
        SELECT {_WHO}, b.id AS breach_id, a.name AS account, a.channel, a.unit AS of_unit, b.posted_at AS at, b.text, b.url,
               b.place = :singly AS more_may_come
        FROM untold b JOIN accounts a ON a.id = b.account_id CROSS JOIN reachable r
        WHERE r.unit = :editors AND b.place <= :singly
        ORDER BY r.id, b.id
        """  # noqa: S608 - our own words
    ),
    Kind.PLANNED: _statement(
        f"""
        SELECT {_WHO}, p.id AS planned_post_id, a.name AS account, a.channel, a.unit AS of_unit, p.due_at AS at, p.text,
               p.url
        FROM planned_posts p JOIN accounts a ON a.id = p.account_id JOIN reachable r ON r.unit = a.unit AND {_AT_ONCE}
        WHERE p.activation_id = :activation AND p.state = 'left' AND p.due_at > now()
          AND NOT EXISTS (SELECT FROM notifications n WHERE n.activation_id = :activation AND n.planned_post_id = p.id)
        ORDER BY r.id, p.id
        """  # noqa: S608 - our own words
    ),
    Kind.RELEASE: _statement(
        f"""
        SELECT {_WHO} FROM reachable r
        WHERE r.unit <> :editors
          AND EXISTS (SELECT FROM notifications n WHERE {_OWN} AND n.kind IN ('lock', 'reminder', 'escalation'))
          AND NOT EXISTS (SELECT FROM notifications n WHERE {_OWN} AND n.kind = 'release')
        ORDER BY r.id
        """  # noqa: S608 - our own words
    ),
}
IN_FORCE = (Kind.LOCK, Kind.BREACH, Kind.PLANNED, Kind.ESCALATION, Kind.REMINDER)
"""What is looked for while an activation is in force, in this order."""
OVER = (Kind.BREACH, Kind.RELEASE)
"""And when it is over: the last look (:mod:`crisis.watch.closing`) may still find what came out before."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the municipality has settled about telling people."""

    editors_unit: str
    editors_contact: str
    """Whom to call."""
    public_url: str
    primary: str
    """The language of whoever has chosen none."""
    remind_after: timedelta
    escalate_after: timedelta
    worth: timedelta
    """How long a notification is worth sending at all."""


@dataclass(frozen=True, slots=True)
class Due:
    """One person to be told one thing."""

    kind: Kind
    contact_id: int
    unit: str
    name: str
    language: str | None
    recipient_id: int | None
    has_email: bool
    breach_id: int | None = None
    planned_post_id: int | None = None
    account: str = ""
    channel: str = ""
    of_unit: str = ""
    at: datetime | None = None
    """When the post came out, or goes out."""
    text: str = ""
    url: str | None = None
    more_may_come: bool = False
    """Of the account's next ones nobody is told for a while."""

    @property
    def key(self) -> tuple[int, int, int]:
        """What there is one of, in one activation and of one kind."""
        return self.contact_id, self.breach_id or 0, self.planned_post_id or 0


async def find(session: AsyncSession, activation: Activation, kind: Kind, ways: Ways, terms: Terms) -> Sequence[Due]:
    """Who is to be told this now; at most :data:`MOST`, ordered so that two processes write them in the same order."""
    values = {
        "activation": activation.id,
        "sms": ways.sender is not None,
        "mail": ways.has_mail,
        "editors": terms.editors_unit,
        "remind": terms.remind_after,
        "escalate": terms.escalate_after,
        "singly": SINGLY,
        "lately": LATELY,
        "most": MOST,
    }
    used = {name: value for name, value in values.items() if f":{name}" in _STATEMENTS[kind].text}
    rows = await session.execute(_STATEMENTS[kind], used)
    return [Due(kind, **row) for row in rows.mappings()]
