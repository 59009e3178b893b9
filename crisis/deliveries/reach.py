"""Reach: who gets a revision of a message. One rule, and the preview counts by the same SQL that the approval writes with.

::

    alert        its audience
    update       everyone an earlier revision was attempted for, and the rest of its audience as it is now
    correction, all_clear, retraction
                 exactly those an earlier revision was attempted for: who never got the first part needs no correction of it

*Attempted* is whatever was begun, however it ended: accepted, refused, unknown, given up, or marked as sent by a person. Each
person gets it once, in their language, through the account that carried the message to them last where that is still connected;
where a standby carried it, through the account that it stands by for.
Who was erased from the register in between is on nobody's list any more. None of these sets is ever replaced by a larger one: an
empty one is for the caller to refuse.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.db import kick
from crisis.deliveries.states import UNSENT, DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode

_NEVER_BEGUN = {*UNSENT, DeliveryState.BLOCKED, DeliveryState.CANCELLED, DeliveryState.DEAD}
_BEGUN = ", ".join(f"'{state.value}'" for state in DeliveryState if state not in _NEVER_BEGUN)
ATTEMPTED = f"(d.attempts > 0 OR d.state IN ({_BEGUN}))"
"""Of a delivery ``d``, as SQL. Only what was begun counts an attempt; a receipt or a person may know of others."""

_EARLIER = "revisions v JOIN renditions n ON n.revision_id = v.id JOIN deliveries d ON d.rendition_id = n.id"
_OF_EARLIER = "v.message_id = :message AND v.number < :number"
# What was written last is what the person got last: deliveries are numbered as they are approved.
_REACHED = f"""
    carried AS (
        SELECT DISTINCT ON (d.recipient_id) d.recipient_id, coalesce(d.moved_from, d.account_id) AS account_id FROM {_EARLIER}
        WHERE {_OF_EARLIER} AND d.recipient_id IS NOT NULL AND {ATTEMPTED}
        ORDER BY d.recipient_id, d.id DESC
    ), wanted AS (
        SELECT recipient_id FROM carried
        UNION SELECT recipient_id FROM memberships WHERE CAST(:rest AS bool) AND audience_id = CAST(:audience AS int)
    ), reached AS (
        SELECT p.id AS recipient_id, p.language, a.id AS carrier, c.recipient_id IS NOT NULL AS attempted
        FROM wanted w JOIN recipients p ON p.id = w.recipient_id
        LEFT JOIN carried c ON c.recipient_id = w.recipient_id
        LEFT JOIN accounts a ON a.id = c.account_id AND a.state = 'active' AND a.address IS NOT NULL
    )
