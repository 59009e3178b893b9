"""The plan: which accounts an activation wants the lever of, and which levers are to be given back since it is over.

A lever is wanted for each account in use whose channel has one and whose administrator's credentials are there. Never for the web
editors' own accounts, nor for another unit's account at the same place as one of those: they carry the crisis messages, and who
publishes there must not be cut off. Of accounts that share a place (two units on one site) one has the lever: it is one lever, and
what was so must not be saved a second time, after it was pulled.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row, select, text

from crisis.accounts.models import Account, AccountState
from crisis.activations.models import Activation
from crisis.activations.service import find_current
from crisis.channel_access import Lever
from crisis.channels import Channel, ChannelError
from crisis.db import Database
from crisis.deliveries.book import AccountOpener
from crisis.errors import Unready
from crisis.mode import Mode

Place = tuple[str, str]
"""A channel, and where the account is there."""

_CANDIDATES = text(
    """
    SELECT a.id, a.address, a.admin_credentials IS NOT NULL AS is_given
    FROM accounts a
    WHERE a.state = 'active' AND a.unit <> :editors AND a.channel = ANY(:channels) AND a.address IS NOT NULL
      AND NOT EXISTS (SELECT FROM levers l WHERE l.activation_id = :activation AND l.account_id = a.id)
    """
)
_HAVE = text("SELECT account_id FROM levers WHERE activation_id = :activation")
_NOT_GIVEN_BACK = text(
    """
    SELECT DISTINCT account_id FROM levers
    WHERE mode = :mode AND saved IS NOT NULL AND state <> 'restored' AND restored_at IS NULL
    """
)
# What an earlier activation saved and has not been given back yet is what was so: what can be seen now may be what it left.
_PLAN = text(
    """
    INSERT INTO levers (mode, activation_id, account_id, state, saved, address)
    SELECT v.mode, v.id, wanted.id, CASE WHEN old.saved IS NULL THEN 'wanted' ELSE 'pulling' END, old.saved, old.address
    FROM activations v CROSS JOIN unnest(CAST(:accounts AS int[])) AS wanted (id)
    LEFT JOIN LATERAL (
        SELECT o.saved, o.address FROM levers o
        WHERE o.account_id = wanted.id AND o.mode = v.mode AND o.activation_id < v.id
          AND o.saved IS NOT NULL AND o.state <> 'restored' AND o.restored_at IS NULL
        ORDER BY o.activation_id DESC LIMIT 1
    ) old ON true
    WHERE v.id = :activation AND v.state <> 'stood_down'
    ON CONFLICT DO NOTHING
    """
)
# What is in somebody's hands is let alone until they have written what it came to, or their lease is over.
_GIVE_BACK = text(
    """
    UPDATE levers SET state = CASE WHEN levers.saved IS NULL THEN 'restored' ELSE 'restoring' END,
           restored_at = CASE WHEN levers.saved IS NULL THEN clock_timestamp() END, error = NULL, attempts = 0,
           due_at = clock_timestamp(), lease = NULL, lease_until = NULL, changed_at = clock_timestamp()
    FROM (
        SELECT l.id FROM levers l JOIN activations v ON v.id = l.activation_id
        WHERE v.state = 'stood_down' AND l.mode = :mode
          AND l.state IN ('wanted', 'pulling', 'pulled', 'incomplete', 'failed', 'absent')
          AND (l.lease_until IS NULL OR l.lease_until < clock_timestamp())
          AND (l.saved IS NULL OR NOT l.held_back)
          AND (l.state <> 'absent' OR (l.saved IS NOT NULL AND l.restored_at IS NULL))
        ORDER BY l.id FOR UPDATE OF l SKIP LOCKED
    ) over
    WHERE levers.id = over.id
    """
)


class Planner:
    """What one process knows of the plan of a mode."""

    def __init__(
        self, db: Database, mode: Mode, channels: Mapping[str, Channel], admin: AccountOpener, editors_unit: str
    ) -> None:
        self._db, self._mode, self._channels, self._admin = db, mode, channels, admin
        self._editors_unit = editors_unit
        self._left_out: set[tuple[object, ...]] = set()
        """What was found to want no lever, as it was then."""

    async def give_back(self) -> None:
        """Let everything be given back whose activation is over, unless it is held back."""
        async with self._db.transaction() as session:
            await session.execute(_GIVE_BACK, {"mode": self._mode.value})

    async def plan(self) -> None:
        """A row for each account whose lever the activation in force wants, if there is one. Doing it again adds nothing."""
        async with self._db.transaction() as session:
            activation = await find_current(session, self._mode)
        if activation is None:
            self._left_out.clear()
            return
        channels = [name for name, channel in self._channels.items() if isinstance(channel, Lever)]
        asked = {"activation": activation.id, "channels": channels, "editors": self._editors_unit}
        async with self._db.transaction() as session:
            found = (await session.execute(_CANDIDATES, asked)).all()
        new = {row.id: _as_it_is(activation, row) for row in found}
        new = {number: as_it_is for number, as_it_is in new.items() if as_it_is not in self._left_out}
        if not new:
            return
        wanted = await self._wanted(activation, new, channels)
        async with self._db.transaction() as session:
            await session.execute(_PLAN, {"activation": activation.id, "accounts": wanted})
        self._left_out |= {as_it_is for number, as_it_is in new.items() if number not in wanted}

    async def _wanted(self, activation: Activation, new: Iterable[int], channels: list[str]) -> list[int]:
        async with self._db.transaction() as session:
            have = set(await session.scalars(_HAVE, {"activation": activation.id}))
            due = set(await session.scalars(_NOT_GIVEN_BACK, {"mode": self._mode.value}))
            rows = await session.scalars(
                select(Account).where(Account.state == AccountState.ACTIVE, Account.channel.in_(channels))
            )
            accounts = {account.id: account for account in rows}
        carries = {self._where(each) for each in accounts.values() if each.unit == self._editors_unit}
        taken = {self._at(accounts[number]) for number in have if number in accounts}
        wanted = []
        for number in sorted(set(new) & accounts.keys(), key=lambda each: (each not in due, each)):
            place = self._at(accounts[number])
            if place is None or place in taken or self._where(accounts[number]) in carries:
                continue
            taken.add(place)
            wanted.append(number)
        return wanted

    def _at(self, account: Account) -> Place | None:
        """Where its lever is; ``None`` where nobody gave the credentials for it."""
        try:
            ref = self._admin(account)
        except ChannelError:
            return None
        except Unready:  # credentials that do not open: a lever is wanted, and will say why it cannot be pulled
            return self._where(account)
        if self._has_senders(
            account.channel
        ):  # a sender's name is no place: many may send by it, each through their own
            return account.channel, json.dumps(dict(ref.credentials), sort_keys=True)
        return _place(account.channel, ref.address)

    def _where(self, account: Account) -> Place:
        if self._has_senders(account.channel):
            return account.channel, str(account.id)
        return _place(account.channel, account.address)

    def _has_senders(self, channel: str) -> bool:
        return self._channels[channel].capabilities.recipients


def _as_it_is(activation: Activation, row: Row[Any]) -> tuple[object, ...]:
    return (activation.id, row.id, row.address, row.is_given)


def _place(channel: str, address: str | None) -> Place:
    return channel, (address or "").casefold().rstrip("/").removeprefix("https://").removeprefix("http://")
