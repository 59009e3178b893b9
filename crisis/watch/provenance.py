"""Provenance: which of what is out on an account is ours, by our own records alone.

Ours is what a delivery through that account left behind: the reference that the provider gave it, in whatever state it is now
(edited, withdrawn and retracted posts too, and text messages of every kind); a receipt that carried our delivery's id; the key
in a post that a delivery which may be out has; what somebody put out by hand and said so, by its link or its text; and what an
attempt may have left behind whose outcome nobody ever knew, by its text.

*Maybe ours* is what one of our deliveries may have put out that has not been accounted for yet: it is looked at again. A text is
compared by its letters and digits, for every platform rewrites the rest.

That a platform says a post was made through our app or user is no evidence of ours: whoever has our password makes such posts.
And a signed webhook tells of everybody's posts on the page: a receipt counts only with our delivery's id in it.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.channel_watch import Posted
from crisis.deliveries.decisions import is_by_hand
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode

DISTINCT_LETTERS = 20
"""A text at least so long is known also where more follows it, as on a page that keeps what it said before."""
DISTINCT_ID = 8
"""A platform's id at least so long is known inside a link."""

_KNOWN = text(
    """
    SELECT p.account_id, p.reference
    FROM unnest(CAST(:accounts AS int[]), CAST(:ends AS int[]), CAST(:references AS text[]), CAST(:keys AS bigint[]))
         AS p(account_id, end_id, reference, key)
    WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.reference = p.reference AND d.recipient_id IS NULL
                  AND d.account_id = p.end_id AND d.mode = ANY(:modes))
       OR EXISTS (SELECT 1 FROM deliveries d WHERE d.id = p.key AND d.account_id = p.end_id AND d.mode = ANY(:modes)
                  AND (d.lane <> 'unit' OR d.state NOT IN ('ready', 'leased', 'retry_wait', 'blocked', 'cancelled', 'dead')))
       OR EXISTS (SELECT 1 FROM receipts r JOIN accounts a ON a.channel = r.channel AND a.id = p.end_id
                  JOIN deliveries d ON d.id = r.delivery_id AND d.account_id = a.id AND d.mode = r.mode
                  WHERE r.mode = ANY(:modes) AND r.reference = p.reference)
    """
)
# By recipient nothing is indexed by its reference, and a broadcast has a million: asked only about what nothing else told.
_SENT_TO_SOMEBODY = text(
    """
    SELECT d.account_id, d.reference FROM deliveries d
    WHERE d.mode = ANY(:modes) AND d.recipient_id IS NOT NULL AND d.account_id = ANY(:ends) AND d.reference = ANY(:references)
    """
)
# What may have put out a post that no reference tells of. Whatever passed through ``unknown`` was looked into at least once.
_CANDIDATES = text(
    """
    SELECT DISTINCT d.account_id, d.lane, d.state, r.title, r.text, d.url, d.error, coalesce(lost.was_unknown, FALSE) AS was_unknown
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
    LEFT JOIN LATERAL (SELECT TRUE AS was_unknown FROM attempts t
                       WHERE d.looks > 0 AND t.delivery_id = d.id AND t.outcome IN ('unknown', 'unknown_final')
                       LIMIT 1) AS lost ON TRUE
    WHERE d.mode = ANY(:modes) AND d.account_id = ANY(:ends)
      AND (d.state IN ('in_flight', 'unknown', 'unknown_final') OR (d.lane = 'public' AND d.state IN ('ready', 'leased', 'retry_wait', 'rejected', 'dead'))
           OR lost.was_unknown OR (d.recipient_id IS NULL AND d.error IS NOT NULL))
    """
)
_NUMBER = re.compile(r"\+?\d(?:[ \u00a0.-]?\d){6,}")
"""A telephone number. Of those in a text message the adapter shows the end alone, so no more than that is compared."""
_OPEN = frozenset({DeliveryState.IN_FLIGHT, DeliveryState.UNKNOWN, DeliveryState.UNKNOWN_FINAL})
_BY_HAND = frozenset(
    {DeliveryState.READY, DeliveryState.LEASED, DeliveryState.RETRY_WAIT, DeliveryState.REJECTED, DeliveryState.DEAD}
)
"""Where a crisis message is while an editor may be putting it out by hand, and has not said so yet."""


