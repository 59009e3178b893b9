"""The standing of accounts: the rows that slow something down, read in one statement, and what they allow together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import Select, and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from crisis.accounts.models import Account, AccountState
from crisis.limits import breaker, pace
from crisis.limits.models import AccountLimit, BreakerState, Flow
from crisis.limits.pace import Ceiling, Room
from crisis.mode import Mode

RECENT_SECONDS = 60.0
"""An account nothing is known of is looked at as long as somebody has lately wanted to call it."""
_IN_FLIGHT = text(
    """
    SELECT account_id, count(*) AS calls FROM deliveries
    WHERE state = 'in_flight' AND mode = :mode AND account_id = ANY(:accounts) GROUP BY account_id
    """
)
_IN_A_RUSH = text(
    """
    SELECT DISTINCT account_id FROM deliveries
    WHERE mode = :mode AND lane <> 'unit' AND state IN ('ready', 'retry_wait') AND due_at <= now()
      AND account_id = ANY(:accounts)
    """
)
_now = func.clock_timestamp().label("now")
# Made once: an alias and a function are many objects that hold each other, and a sender that made them at each look grew from that.
_ago = partial(func.make_interval, 0, 0, 0, 0, 0, 0)
_cold = and_(
    Flow.tried_at > func.clock_timestamp() - _ago(RECENT_SECONDS),
    or_(Flow.answered_at.is_(None), Flow.answered_at < func.clock_timestamp() - _ago(pace.COLD_SECONDS)),
)
_standby = aliased(AccountLimit)
_able = select(Account.id).where(Account.state == AccountState.ACTIVE, Account.address.is_not(None))


@dataclass(slots=True)
class Standing:
    """One account's flow, beside what was set for it."""

    flow: Flow
    ceiling: Ceiling
    channel: str
    standby: int | None
    now: datetime

    @property
    def is_free(self) -> bool:
        """Nothing holds it back."""
        closed = self.flow.state is BreakerState.CLOSED and not self.flow.diverted
        return closed and pace.is_free(self.flow, self.ceiling, self.now)

    @property
    def is_held(self) -> bool:
        """Its provider has asked us to wait, or does not answer and is not tried again yet."""
        flow, now = self.flow, self.now
        waits = [flow.held_until, flow.next_try_at if flow.state is not BreakerState.CLOSED else None]
        return any(until is not None and now < until for until in waits)

    def room(self, in_flight: int) -> Room:
        """How many calls may begin through it now."""
        if self.flow.state is not BreakerState.CLOSED:
            if wait := breaker.may_probe(self.flow, self.now):
                return Room(0, wait)
            held = pace.room(self.flow, Ceiling(), 0, self.now)
            return Room(min(1, held.calls), held.wait)
        if self.flow.diverted:
            return Room(0, breaker.PROBE_SECONDS)
        return pace.room(self.flow, self.ceiling, in_flight, self.now)


@dataclass(frozen=True, slots=True)
class Standings:
    """Reads them. ``ceilings``: what was set for a channel's accounts that have no limit of their own."""

    mode: Mode
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)

    async def slow(self, session: AsyncSession) -> list[Standing]:
        """Every account that anything may hold back now."""
        wanted = or_(
            Flow.state != BreakerState.CLOSED,
            Flow.diverted,
            Flow.held_until > func.clock_timestamp(),
            Flow.usage_until > func.clock_timestamp(),
            Flow.concurrency.is_not(None),
            Flow.per_second.is_not(None),
            AccountLimit.concurrency.is_not(None),
            AccountLimit.per_second.is_not(None),
            Account.channel.in_(list(self.ceilings)),
            _cold,
        )
        return await self._read(session, self._query().where(wanted))

    async def of(self, session: AsyncSession, accounts: Sequence[int], *, hold: bool = False) -> dict[int, Standing]:
        """These accounts. ``hold``: under a lock until the transaction ends, made where there is none yet."""
        query = self._query().where(Flow.account_id.in_(accounts)).order_by(Flow.account_id)
        if hold:
            await session.execute(
                text(
                    """
                    INSERT INTO flows (mode, account_id) SELECT :mode, id FROM accounts WHERE id = ANY(:accounts)
                    ORDER BY id ON CONFLICT DO NOTHING
                    """
                ),
                {"mode": self.mode.value, "accounts": list(accounts)},
            )
            query = query.with_for_update(of=Flow)
        return {each.flow.account_id: each for each in await self._read(session, query)}

    async def in_flight(self, session: AsyncSession, accounts: Sequence[int]) -> dict[int, int]:
        """Calls in flight through these accounts, of all processes. Exact under the lock: starting commits under it."""
        if not accounts:
            return {}
        rows = await session.execute(_IN_FLIGHT, {"mode": self.mode.value, "accounts": list(accounts)})
        return {row.account_id: row.calls for row in rows}

    async def in_a_rush(self, session: AsyncSession, accounts: Sequence[int]) -> set[int]:
        """Those of these accounts that crisis deliveries wait for: they go before a unit's posts."""
        values = {"mode": self.mode.value, "accounts": list(accounts)}
        return set((await session.execute(_IN_A_RUSH, values)).scalars())

    def _query(self) -> Select[Flow, AccountLimit, str, int, datetime]:
        """With the standby, if it can carry anything."""
        carries = and_(_standby.standby_for == Flow.account_id, _standby.account_id.in_(_able))
        return (
            select(Flow, AccountLimit, Account.channel, _standby.account_id, _now)
            .join(Account, Account.id == Flow.account_id)
            .outerjoin(AccountLimit, AccountLimit.account_id == Flow.account_id)
            .outerjoin(_standby, carries)
            .where(Flow.mode == self.mode)
            .execution_options(populate_existing=True)
        )

    async def _read(
        self, session: AsyncSession, query: Select[Flow, AccountLimit, str, int, datetime]
    ) -> list[Standing]:
        rows = (await session.execute(query)).all()
        return [
            Standing(flow, Ceiling.of(limit, self.ceilings.get(channel, Ceiling())), channel, standby, now)
            for flow, limit, channel, standby, now in rows
        ]
