"""The journal: what each lever has come to, written in few commits however many are worked on at once.

Whoever writes waits for the commit that has it. While one commit is under way the next ones gather, so that a thousand levers
cost some tens of commits. Nothing is written over a row that is not ours any more: the lease, the move and what is asked for
besides stand in the WHERE.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.channel_access import Access
from crisis.db import Database
from crisis.levers.claims import Claimed
from crisis.levers.states import MOVES, LeverState
from crisis.mode import Mode

_NOT_ANY_MORE = frozenset({LeverState.RESTORED, LeverState.ABSENT, LeverState.BY_HAND})

# ``while_locked``: only if the activation is still in force. ``while_last``: only if no newer activation has taken the lever over.
# Both are asked for just before something is changed at a platform, under a lease: whoever would do the opposite waits for that
# lease (``claims``, ``plan``), so that of two that contradict each other the one that belongs is always the later.
_WRITE = text(
    """
    UPDATE levers SET
        state = c.state, saved = coalesce(c.saved, levers.saved), found = coalesce(c.found, levers.found),
        address = coalesce(levers.address, c.address),
        read_at = CASE WHEN c.found IS NULL THEN levers.read_at ELSE clock_timestamp() END,
        error = c.error, attempts = c.attempts,
        due_at = clock_timestamp() + make_interval(secs => c.wait),
        lease = CASE WHEN c.done THEN NULL ELSE levers.lease END,
        lease_until = CASE WHEN c.done THEN NULL ELSE levers.lease_until END,
        pulled_at = CASE WHEN c.state IN ('pulled', 'incomplete') THEN coalesce(levers.pulled_at, clock_timestamp())
                    ELSE levers.pulled_at END,
        restored_at = CASE WHEN c.back AND c.state IN ('restored', 'absent') THEN clock_timestamp()
                      ELSE levers.restored_at END,
        changed_at = CASE WHEN c.state = levers.state THEN levers.changed_at ELSE clock_timestamp() END
    FROM jsonb_to_recordset(CAST(:changes AS jsonb)) AS c (
        id bigint, lease uuid, state text, "from" jsonb, saved jsonb, address text, found jsonb, error text, attempts int, wait float8,
        done boolean, back boolean, while_locked boolean, while_last boolean)
    WHERE levers.id = c.id AND levers.lease = c.lease AND c."from" @> to_jsonb(levers.state)
      AND (c.done OR levers.lease_until > clock_timestamp())
      AND NOT (c.while_locked AND EXISTS (
          SELECT FROM activations v WHERE v.id = levers.activation_id AND v.state = 'stood_down'))
      AND NOT (c.while_last AND EXISTS (
          SELECT FROM levers n WHERE n.account_id = levers.account_id AND n.mode = levers.mode
          AND n.activation_id > levers.activation_id))
    RETURNING levers.id
    """
)
# What an older activation left to be given back, and a newer one took over, ends as the newer one's does.
_FOLLOW = text(
    """
    UPDATE levers SET state = n.state, error = n.error, found = n.found, read_at = n.read_at, restored_at = n.restored_at,
           held_back = false, changed_at = clock_timestamp()
    FROM levers n
    WHERE n.id = ANY(:ids) AND levers.account_id = n.account_id AND levers.mode = n.mode
      AND levers.activation_id < n.activation_id AND levers.state <> 'restored' AND levers.restored_at IS NULL
    """
)
# Whoever locks several levers does it in the order of their numbers, so that no two wait for each other.
_LOCK = text("SELECT id FROM levers WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")
_STRAY = text(
    """
    UPDATE levers SET lease = NULL, lease_until = NULL, due_at = clock_timestamp(), attempts = 0,
           state = CASE state WHEN 'restored' THEN 'restoring' ELSE state END
    WHERE saved IS NOT NULL AND id = (
        SELECT id FROM levers l WHERE l.account_id = :account AND l.mode = :mode ORDER BY l.activation_id DESC LIMIT 1)
    """
)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written of one lever."""

    row: Claimed
    state: LeverState
    saved: Access | None = None
    """What is to be given back, where there is more to it than was known."""
    address: str | None = None
    """Where that is."""
    found: Access | None = None
    """What the platform has just shown."""
    error: str | None = None
    attempts: int = 0
    wait: float = 0.0
    """Seconds until it is due again."""
    is_done: bool = True
    """The row is let go of."""
    while_locked: bool = False
    while_last: bool = False
    again: bool = False
    """It was so the last time, and not meanwhile."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What goes on record beside the state."""

    @property
    def is_news(self) -> bool:
        """Whether it goes on record: something has come to an end, and not to the same one as the last time."""
        return self.is_done and self.state not in _UNDER_WAY and (self.again or self.state is not self.row.state)


