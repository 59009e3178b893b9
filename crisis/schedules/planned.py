"""Planned posts: what waited inside the platforms, kept for its owners. Our copy is stored before anything is done about it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.channel_watch import Planned
from crisis.deliveries.cleaned import cleaned
from crisis.mode import Mode
from crisis.schedules.models import PlannedState

TEXT_MOST = 100_000
"""Characters kept of one: more than any platform takes."""
NAME_MOST = 200

# What waits again was scheduled anew by somebody: it is unscheduled anew.
_KEEP = text(
    """
    INSERT INTO planned_posts (mode, activation_id, account_id, reference, title, text, author, url, attributes, due_at)
    SELECT :mode, :activation, :account, g.reference, g.title, g.text, g.author, g.url, g.attributes, g.due_at
    FROM jsonb_to_recordset(CAST(:planned AS jsonb)) AS g(reference text, title text, text text, author text, url text,
                                                          attributes jsonb, due_at timestamptz)
    ON CONFLICT ON CONSTRAINT planned_posts_once DO UPDATE
    SET title = excluded.title, text = excluded.text, author = excluded.author, url = excluded.url,
        attributes = excluded.attributes, due_at = excluded.due_at,
        state = CASE WHEN planned_posts.state = 'left' THEN planned_posts.state ELSE 'found' END,
        changed_at = CASE WHEN planned_posts.state IN ('left', 'found') THEN planned_posts.changed_at ELSE now() END
    RETURNING id, reference, state, post_id, xmax = 0 AS is_new
    """
)
_PENDING = text(
    """
    SELECT id, account_id, reference, title, text, author, url, attributes, due_at, state, post_id, FALSE AS is_new
    FROM planned_posts
    WHERE activation_id = :activation AND account_id = ANY(:accounts) AND state IN ('found', 'left') ORDER BY due_at, id
    """
)
_MOVE = text(
    """
    UPDATE planned_posts
    SET state = CAST(:state AS text), error = :error,
        changed_at = CASE WHEN state = CAST(:state AS text) THEN changed_at ELSE now() END
    WHERE id = :id AND state IN ('found', 'left') RETURNING post_id
    """
)
_READ = """
    SELECT p.id, p.mode, p.activation_id, p.account_id, x.channel, x.name AS account, x.unit, p.reference, p.title, p.text, p.author,
           p.url, p.attributes, p.due_at, p.state, p.error, p.post_id, p.found_at, p.changed_at
    FROM planned_posts p JOIN accounts x ON x.id = p.account_id
"""
_LIST = text(
    f"""
    {_READ}
    WHERE p.mode = :mode AND p.id > :after AND (CAST(:activation AS int) IS NULL OR p.activation_id = :activation)
      AND (CAST(:unit AS text) IS NULL OR x.unit = :unit)
    ORDER BY p.id LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One that is stored, and may still go out at its time."""

    id: int
    planned: Planned
    state: PlannedState
    is_new: bool
    """Stored just now, so that nothing of ours has touched it yet."""
    post_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A planned post, as people are shown it."""

    id: int
    mode: Mode
    activation_id: int
    account_id: int
    channel: str
    account: str
    unit: str
    reference: str
    title: str
    text: str
    author: str | None
    url: str | None
    due_at: datetime
    """When it was to go out."""
    state: PlannedState
    error: str | None
    """Why it is not unscheduled, if it is not."""
    post_id: int | None
    """The blocked post that its owner decides about."""
    found_at: datetime
    changed_at: datetime
    attributes: dict[str, Any] = field(default_factory=dict)
    """What else there was to it: a link, pictures."""


async def keep(
    session: AsyncSession, mode: Mode, activation_id: int, account_id: int, listed: Sequence[Planned]
) -> list[Kept]:
    """Store what was listed on an account; return each as it now stands, in the same order. Commit before touching any."""
    if not listed:
        return []
    by_reference = {_fit(each.reference): each for each in listed}
    rows = [_row(reference, each) for reference, each in by_reference.items()]
    values = {"mode": mode.value, "activation": activation_id, "account": account_id, "planned": json.dumps(rows)}
    stored = {row.reference: row for row in await session.execute(_KEEP, values)}
    return [
        Kept(row.id, each, PlannedState(row.state), is_new=row.is_new, post_id=row.post_id)
        for row, each in ((stored[reference], each) for reference, each in by_reference.items())
    ]


async def pending(session: AsyncSession, activation_id: int, account_ids: Sequence[int]) -> dict[int, list[Kept]]:
    """By account, what was stored and may still go out: from before, by whatever process."""
    found: dict[int, list[Kept]] = {}
    for row in await session.execute(_PENDING, {"activation": activation_id, "accounts": list(account_ids)}):
        planned = Planned(row.reference, row.due_at, row.text, row.title, row.url, row.author, row.attributes)
        kept = Kept(row.id, planned, PlannedState(row.state), is_new=False, post_id=row.post_id)
        found.setdefault(row.account_id, []).append(kept)
    return found


async def move(session: AsyncSession, mode: Mode, kept: Kept, state: PlannedState, why: str | None = None) -> bool:
    """Say what became of it, and put that on record where it is another state; whether it was still to be said."""
    moved = (await session.execute(_MOVE, {"id": kept.id, "state": state.value, "error": cleaned(why)})).one_or_none()
    if moved is None:
        return False
    if state is not kept.state:
        await chain.append(
            session, None, f"planned_{state.value}", f"planned_post:{kept.id}", mode=mode, why=cleaned(why)
        )
    return True


async def list_planned(
    session: AsyncSession,
    mode: Mode,
    *,
    activation_id: int | None = None,
    unit: str | None = None,
    after: int = 0,
    most: int = 500,
) -> list[Standing]:
    """Planned posts of a mode after number ``after``, oldest first: of one activation or all, of one unit or all."""
    values = {"mode": mode.value, "activation": activation_id, "unit": unit, "after": after, "most": most}
    return [_standing(row) for row in await session.execute(_LIST, values)]


def _standing(row: Row[Any]) -> Standing:
    return Standing(**{**row._mapping, "mode": Mode(row.mode), "state": PlannedState(row.state)})  # noqa: SLF001 - SQLAlchemy's own public name


def _row(reference: str, planned: Planned) -> dict[str, Any]:
    return {
        "reference": reference,
        "title": cleaned(planned.title, NAME_MOST) or "",
        "text": cleaned(planned.text, TEXT_MOST) or "",
        "author": cleaned(planned.author, NAME_MOST),
        "url": cleaned(planned.url),
        "attributes": {_fit(name): cleaned(value, TEXT_MOST) for name, value in planned.attributes.items()},
        "due_at": planned.due_at.isoformat(),
    }


def _fit(value: str) -> str:
    return cleaned(value) or ""
