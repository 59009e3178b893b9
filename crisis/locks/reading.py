"""Reading: the facts of every account during one activation, in a handful of statements however many accounts there are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.locks import is_enforceable
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.channel_access import Access
from crisis.channels import Capabilities
from crisis.levers.states import LeverState
from crisis.locks.facts import Facts, Foreign, Listed, Look, Loose, Outlet, Pull, Waiting
from crisis.notifications import standing, ways
from crisis.schedules.models import PlannedState
from crisis.settings import Settings
from crisis.watch.models import BreachState

# Those that were in use during the activation: opened before its end, and not taken out of use before it began.
_ACCOUNTS = text(
    """
    SELECT a.id, a.channel, a.name, a.unit, a.leader, a.address, a.only_here FROM accounts a
    WHERE (CAST(:unit AS text) IS NULL OR a.unit = :unit) AND a.created_at < coalesce(CAST(:until AS timestamptz), 'infinity')
      AND (a.state = 'active' OR EXISTS (
          SELECT 1 FROM audit e WHERE e.action = 'close_account' AND e.record::jsonb ->> 'subject' = 'account:' || a.id
            AND CAST(e.record::jsonb ->> 'at' AS timestamptz) > :since))
    ORDER BY a.unit, a.channel, a.name
    """
)
_LEVERS = text(
    """
    SELECT account_id, id, state, changed_at, saved, found, attempts, error, pulled_at, restored_at, held_back FROM levers
    WHERE activation_id = :activation
    """
)
_WATCHES = text(
    "SELECT account_id, looked_at, next_at, failures, error, is_absent FROM watches WHERE activation_id = :activation"
)
_BREACHES = text(
    """
    SELECT account_id, id, state, posted_at, text, author, url, handled_by, handled_at FROM breaches
    WHERE activation_id = :activation ORDER BY id
    """
)
_SCHEDULES = text(
    "SELECT account_id, listed_at, failures, error, is_absent FROM schedules WHERE activation_id = :activation"
)
_PLANNED = text(
    "SELECT account_id, id, state, due_at, text, url, author FROM planned_posts WHERE activation_id = :activation ORDER BY id"
)
_LOOSE = text(
    """
    SELECT d.account_id, d.id, r.text, p.id IS NOT NULL AS is_in_flight, coalesce(p.opened_at, d.started_at) AS began_at
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id
    LEFT JOIN permits p ON p.delivery_id = d.id AND p.closed_at IS NULL
    WHERE d.lane = 'unit' AND d.mode = :mode AND (
        d.id IN (SELECT delivery_id FROM permits WHERE mode = :mode AND closed_at IS NULL)
        OR d.state IN ('unknown', 'unknown_final'))
    ORDER BY d.id
    """
)


@dataclass(frozen=True, slots=True)
class Around:
    """What the facts are read beside: this installation, and what each channel can do."""

    settings: Settings
    channels: Mapping[str, Capabilities]


async def read(
    session: AsyncSession, activation: Activation, around: Around, unit: str | None = None
) -> Sequence[Facts]:
    """The facts of every account in use during the activation, or of one unit's; by unit, channel and name."""
    of = {"activation": activation.id}
    bounds = {"unit": unit, "until": activation.stood_down_at, "since": activation.activated_at}
    outlets = [_outlet(row, around) for row in await session.execute(_ACCOUNTS, bounds)]
    levers = {row.account_id: _pull(row) for row in await session.execute(_LEVERS, of)}
    looks = {row.account_id: Look(*row[1:]) for row in await session.execute(_WATCHES, of)}
    listed = {row.account_id: Listed(*row[1:]) for row in await session.execute(_SCHEDULES, of)}
    breaches = _by_account(await session.execute(_BREACHES, of), _foreign)
    planned = _by_account(await session.execute(_PLANNED, of), _waiting)
    open_ways = await ways.of(session, activation.mode, around.settings, around.channels)
    people = await standing.people(session, activation.id, open_ways)
    loose: Mapping[int, Sequence[Loose]] = {}
    if activation.state is not ActivationState.STOOD_DOWN:
        loose = _by_account(await session.execute(_LOOSE, {"mode": activation.mode.value}), _loose)
    return [
        Facts(
            outlet,
            loose.get(outlet.id, ()),
            levers.get(outlet.id),
            looks.get(outlet.id),
            breaches.get(outlet.id, ()),
            listed.get(outlet.id),
            planned.get(outlet.id, ()),
            people.get(outlet.unit, ()),
        )
        for outlet in outlets
    ]


def _outlet(row: Row[Any], around: Around) -> Outlet:
    channel = around.channels.get(row.channel)
    return Outlet(
        row.id,
        row.channel,
        row.name,
        row.unit,
        row.leader,
        is_connected=is_enforceable(row.channel, row.address, around.channels),
        is_ours=channel is not None and channel.ours,
        only_here=row.only_here,
        is_editors=row.unit == around.settings.editors_unit,
    )


def _pull(row: Row[Any]) -> Pull:
    return Pull(
        row.id,
        LeverState(row.state),
        row.changed_at,
        Access.from_json(row.saved) if row.saved is not None else None,
        Access.from_json(row.found) if row.found is not None else None,
        row.attempts,
        row.error,
        row.pulled_at,
        row.restored_at,
        is_held_back=row.held_back,
    )


def _foreign(row: Row[Any]) -> Foreign:
    return Foreign(
        row.id,
        BreachState(row.state),
        row.posted_at,
        row.text,
        row.author,
        row.url,
        row.handled_by,
        row.handled_at,
    )


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(row.id, PlannedState(row.state), row.due_at, row.text, row.url, row.author)


def _loose(row: Row[Any]) -> Loose:
    return Loose(row.id, row.text, row.is_in_flight, row.began_at)


def _by_account(rows: Iterable[Row[Any]], made: Any) -> dict[int, Sequence[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(made(row))
    return dict(found)