class Origin(StrEnum):
    """Whose a post is."""

    OURS = "ours"
    MAYBE_OURS = "maybe_ours"
    """A delivery of ours may have made it. The next look tells."""
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Found:
    """A post on an account, and every account that stands for the same page."""

    account_id: int
    ends: tuple[int, ...]
    posted: Posted
    recipients: bool = False
    """It went to somebody: a text message."""


async def origins(session: AsyncSession, modes: Collection[Mode], found: Sequence[Found]) -> list[Origin]:
    """Whose each post is, in the same order. Ask after the posts were listed, never before. ``modes``: whose deliveries go there."""
    known = await _known(session, modes, found)
    rest = [each for each in found if _key(each) not in known]
    if not rest:
        return [Origin.OURS] * len(found)
    ends = sorted({end for each in rest for end in each.ends})
    candidates = (await session.execute(_CANDIDATES, {"modes": _values(modes), "ends": ends})).all()
    # What was in flight then may have been accounted for since: asked in this order, nothing falls between.
    known |= await _known(session, modes, rest)
    return [Origin.OURS if _key(each) in known else _by_text(each, candidates) for each in found]


async def _known(session: AsyncSession, modes: Collection[Mode], found: Sequence[Found]) -> set[tuple[int, str]]:
    asked = [
        (each.account_id, end, each.posted.reference, _delivery(each.posted.key)) for each in found for end in each.ends
    ]
    columns = zip(*asked, strict=True) if asked else ([], [], [], [])
    values = dict(zip(("accounts", "ends", "references", "keys"), map(list, columns), strict=True))
    known = {
        (row.account_id, row.reference) for row in await session.execute(_KNOWN, {"modes": _values(modes), **values})
    }
    sent = [each for each in found if each.recipients and _key(each) not in known]
    if sent:
        values = {
            "ends": sorted({end for each in sent for end in each.ends}),
            "references": [each.posted.reference for each in sent],
        }
        rows = {tuple(row) for row in await session.execute(_SENT_TO_SOMEBODY, {"modes": _values(modes), **values})}
        known |= {_key(each) for each in sent if any((end, each.posted.reference) in rows for end in each.ends)}
    return known


def _by_text(found: Found, candidates: Sequence[Row[Any]]) -> Origin:
    posted, origin = found.posted, Origin.FOREIGN
    for row in candidates:
        if row.account_id not in found.ends:
            continue
        state, same = DeliveryState(row.state), same_text(posted.text, row.title, row.text)
        by_hand = is_by_hand(row.error)
        if (row.was_unknown and same) or (by_hand and (same or same_link(posted, row.url))):
            return Origin.OURS
        if (state in _OPEN and (same or posted.is_ours)) or (row.lane == Lane.PUBLIC and state in _BY_HAND and same):
            origin = Origin.MAYBE_OURS
    return origin


def same_text(posted: str, title: str, body: str) -> bool:
    """Whether a post begins with one of our texts, or is one, whatever the platform made of its signs, links and spaces."""
    held = _letters(posted)
    for ours in {_letters(f"{title} {body}"), _letters(body)} - {""}:
        if held == ours or (len(ours) >= DISTINCT_LETTERS and held.startswith(ours)):
            return True
    return False


def same_link(posted: Posted, url: str | None) -> bool:
    """Whether a link that somebody gave us leads to this post: the same address, or one with the post's id in it."""
    if not url:
        return False
    if posted.url and _bare(posted.url) == _bare(url):
        return True
    ids = {part for part in (posted.reference, posted.reference.rpartition("_")[2]) if len(part) >= DISTINCT_ID}
    return any(each in ids for each in re.split(r"[^A-Za-z0-9_-]+", url))


def _values(modes: Collection[Mode]) -> list[str]:
    return [each.value for each in modes]


def _key(found: Found) -> tuple[int, str]:
    return found.account_id, found.posted.reference


def _delivery(key: str | None) -> int | None:
    return int(key) if key and key.isascii() and key.isdigit() and len(key) < 19 else None  # noqa: PLR2004 - of a bigint


def _letters(said: str) -> str:
    said = _NUMBER.sub(lambda number: number.group()[-2:], said)
    plain = unicodedata.normalize("NFKC", re.sub(r"https?://(?:www\.)?", "", said)).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def _bare(url: str) -> str:
    return re.sub(r"^https?://(?:www\.|m\.)?", "", url.strip()).rstrip("/").casefold()
