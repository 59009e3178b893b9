"""Claims: which levers are due, and whose they are while somebody works on them.

A row is worked on under a lease, which its holder renews. Only the newest lever of an account is worked on: an older one, still
to be given back when a new activation began, has handed what was saved to it and follows it (:mod:`crisis.levers.journal`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text

from crisis.accounts.models import Account
from crisis.channel_access import Access
from crisis.db import Database
from crisis.levers.states import LeverState
from crisis.mode import Mode

PULLS = (
    LeverState.WANTED,
    LeverState.PULLING,
    LeverState.PULLED,
    LeverState.INCOMPLETE,
    LeverState.FAILED,
    LeverState.ABSENT,
)
"""What is worked on while the activation lasts: to be pulled, or to be read back now and then."""
GIVES_BACK = (LeverState.RESTORING, LeverState.BY_HAND)

# By hand means that a person does it. For a day it is seen now and then whether they have, or whether it can be done after all.
_CLAIM = text(
    """
    UPDATE levers SET lease = :lease, lease_until = clock_timestamp() + make_interval(secs => :seconds)
    FROM (
        SELECT l.id FROM levers l JOIN activations v ON v.id = l.activation_id
        WHERE l.mode = :mode AND l.state <> 'restored' AND l.due_at <= clock_timestamp() AND l.id <> ALL(:held)
          AND (CAST(:only AS bigint[]) IS NULL OR l.id = ANY(:only))
          AND (l.lease_until IS NULL OR l.lease_until < clock_timestamp())
          AND CASE WHEN v.state <> 'stood_down' THEN l.state = ANY(:pulls) AND CAST(:only AS bigint[]) IS NULL
              ELSE l.state = 'restoring' OR (l.state = 'by_hand' AND v.stood_down_at > now() - interval '1 day') END
          AND NOT EXISTS (SELECT FROM levers n WHERE n.account_id = l.account_id AND n.mode = l.mode
                          AND n.activation_id > l.activation_id)
          AND NOT EXISTS (SELECT FROM levers o WHERE o.account_id = l.account_id AND o.mode = l.mode
                          AND o.activation_id < l.activation_id AND o.lease_until > clock_timestamp())
        ORDER BY l.due_at, l.id LIMIT :most FOR UPDATE OF l SKIP LOCKED
    ) due
    WHERE levers.id = due.id
    RETURNING levers.id, levers.activation_id, levers.account_id, levers.state, levers.saved, levers.address, levers.attempts,
              levers.error
    """
)
_RENEW = text(
    """
    UPDATE levers SET lease_until = clock_timestamp() + make_interval(secs => :seconds)
    FROM (
        SELECT l.id FROM levers l
        JOIN unnest(CAST(:ids AS bigint[]), CAST(:leases AS uuid[])) AS held (id, lease) ON held.id = l.id AND held.lease = l.lease
        ORDER BY l.id FOR UPDATE OF l SKIP LOCKED
    ) ours
    WHERE levers.id = ours.id
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One lever in this process's hands."""

    id: int
    lease: UUID
    activation_id: int
    account: Account
    state: LeverState
    saved: Access | None
    address: str | None
    """Where that was so."""
    attempts: int
    """Of what it is doing now, without the one that begins."""
    error: str | None
    """What was said the last time."""

    @property
    def gives_back(self) -> bool:
        """Whether it is to be restored, and not pulled."""
        return self.state in GIVES_BACK


async def claim(
    db: Database, mode: Mode, most: int, *, seconds: float, held: Collection[int], only: Sequence[int] | None = None
) -> list[Claimed]:
    """Take at most ``most`` due levers for ``seconds``. ``held``: those in hand already. ``only``: of these alone, and only what is
    to be given back.
    """
    lease = uuid4()
    values: dict[str, Any] = {
        "mode": mode.value,
        "lease": lease,
        "seconds": seconds,
        "most": most,
        "held": list(held),
        "only": None if only is None else list(only),
        "pulls": [state.value for state in PULLS],
    }
    async with db.transaction() as session:
        rows = (await session.execute(_CLAIM, values)).all()
        wanted = {row.account_id for row in rows}
        found = (await session.scalars(select(Account).where(Account.id.in_(wanted)))).all() if wanted else ()
        accounts = {account.id: account for account in found}
    return [
        Claimed(
            row.id,
            lease,
            row.activation_id,
            accounts[row.account_id],
            LeverState(row.state),
            None if row.saved is None else Access.from_json(row.saved),
            row.address,
            row.attempts,
            row.error,
        )
        for row in rows
    ]


async def renew(db: Database, held: Collection[Claimed], seconds: float) -> None:
    """Keep what is in hand for as long again. What somebody else has taken over stays theirs."""
    async with db.transaction() as session:
        values = {"ids": [each.id for each in held], "leases": [each.lease for each in held], "seconds": seconds}
        await session.execute(_RENEW, values)
