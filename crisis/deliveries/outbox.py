"""The outbox: rows that must leave, written in the transaction of the act that wants them. Losing the kick loses nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.db import kick
from crisis.lanes import Lane
from crisis.mode import Mode

# The lane, and whether the gate stops what is in it: a check holds the two together.
_LANE = "CAST(:lane AS text), CAST(:lane AS text) = 'unit'"
_TO_ACCOUNTS = text(
    f"""
    INSERT INTO deliveries (mode, lane, gated, rendition_id, account_id, due_at, deadline_at, created_at)
    SELECT r.mode, {_LANE}, r.id, given.account_id, coalesce(CAST(:due_at AS timestamptz), now()), :deadline_at,
           coalesce(CAST(:at AS timestamptz), now())
    FROM unnest(CAST(:renditions AS bigint[]), CAST(:accounts AS int[])) WITH ORDINALITY
         AS given (rendition_id, account_id, place)
    JOIN renditions r ON r.id = given.rendition_id
    ORDER BY given.place
    ON CONFLICT DO NOTHING
    """  # noqa: S608 - our own words
)
# Each recipient gets the rendition of their language, or the primary one.
_TO_AUDIENCE = text(
    f"""
    INSERT INTO deliveries (mode, lane, gated, rendition_id, account_id, recipient_id, due_at, deadline_at)
    SELECT :mode, {_LANE}, coalesce(own.rendition_id, :primary), :account, r.id,
           coalesce(CAST(:due_at AS timestamptz), now()), :deadline_at
    FROM memberships m JOIN recipients r ON r.id = m.recipient_id
    LEFT JOIN unnest(CAST(:languages AS text[]), CAST(:renditions AS bigint[])) AS own (language, rendition_id)
           ON own.language = r.language
    WHERE m.audience_id = :audience
    ORDER BY r.id
    ON CONFLICT ON CONSTRAINT deliveries_once DO NOTHING
    """  # noqa: S608 - our own words
)
_TO_PEOPLE = text(
    f"""
    INSERT INTO deliveries (mode, lane, gated, rendition_id, account_id, recipient_id, due_at, deadline_at)
    SELECT r.mode, {_LANE}, r.id, :account, given.recipient_id, coalesce(CAST(:due_at AS timestamptz), now()), :deadline_at
    FROM unnest(CAST(:renditions AS bigint[]), CAST(:recipients AS bigint[])) WITH ORDINALITY
         AS given (rendition_id, recipient_id, place)
    JOIN renditions r ON r.id = given.rendition_id
    ORDER BY given.place
    ON CONFLICT DO NOTHING
    RETURNING id, rendition_id
    """  # noqa: S608 - our own words
)
# What has not gone out of an older revision must not go out after a newer one (promise P6). What is in flight finishes;
# the claim lets it finish first.
_SUPERSEDE = text(
    """
    UPDATE deliveries d SET state = 'cancelled', lease = NULL, lease_until = NULL, changed_at = now(),
           error = 'superseded by a newer revision'
    FROM renditions r JOIN revisions v ON v.id = r.revision_id
    WHERE r.id = d.rendition_id AND v.message_id = :message AND v.number < :number
      AND d.state IN ('ready', 'leased', 'retry_wait')
    """
)

# A transaction's now() is when it began. Two approvals may begin in one order and get the message in the other.
_MOMENT = text(
    """
    SELECT greatest(clock_timestamp(), max(n.issued_at) + interval '1 microsecond')
    FROM revisions v JOIN renditions n ON n.revision_id = v.id WHERE v.message_id = :message
    """
)
_HOLD = text(
    """
    SELECT id FROM (SELECT id FROM messages WHERE id IN (
        SELECT v.message_id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
        JOIN revisions v ON v.id = r.revision_id WHERE d.id = ANY(:ids))
    ORDER BY id FOR KEY SHARE) AS approved
    UNION ALL
    SELECT id FROM (SELECT id FROM pointers WHERE id IN (
        SELECT r.pointer_id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE d.id = ANY(:ids))
    ORDER BY id FOR SHARE) AS pointed
    """
)
_IS_SUPERSEDED = text(
    """
    SELECT EXISTS (
        SELECT 1 FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
        JOIN revisions w ON w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved'
        WHERE d.id = :id)
    """
)
# Of a delivery d that carries a revision v, or a pointer, by its rendition r.
_WITHDRAWN = """(v.withdrawn_at IS NOT NULL OR EXISTS (SELECT 1 FROM withdrawals w WHERE w.delivery_id = d.id)
           OR EXISTS (SELECT 1 FROM pointers p WHERE p.id = r.pointer_id AND p.withdrawn_at IS NOT NULL))"""
_IS_WITHDRAWN = text(
    f"""
    SELECT EXISTS (
        SELECT 1 FROM deliveries d JOIN renditions r ON r.id = d.rendition_id LEFT JOIN revisions v ON v.id = r.revision_id
        WHERE d.id = :id AND {_WITHDRAWN})
    """  # noqa: S608 - our own words
)
_DROP_SUPERSEDED = text(
    f"""
    UPDATE deliveries d SET state = 'cancelled', changed_at = now(),
           error = CASE WHEN {_WITHDRAWN} THEN 'withdrawn before it was sent' ELSE 'superseded by a newer revision' END
    FROM renditions r LEFT JOIN revisions v ON v.id = r.revision_id
    WHERE r.id = d.rendition_id AND d.id = ANY(:ids) AND d.state IN ('ready', 'retry_wait')
      AND ({_WITHDRAWN} OR EXISTS (SELECT 1 FROM revisions w
                                   WHERE w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved'))
    """  # noqa: S608 - our own words
)


async def to_accounts(
    session: AsyncSession,
    mode: Mode,
    lane: Lane,
    pairs: Sequence[tuple[int, int]],
    *,
    due_at: datetime | None = None,
    deadline_at: datetime | None = None,
    at: datetime | None = None,
) -> int:
    """A delivery for each (rendition id, account id), in this order. ``due_at`` of ``None`` is now. Returns how many.

    ``at`` is when a revision was approved (:func:`moment`).
    """
    values = {
        "lane": lane.value,
        "renditions": [rendition for rendition, _ in pairs],
        "accounts": [account for _, account in pairs],
        "due_at": due_at,
        "deadline_at": deadline_at,
        "at": at,
    }
    rows = await session.execute(_TO_ACCOUNTS, values)
    _kick_if_due(session, mode, lane, due_at)
    return int(rows.rowcount)  # type: ignore[attr-defined]


async def to_audience(
    session: AsyncSession,
    mode: Mode,
    lane: Lane,
    renditions: Mapping[str, int],
    account_id: int,
    audience_id: int,
    *,
    due_at: datetime | None = None,
    deadline_at: datetime | None = None,
) -> int:
    """A delivery for each recipient of an audience, in the recipient's language. ``renditions`` is ``{language: id}``, the
    primary language first. Returns how many: the caller refuses none.
    """
    values = {
        "mode": mode.value,
        "lane": lane.value,
        "primary": next(iter(renditions.values())),
        "account": account_id,
        "audience": audience_id,
        "languages": list(renditions),
        "renditions": list(renditions.values()),
        "due_at": due_at,
        "deadline_at": deadline_at,
    }
    rows = await session.execute(_TO_AUDIENCE, values)
    _kick_if_due(session, mode, lane, due_at)
    return int(rows.rowcount)  # type: ignore[attr-defined]


async def to_people(
    session: AsyncSession,
    mode: Mode,
    lane: Lane,
    account_id: int,
    recipients: Mapping[int, int],
    *,
    due_at: datetime | None = None,
    deadline_at: datetime | None = None,
) -> Mapping[int, int]:
    """A delivery of each rendition to its one recipient: ``{rendition id: recipient id}``. Returns ``{rendition id: delivery id}``.

    ``due_at`` may be in the past: what is due the longest is claimed first.
    """
    values = {
        "lane": lane.value,
        "account": account_id,
        "renditions": list(recipients),
        "recipients": list(recipients.values()),
        "due_at": due_at,
        "deadline_at": deadline_at,
    }
    rows = await session.execute(_TO_PEOPLE, values)
    kick(session, mode, lane)
    return {row.rendition_id: row.id for row in rows}


async def moment(session: AsyncSession, message_id: int) -> datetime:
    """Now, by the database's clock, and later than every revision of this message that was put out: deliveries go in that
    order (promise P6). Ask while holding the message.
    """
    found: datetime = (await session.execute(_MOMENT, {"message": message_id})).scalar_one()
    return found


async def supersede(session: AsyncSession, message_id: int, number: int) -> int:
    """Cancel what has not gone out of a message's revisions before ``number``; return how many deliveries."""
    rows = await session.execute(_SUPERSEDE, {"message": message_id, "number": number})
    return int(rows.rowcount)  # type: ignore[attr-defined]


async def hold_revisions(session: AsyncSession, ids: Sequence[int]) -> None:
    """Wait for whoever is approving a newer revision of what these deliveries carry, or withdrawing the pointer that they do, and
    hold the next one off.

    First half of :func:`drop_superseded` and :func:`is_superseded`, before the deliveries are touched: approval takes its locks in the same order.
    """
    await session.execute(_HOLD, {"ids": list(ids)})


async def is_superseded(session: AsyncSession, delivery_id: int) -> bool:
    """Whether a newer revision than this delivery's was approved. Ask after :func:`hold_revisions`."""
    return bool((await session.execute(_IS_SUPERSEDED, {"id": delivery_id})).scalar_one())


async def is_withdrawn(session: AsyncSession, delivery_id: int) -> bool:
    """Whether this delivery, or the revision or the pointer it carries, was withdrawn. Ask after :func:`hold_revisions`."""
    return bool((await session.execute(_IS_WITHDRAWN, {"id": delivery_id})).scalar_one())


async def drop_superseded(session: AsyncSession, ids: Sequence[int]) -> None:
    """Cancel those of these deliveries that would be tried again although a newer revision was approved meanwhile, or they
    were withdrawn.

    They were in flight, or unknown, when that was done, so :func:`supersede` and ``withdrawals`` let them be.
    """
    await session.execute(_DROP_SUPERSEDED, {"ids": list(ids)})


def _kick_if_due(session: AsyncSession, mode: Mode, lane: Lane, due_at: datetime | None) -> None:
    if due_at is None:
        kick(session, mode, lane)
