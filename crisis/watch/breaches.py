"""Breaches: posts that came out during a lock and are not ours. Recorded once each, and read for whoever must deal with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.channel_watch import Posted
from crisis.deliveries.cleaned import cleaned
from crisis.errors import NotFound
from crisis.mode import Mode
from crisis.watch.models import BreachState

TEXT_MOST = 10_000
"""Characters kept of a foreign post's text."""
LINK_MOST = 2_000
NAME_MOST = 200

# A look may end after the activation did: what came out since is nobody's breach.
_UNRECORDED = text(
    """
    SELECT p.number
    FROM unnest(CAST(:numbers AS int[]), CAST(:activations AS int[]), CAST(:accounts AS int[]), CAST(:references AS text[]),
                CAST(:posted AS timestamptz[])) AS p(number, activation_id, account_id, reference, posted_at)
    JOIN activations a ON a.id = p.activation_id AND (a.stood_down_at IS NULL OR p.posted_at < a.stood_down_at)
    WHERE NOT EXISTS (SELECT 1 FROM breaches b WHERE b.activation_id = p.activation_id AND b.account_id = p.account_id
                      AND b.reference = p.reference)
    """
)
_RECORD = text(
    """
    INSERT INTO breaches (mode, activation_id, account_id, reference, url, author, text, posted_at)
    VALUES (:mode, :activation, :account, :reference, :url, :author, :text, :posted_at)
    ON CONFLICT ON CONSTRAINT breaches_once DO NOTHING RETURNING id
    """
)
_READ = """
    SELECT b.id, b.mode, b.activation_id, b.account_id, x.channel, x.name AS account, x.unit, x.leader, b.reference, b.url,
           b.author, b.text, b.posted_at, b.found_at, b.state, b.handled_by, b.handled_at, b.note, b.refused,
           greatest(b.posted_at - a.activated_at, interval '0') AS after
    FROM breaches b JOIN accounts x ON x.id = b.account_id JOIN activations a ON a.id = b.activation_id
"""
_LIST = text(
    f"""
    {_READ}
    WHERE b.mode = :mode AND b.id > :after AND (CAST(:activation AS int) IS NULL OR b.activation_id = :activation)
      AND (NOT :open OR b.state = 'open') AND (CAST(:account AS int) IS NULL OR b.account_id = :account)
    ORDER BY b.id LIMIT :most
    """
)
_ONE = text(f"{_READ} WHERE b.id = :id")
_OPEN = text("SELECT id FROM breaches WHERE mode = :mode AND state = 'open' ORDER BY id LIMIT 1000")


@dataclass(frozen=True, slots=True)
class Sighted:
    """A post that came out after the lock, whoever's it is."""

    activation_id: int
    account_id: int
    ends: tuple[int, ...]
    """Every account that stands for the same page."""
    posted: Posted
    posted_at: datetime
    """By our database's clock."""
    recipients: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A breach, as people are shown it."""

    id: int
    mode: Mode
    activation_id: int
    account_id: int
    channel: str
    account: str
    unit: str
    leader: str | None
    reference: str
    url: str | None
    author: str | None
    """Who, where the platform told."""
    text: str
    posted_at: datetime
    after: timedelta
    """How long after the lock it came out."""
    found_at: datetime
    state: BreachState
    handled_by: str | None
    handled_at: datetime | None
    note: str | None
    """What whoever handled it wrote."""
    refused: str | None
    """What stood in the way the last time it was to be taken down, if it is still there."""

    @property
    def is_open(self) -> bool:
        """Nobody has dealt with it."""
        return self.state is BreachState.OPEN


async def unrecorded(session: AsyncSession, sighted: Sequence[Sighted]) -> list[Sighted]:
    """Those that came out while the activation was in force and are no breach on record."""
    if not sighted:
        return []
    values = {
        "numbers": list(range(len(sighted))),
        "activations": [each.activation_id for each in sighted],
        "accounts": [each.account_id for each in sighted],
        "references": [each.posted.reference for each in sighted],
        "posted": [each.posted_at for each in sighted],
    }
    return [sighted[number] for number in sorted((await session.execute(_UNRECORDED, values)).scalars())]


async def record(session: AsyncSession, mode: Mode, sighted: Sequence[Sighted]) -> list[int]:
    """A row and an entry on record for each that is new; return their numbers. Another process may be doing the same."""
    made: list[tuple[int, Sighted]] = []
    for each in sighted:
        posted = each.posted
        values = {
            "mode": mode.value,
            "activation": each.activation_id,
            "account": each.account_id,
            "reference": posted.reference,
            "url": link_of(posted),
            "author": cleaned(posted.author, NAME_MOST),
            "text": cleaned(posted.text, TEXT_MOST),
            "posted_at": each.posted_at,
        }
        found = (await session.execute(_RECORD, values)).scalar_one_or_none()
        if found is not None:
            made.append((found, each))
    for number, each in made:
        detail = {
            "activation": each.activation_id,
            "account": each.account_id,
            "reference": each.posted.reference,
            "url": link_of(each.posted),
            "author": cleaned(each.posted.author, NAME_MOST),
            "posted_at": each.posted_at.isoformat(timespec="seconds"),
        }
        await chain.append(session, None, "breach", f"breach:{number}", mode=mode, **detail)
    return [number for number, _ in made]


async def list_breaches(
    session: AsyncSession,
    mode: Mode,
    *,
    activation_id: int | None = None,
    account_id: int | None = None,
    only_open: bool = False,
    after: int = 0,
    most: int = 500,
) -> list[Standing]:
    """Breaches of a mode after number ``after``, oldest first: of one activation or of all, those that nobody dealt with or all."""
    values = {"mode": mode.value, "activation": activation_id, "account": account_id, "open": only_open, "after": after}
    return [_standing(row) for row in await session.execute(_LIST, values | {"most": most})]


async def get(session: AsyncSession, breach_id: int) -> Standing:
    """One breach. Raises :class:`NotFound`."""
    row = (await session.execute(_ONE, {"id": breach_id})).one_or_none()
    if row is None:
        raise NotFound("breach", breach_id, "See: crisis breaches list.")
    return _standing(row)


async def open_numbers(session: AsyncSession, mode: Mode) -> list[int]:
    """Those that nobody has dealt with, the oldest first."""
    return list((await session.execute(_OPEN, {"mode": mode.value})).scalars())


def _standing(row: Row[Any]) -> Standing:
    return Standing(**{**row._mapping, "mode": Mode(row.mode), "state": BreachState(row.state)})  # noqa: SLF001 - SQLAlchemy's own public name


def link_of(posted: Posted) -> str | None:
    """Where it is, if that is something that somebody may be given to click on."""
    url = posted.url
    if url is None or len(url) > LINK_MOST or not url.isprintable() or not url.startswith(("https://", "http://")):
        return None
    return url
