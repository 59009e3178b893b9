"""The writer: makes notifications out of whoever is due, with their text message and their e-mail, in one transaction.

Writing one twice is harmless, so any number of processes may do it at once: the second finds that there is one. Text messages are
deliveries like all others: retries, receipts, unknown outcomes, limits and the walls around exercises are the engine's own.

They go in the lane of the text messages and not among the public posts: there a thousand of them would stand before the crisis
page and Facebook, and each is asked what it follows up and looked at from outside. In their own lane they are due since the
activation, which is before any message of it, so that they are the first to be claimed, also in the middle of a broadcast; and
what goes to a municipality's own people is a thousandth of what goes to its residents, so that those wait some seconds at most.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.activations.models import Activation, thread_of
from crisis.audit import chain
from crisis.deliveries import outbox
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.notifications import links
from crisis.notifications.due import Due, Terms
from crisis.notifications.models import NotificationKind as Kind
from crisis.notifications.standing import ASKING
from crisis.notifications.texts import Composed, Texts, excerpt
from crisis.notifications.ways import Ways

POSTS_PATH = "/posts"
"""Where a unit finds what waited."""

_NOTIFICATIONS = text(
    """
    INSERT INTO notifications (mode, activation_id, contact_id, kind, breach_id, planned_post_id, token_hash, expires_at)
    SELECT :mode, :activation, g.contact, :kind, g.breach, g.planned, g.digest, now() + CAST(:lasts AS interval)
    FROM unnest(CAST(:contacts AS int[]), CAST(:breaches AS bigint[]), CAST(:planned AS bigint[]),
                CAST(:digests AS bytea[])) WITH ORDINALITY AS g (contact, breach, planned, digest, place)
    ORDER BY g.place
    ON CONFLICT DO NOTHING
    RETURNING id, contact_id, coalesce(breach_id, 0) AS breach, coalesce(planned_post_id, 0) AS planned
    """
)
_RENDITIONS = text(
    """
    INSERT INTO renditions (mode, notification_id, channel, language, kind, title, text, length, thread, issued_at)
    SELECT :mode, g.notification, :channel, g.language, 'notification', g.title, g.said, 1, :thread, now()
    FROM unnest(CAST(:notifications AS bigint[]), CAST(:languages AS text[]), CAST(:titles AS text[]),
                CAST(:texts AS text[])) AS g (notification, language, title, said)
    RETURNING id, notification_id
    """
)
_POINT = text(
    """
    UPDATE notifications n SET delivery_id = g.delivery
    FROM unnest(CAST(:notifications AS bigint[]), CAST(:deliveries AS bigint[])) AS g (notification, delivery)
    WHERE n.id = g.notification
    """
)
_EMAILS = text(
    """
    INSERT INTO emails (mode, notification_id, subject, text, message_id)
    SELECT :mode, g.* FROM unnest(CAST(:notifications AS bigint[]), CAST(:subjects AS text[]), CAST(:texts AS text[]),
                                  CAST(:message_ids AS text[])) AS g
    """
)
_ACCOUNTS = text(
    """
    SELECT unit, channel, name FROM accounts WHERE unit = ANY(:units) AND state = 'active' ORDER BY unit, channel, name
    """
)
_WAITING = text(
    """
    SELECT a.unit, count(DISTINCT r.post_id) AS posts
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN accounts a ON a.id = d.account_id
    WHERE d.mode = :mode AND d.lane = 'unit' AND d.state = 'blocked' AND a.unit = ANY(:units)
    GROUP BY a.unit
    """
)
_PROMISED = text(
    """
    SELECT min(v.next_update_at) FROM messages m
    JOIN LATERAL (SELECT next_update_at FROM revisions WHERE message_id = m.id AND state = 'approved'
                  ORDER BY number DESC LIMIT 1) AS v ON true
    WHERE m.activation_id = :activation AND m.retracted_at IS NULL AND v.next_update_at > now()
    """
)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is the same for everybody in a batch."""

    accounts: Mapping[str, str]
    waiting: Mapping[str, int]
    next_update_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Written:
    due: Due
    said: Composed
    language: str
    digest: bytes | None


