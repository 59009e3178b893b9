"""What people do about levers: keep some taken after the stand-down, give back, say that it was done by hand, and try one."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.service import get_account
from crisis.activations import service as activations
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.audit import chain
from crisis.channel_access import Access, Lever
from crisis.channel_set import close_all
from crisis.channels import ChannelError, Unsupported
from crisis.db import Database
from crisis.deliveries.checks import Outside
from crisis.errors import Conflict, Unready
from crisis.levers.hands import CALLS_A_VERB
from crisis.mode import Mode
from crisis.roles import Act, Actor, can, require

_HOLD = text(
    """
    UPDATE levers SET held_back = :held
    FROM (
        SELECT l.id FROM levers l JOIN accounts a ON a.id = l.account_id
        WHERE l.activation_id = :activation AND (CAST(:units AS text[]) IS NULL OR a.unit = ANY(:units))
        ORDER BY l.id FOR UPDATE OF l
    ) wanted
    WHERE levers.id = wanted.id
    RETURNING levers.account_id
    """
)
# What nothing was saved of was never changed: the next round says so. What is being worked on is let alone.
_RESTORE = text(
    """
    UPDATE levers SET held_back = false, attempts = 0, due_at = clock_timestamp(),
           state = CASE WHEN levers.saved IS NULL THEN levers.state ELSE 'restoring' END, changed_at = clock_timestamp()
    FROM (
        SELECT l.id FROM levers l JOIN accounts a ON a.id = l.account_id
        WHERE l.activation_id = :activation
          AND (CAST(:unit AS text) IS NULL OR a.unit = :unit) AND (CAST(:account AS int) IS NULL OR a.id = :account)
          AND l.state <> 'restored' AND (l.state <> 'absent' OR l.restored_at IS NULL)
          AND (l.lease_until IS NULL OR l.lease_until < clock_timestamp())
        ORDER BY l.id FOR UPDATE OF l
    ) wanted
    WHERE levers.id = wanted.id
    RETURNING levers.account_id
    """
)
_GIVEN_BACK = text(
    """
    UPDATE levers SET state = 'restored', restored_at = clock_timestamp(), changed_at = clock_timestamp(), error = NULL,
           lease = NULL, lease_until = NULL, held_back = false
    WHERE account_id = :account AND state = 'by_hand' AND activation_id <= :activation
      AND mode = (SELECT mode FROM activations WHERE id = :activation)
    RETURNING id
    """
)


class CannotTry(Conflict):
    """A lever could not be tried; ``reason`` is the platform's or the adapter's."""

    def __init__(self, account: str, reason: str) -> None:
        super().__init__(f"The lever of {account} could not be tried. {reason}")
        self.reason = reason


async def hold_back(
    db: Database, actor: Actor, activation_id: int, units: Sequence[str] | None = None, *, held: bool = True
) -> int:
    """Say before the stand-down that access is given back unit by unit: what was taken from these units, or from all, stays taken
    after it, until :func:`restore`. ``held`` off takes that back. Returns how many accounts it is about.

    Raises :class:`NotFound`, and :class:`Conflict` once it was stood down: then everything is being given back already.
    """
    async with db.transaction() as session:
        activation = await _require(session, actor, activation_id)
        if activation.state is ActivationState.STOOD_DOWN:
            raise Conflict(
                f"Activation {activation_id} was stood down already, and access is being given back to everyone. Nothing was changed."
            )
        values = {"activation": activation_id, "units": None if units is None else list(units), "held": held}
        accounts = (await session.scalars(_HOLD, values)).all()
        await chain.append(
            session,
            actor,
            "hold_levers" if held else "release_levers",
            f"activation:{activation_id}",
            mode=activation.mode,
            units=None if units is None else sorted(units),
            accounts=sorted(accounts),
        )
    return len(accounts)


async def restore(
    db: Database, actor: Actor, activation_id: int, unit: str | None = None, account_id: int | None = None
) -> list[int]:
    """Give back what was taken: to one unit, on one account, or all; also what waits to be given back by hand, once more. The
    securer does it within seconds. Returns the accounts it is about; those that have everything back are not among them.

    Raises :class:`NotFound`, and :class:`Conflict` while the activation lasts.
    """
    async with db.transaction() as session:
        activation = await _require(session, actor, activation_id)
        if activation.state is not ActivationState.STOOD_DOWN:
            raise Conflict(
                f"Activation {activation_id} is in force. Access is given back when it is stood down: crisis stand-down. Nothing was "
                "changed."
            )
        values = {"activation": activation_id, "unit": unit, "account": account_id}
        accounts = sorted((await session.scalars(_RESTORE, values)).all())
        await chain.append(
            session,
            actor,
            "restore_levers",
            f"activation:{activation_id}",
            mode=activation.mode,
            unit=unit,
            accounts=accounts,
        )
    return accounts


async def given_back(db: Database, actor: Actor, activation_id: int, account_id: int) -> None:
    """Say that a person has given back by hand, at the platform, what this service could not.

    Raises :class:`NotFound`, and :class:`Conflict` where that lever does not wait for it.
    """
    async with db.transaction() as session:
        activation = await _require(session, actor, activation_id)
        account = await get_account(session, account_id)
        done = (await session.execute(_GIVEN_BACK, {"activation": activation_id, "account": account_id})).all()
        if not done:
            raise Conflict(f"Nothing waits to be given back by hand on {account.name}. Nothing was changed.")
        subject, mode = f"account:{account_id}", activation.mode
        await chain.append(session, actor, "give_back_by_hand", subject, mode=mode, activation=activation_id)


async def look(db: Database, actor: Actor, account_id: int, outside: Outside, mode: Mode = Mode.ACTUAL) -> Access:
    """Try an account's lever without pulling it: who can publish there beside this service, and from whom it cannot be taken.

    Reads only. Raises :class:`NotFound`, and :class:`CannotTry` where it cannot be told.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    async with db.transaction() as session:
        account = await get_account(session, account_id)
    channels, openers = outside(mode)
    try:
        channel = channels.get(account.channel)
        if channel is None or not isinstance(channel, Lever):
            raise Unsupported(f"There is no lever for {account.channel}.")
        async with asyncio.timeout(channel.capabilities.call_seconds * CALLS_A_VERB):
            seen = await channel.inspect(openers.admin(account))
    except (ChannelError, TimeoutError, Unready) as error:
        why = "There was no answer in time." if isinstance(error, TimeoutError) else str(error)
        raise CannotTry(account.name, why) from None
    finally:
        await close_all(channels)
    async with db.transaction() as session:
        detail: dict[str, Any] = {"open_to": len(seen.open_to), "stay": sum(not r.is_removable for r in seen.open_to)}
        await chain.append(session, actor, "try_lever", f"account:{account_id}", **detail)
    return seen


async def _require(session: AsyncSession, actor: Actor, activation_id: int) -> Activation:
    """Whoever may stand down may give back; in an exercise, whoever may run a drill."""
    activation = await activations.get(session, activation_id)
    if not (activation.mode is Mode.EXERCISE and can(actor, Act.RUN_DRILL)):
        require(actor, Act.STAND_DOWN)
    return activation