_UNDER_WAY = frozenset({LeverState.WANTED, LeverState.PULLING, LeverState.RESTORING})


class Journal:
    """Writes for everything that one process works on in one mode."""

    def __init__(self, db: Database, mode: Mode) -> None:
        self._db, self._mode = db, mode
        self._waiting: list[tuple[Change, asyncio.Future[bool]]] = []
        self._is_writing = False

    async def write(self, change: Change) -> bool:
        """Write it; return once that is committed, and whether the row was still ours and what was asked for besides held."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, written))
        if not self._is_writing:
            await self._write_all()
        return await written

    async def stray(self, row: Claimed) -> None:
        """This process may have changed something at the platform after the row had passed to somebody else: it had stood still.
        Whoever has the account's lever now reads back once more.
        """
        async with self._db.transaction() as session:
            await session.execute(_STRAY, {"account": row.account.id, "mode": self._mode.value})

    async def _write_all(self) -> None:
        self._is_writing = True
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    async with self._db.transaction() as session:
                        written = await self._write_batch(session, [change for change, _ in batch])
                except BaseException as error:
                    for _, future in (*batch, *self._waiting):
                        _fail(future, error)
                    self._waiting = []
                    raise
                for change, future in batch:
                    if not future.done():
                        future.set_result(change.row.id in written)
        finally:
            self._is_writing = False

    async def _write_batch(self, session: AsyncSession, changes: Sequence[Change]) -> set[int]:
        given = json.dumps([_as_json(change) for change in changes])
        await session.execute(_LOCK, {"ids": [change.row.id for change in changes]})
        written = set((await session.scalars(_WRITE, {"changes": given})).all())
        over = [change.row.id for change in changes if change.row.gives_back and change.state in _NOT_ANY_MORE]
        if ended := [number for number in over if number in written]:
            await session.execute(_FOLLOW, {"ids": ended})
        for change in changes:
            if change.is_news and change.row.id in written:
                await chain.append(
                    session,
                    None,
                    "restore_lever" if change.row.gives_back else "pull_lever",
                    f"account:{change.row.account.id}",
                    mode=self._mode,
                    activation=change.row.activation_id,
                    state=change.state.value,
                    **({"again": True} if change.again else {}),
                    **change.detail,
                )
        return written


def _as_json(change: Change) -> dict[str, Any]:
    from_states = [old.value for old, moves in MOVES.items() if change.state in moves or old is change.state]
    return {
        "id": change.row.id,
        "lease": str(change.row.lease),
        "state": change.state.value,
        "from": from_states,
        "saved": change.saved and change.saved.to_json(),
        "address": change.address if change.saved else None,
        "found": change.found and change.found.to_json(),
        "error": change.error,
        "attempts": change.attempts,
        "wait": change.wait,
        "done": change.is_done,
        "back": change.row.gives_back,
        "while_locked": change.while_locked,
        "while_last": change.while_last,
    }


def _fail(future: asyncio.Future[bool], error: BaseException) -> None:
    if future.done():
        return
    if isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)
        future.exception()  # whoever waits gets it; whoever has gone leaves no complaint behind