"""  # noqa: S608 - our own words
_COUNT = text(
    f"""
    WITH {_REACHED}
    SELECT carrier, language, count(*) AS people, count(*) FILTER (WHERE attempted) AS attempted
    FROM reached GROUP BY carrier, language
    """  # noqa: S608 - our own words
)
_MISSED = text(
    f"""
    SELECT count(DISTINCT d.recipient_id) AS meant, count(DISTINCT d.recipient_id) FILTER (WHERE {ATTEMPTED}) AS attempted,
           count(*) FILTER (WHERE d.recipient_id IS NULL AND {ATTEMPTED}) AS erased
    FROM {_EARLIER} WHERE {_OF_EARLIER} AND d.lane = '{Lane.SMS}'
    """  # noqa: S608 - our own words
)
_ACCOUNTS = text(
    f"""
    SELECT d.account_id FROM {_EARLIER}
    WHERE {_OF_EARLIER} AND d.recipient_id IS NULL AND d.lane <> '{Lane.SMS}' AND {ATTEMPTED}
    GROUP BY d.account_id ORDER BY d.account_id
    """  # noqa: S608 - our own words
)
_TOUCHED = text(
    f"SELECT EXISTS (SELECT 1 FROM {_EARLIER} WHERE {_OF_EARLIER} AND {ATTEMPTED})"  # noqa: S608 - our own words
)
# Each gets the rendition of their language, or the primary one.
_WRITE = text(
    f"""
    WITH {_REACHED}
    INSERT INTO deliveries (mode, lane, rendition_id, account_id, recipient_id, due_at, deadline_at, created_at)
    SELECT :mode, :lane, coalesce(own.rendition_id, :primary), coalesce(reached.carrier, CAST(:account AS int)),
           reached.recipient_id, :at, :deadline_at, :at
    FROM reached
    LEFT JOIN unnest(CAST(:languages AS text[]), CAST(:renditions AS bigint[])) AS own (language, rendition_id)
           ON own.language = reached.language
    ORDER BY reached.recipient_id
    ON CONFLICT ON CONSTRAINT deliveries_once DO NOTHING
    """  # noqa: S608 - our own words
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom a revision goes to by SMS, counted."""

    people: int
    attempted: int
    """Of ``people``, those an earlier revision was attempted for."""
    by_account: Mapping[int | None, int] = field(default_factory=dict)
    """``people`` by the account that carried the message to them and still can; ``None`` for everyone else."""
    by_language: Mapping[str | None, int] = field(default_factory=dict)
    """``people`` by the language they are registered with."""
    meant: int = 0
    """Those earlier revisions were written for, attempted or not."""
    left_out: int = 0
    """Of ``meant``, those nothing was attempted for and whom this revision does not reach either."""
    erased: int = 0
    """Earlier attempts at people who are not in the register any more."""


async def count(session: AsyncSession, message_id: int, number: int, *, rest: bool, audience_id: int | None) -> Reach:
    """Whom revision ``number`` of a message goes to. ``rest``: also to the audience that nothing was attempted for."""
    values = {"message": message_id, "number": number, "rest": rest, "audience": audience_id}
    rows = (await session.execute(_COUNT, values)).all()
    earlier = {"message": message_id, "number": number}
    missed = (await session.execute(_MISSED, earlier)).one()
    by_account, by_language = Counter[int | None](), Counter[str | None]()
    for row in rows:
        by_account[row.carrier] += row.people
        by_language[row.language] += row.people
    return Reach(
        by_account.total(),
        sum(row.attempted for row in rows),
        dict(by_account),
        dict(by_language),
        missed.meant,
        0 if rest else missed.meant - missed.attempted,
        missed.erased,
    )


async def accounts(session: AsyncSession, message_id: int, number: int) -> Sequence[int]:
    """The accounts that a revision of a message before ``number`` was attempted on in public."""
    return list((await session.execute(_ACCOUNTS, {"message": message_id, "number": number})).scalars())


async def touched(session: AsyncSession, message_id: int, number: int) -> bool:
    """Whether anything of a message before revision ``number`` was attempted at all."""
    return bool((await session.execute(_TOUCHED, {"message": message_id, "number": number})).scalar_one())


async def write(
    session: AsyncSession,
    mode: Mode,
    lane: Lane,
    renditions: Mapping[str, int],
    account_id: int | None,
    message_id: int,
    number: int,
    *,
    rest: bool,
    audience_id: int | None,
    at: datetime,
    deadline_at: datetime | None,
) -> int:
    """A delivery for each whom :func:`count` counted; returns how many. ``renditions`` is ``{language: id}``, the primary
    language first; ``account_id`` is for those whose own account is gone, and ``at`` when the revision was approved, the same
    for all of it: what was approved later is sent later.
    """
    values = {
        "message": message_id,
        "number": number,
        "rest": rest,
        "audience": audience_id,
        "mode": mode.value,
        "lane": lane.value,
        "primary": next(iter(renditions.values())),
        "account": account_id,
        "languages": list(renditions),
        "renditions": list(renditions.values()),
        "at": at,
        "deadline_at": deadline_at,
    }
    rows = await session.execute(_WRITE, values)
    kick(session, mode, lane)
    return int(rows.rowcount)  # type: ignore[attr-defined]