class Writer:
    """Writes what one municipality's people are told."""

    def __init__(self, texts: Texts, terms: Terms, channel_names: Mapping[str, str]) -> None:
        self._texts, self._terms, self._channel_names = texts, terms, channel_names

    async def write(
        self, session: AsyncSession, activation: Activation, kind: Kind, due: Sequence[Due], ways: Ways
    ) -> int:
        """Make a notification for each of these who has none yet. Returns how many it was."""
        facts = await self._facts(session, activation, kind, due)
        drawn = {each.key: self._draw(each, activation, facts) for each in due}
        rows = await session.execute(
            _NOTIFICATIONS,
            {
                "mode": activation.mode.value,
                "activation": activation.id,
                "kind": kind.value,
                "lasts": links.LASTS,
                "contacts": [each.contact_id for each in due],
                "breaches": [each.breach_id for each in due],
                "planned": [each.planned_post_id for each in due],
                "digests": [drawn[each.key].digest for each in due],
            },
        )
        made = {row.id: drawn[row.contact_id, row.breach, row.planned] for row in rows}
        if not made:
            return 0
        await self._send_sms(session, activation, made, ways)
        await self._send_emails(session, activation, made, ways)
        contacts = sorted({each.due.contact_id for each in made.values()})
        subject = f"activation:{activation.id}"
        await chain.append(session, None, "notify", subject, mode=activation.mode, kind=kind.value, contacts=contacts)
        return len(made)

    async def _send_sms(
        self, session: AsyncSession, activation: Activation, made: Mapping[int, _Written], ways: Ways
    ) -> None:
        wanted = {number: each for number, each in made.items() if each.due.recipient_id is not None}
        if ways.sender is None or not wanted:
            return
        values = {
            "mode": activation.mode.value,
            "channel": ways.channel,
            "thread": thread_of(activation.id),
            "notifications": list(wanted),
            "languages": [each.language for each in wanted.values()],
            "titles": [each.said.subject for each in wanted.values()],
            "texts": [each.said.sms for each in wanted.values()],
        }
        renditions = {row.id: row.notification_id for row in await session.execute(_RENDITIONS, values)}
        people = {rendition: wanted[number].due.recipient_id for rendition, number in renditions.items()}
        deliveries = await outbox.to_people(
            session,
            activation.mode,
            Lane.SMS,
            ways.sender,
            {rendition: recipient for rendition, recipient in people.items() if recipient is not None},
            due_at=activation.activated_at,
            deadline_at=await clock.at_database(session) + self._terms.worth,
        )
        pairs = {"notifications": [renditions[each] for each in deliveries], "deliveries": list(deliveries.values())}
        await session.execute(_POINT, pairs)

    async def _send_emails(
        self, session: AsyncSession, activation: Activation, made: Mapping[int, _Written], ways: Ways
    ) -> None:
        wanted = {number: each for number, each in made.items() if each.due.has_email}
        if not ways.has_mail or not wanted:
            return
        domain = urlsplit(self._terms.public_url).hostname or "localhost"
        values = {
            "mode": activation.mode.value,
            "notifications": list(wanted),
            "subjects": [each.said.subject for each in wanted.values()],
            "texts": [each.said.body for each in wanted.values()],
            "message_ids": [f"<notification-{number}.{secrets.token_hex(8)}@{domain}>" for number in wanted],
        }
        await session.execute(_EMAILS, values)

    async def _facts(self, session: AsyncSession, activation: Activation, kind: Kind, due: Sequence[Due]) -> _Facts:
        units = sorted({each.unit for each in due})
        accounts: dict[str, str] = {}
        waiting: dict[str, int] = {}
        next_update_at = None
        if kind in ASKING:
            for row in await session.execute(_ACCOUNTS, {"units": units}):
                line = f"- {self._channel_name(row.channel)}: {row.name}"
                accounts[row.unit] = "\n".join(filter(None, (accounts.get(row.unit), line)))
            next_update_at = await session.scalar(_PROMISED, {"activation": activation.id})
        if kind is Kind.RELEASE:
            found = await session.execute(_WAITING, {"mode": activation.mode.value, "units": units})
            waiting = {row.unit: row.posts for row in found}
        return _Facts(accounts, waiting, next_update_at)

    def _draw(self, due: Due, activation: Activation, facts: _Facts) -> _Written:
        """One person's texts, in their language."""
        language = self._texts.language(due.language, self._terms.primary)
        words, now = self._texts.words.language(language), clock.now()
        is_editors = due.unit == self._terms.editors_unit
        token, digest = links.make() if due.kind in ASKING and not is_editors else ("", None)
        promised = words.moment(facts.next_update_at, now) if facts.next_update_at else ""
        values: dict[str, Any] = {
            "name": due.name,
            "unit": due.of_unit or due.unit,
            "title": activation.title,
            "activated_by": activation.activated_by,
            "activated": words.moment(activation.activated_at, now),
            "accounts": facts.accounts.get(due.unit, ""),
            "next": self._texts.of(language).next.format(next=promised) if promised else "",
            "call": self._texts.call(language, self._terms.editors_contact),
            "account": due.account,
            "channel": self._channel_name(due.channel),
            "when": words.moment(due.at, now) if due.at else "",
            "excerpt": excerpt(due.text),
            "url": due.url or "",
            "waits": self._texts.waits(language, facts.waiting.get(due.unit, 0)),
            "link": self._link(due, activation, token),
        }
        name = "editors" if is_editors and due.kind in ASKING else "breaches" if due.more_may_come else due.kind.value
        return _Written(due, self._texts.compose(name, language, activation.mode, values), language, digest)

    def _link(self, due: Due, activation: Activation, token: str) -> str:
        """Where to answer; or at the desk, where the web editors see to a breach, and a unit to what waited."""
        base = self._terms.public_url.rstrip("/")
        if token:
            return links.address(base, token)
        paths = {Kind.BREACH: f"/activations/{activation.id}/lock-board", Kind.RELEASE: POSTS_PATH}
        mode = f"?mode={activation.mode.value}" if activation.mode is Mode.EXERCISE else ""
        return f"{base}{paths.get(due.kind, '/')}{mode}"

    def _channel_name(self, channel: str) -> str:
        return self._channel_names.get(channel, channel)
