"""The three acts on a breach: contact its owner, take the post down, or let it stand with a reason. Each is on record.

Until one of them is done a breach is open, and stands on every page of the desk. To be contacted is not to be gone: a post whose
owner was reached may still be taken down, or accepted. What is taken down stays so.

Runbook: a platform that refuses says why. Open the post, and take it down there; or call whoever answers for the account. Then write
down which.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account
from crisis.audit import chain
from crisis.channel_set import close_all
from crisis.channel_watch import Watch
from crisis.channels import AccountRef, Capabilities, Channel, ChannelError, Found, Gone, Misconfigured
from crisis.db import Database
from crisis.deliveries.book import AccountOpener
from crisis.deliveries.checks import Outside
from crisis.deliveries.cleaned import cleaned
from crisis.errors import Conflict, Invalid, Unready
from crisis.notifications.contacts import ContactOut, list_contacts
from crisis.roles import Act, Actor, require, require_mode
from crisis.said import Said
from crisis.sealing import Sealer
from crisis.watch import breaches
from crisis.watch.breaches import Standing
from crisis.watch.models import BreachState

log = logging.getLogger(__name__)

SAID_MOST = 1_000
"""Characters of what somebody writes about a breach."""
NAME_MOST = 100
CALL_SECONDS = 20.0
"""Hard limit of each of the two calls: to take it down, and to look whether it is gone."""

MOVES: Mapping[BreachState, frozenset[BreachState]] = {
    BreachState.OPEN: frozenset({BreachState.CONTACTED, BreachState.TAKEN_DOWN, BreachState.ACCEPTED}),
    BreachState.CONTACTED: frozenset({BreachState.CONTACTED, BreachState.TAKEN_DOWN, BreachState.ACCEPTED}),
    BreachState.ACCEPTED: frozenset({BreachState.CONTACTED, BreachState.TAKEN_DOWN}),
    BreachState.TAKEN_DOWN: frozenset(),
}
WORDS: Mapping[BreachState, str] = {
    BreachState.OPEN: "open",
    BreachState.CONTACTED: "known to its owner",
    BreachState.TAKEN_DOWN: "taken down",
    BreachState.ACCEPTED: "accepted",
}
"""What each state is called at the command line."""
_MOVE = text(
    """
    UPDATE breaches SET state = CAST(:state AS text), handled_by = :by, handled_at = clock_timestamp(), note = coalesce(:note, note),
           refused = CASE WHEN CAST(:state AS text) = 'taken_down' THEN NULL ELSE refused END
    WHERE id = :id AND state = ANY(:from)
    """
)
_REFUSED = text("UPDATE breaches SET refused = :why WHERE id = :id AND state <> 'taken_down'")


@dataclass(frozen=True, slots=True)
class Owners:
    """Whom to contact about a breach."""

    leader: str | None
    """Who answers for the account, as the register has it."""
    contacts: Sequence[ContactOut]
    """Of its unit."""


@dataclass(frozen=True, slots=True)
class TakenDown:
    """What asking to take a post down came to."""

    breach: Standing
    is_gone: bool
    answer: Said
    """What happened and what is left for a person to do."""


async def owners(session: AsyncSession, breach: Standing, sealer: Sealer) -> Owners:
    """Who may know about the post, or can take it down: the account's leader, and its unit's contacts."""
    return Owners(breach.leader, await list_contacts(session, sealer, unit=breach.unit))


async def contact(db: Database, actor: Actor, breach_id: int, *, reached: str, said: str) -> Standing:
    """Write down who was reached about a breach, and what was said.

    Raises :class:`NotFound`, :class:`Invalid` without both, and :class:`Conflict` for one that is taken down.
    """
    require(actor, Act.HANDLE_BREACH)
    reached, said = _line(reached), _written(said)
    if not (reached and len(reached) <= NAME_MOST):
        raise Invalid(Said("Write who was reached, in at most {most} characters. Nothing was changed.", most=NAME_MOST))
    if not said:
        raise Invalid(Said("Write what was said. Nothing was changed."))
    return await _move(
        *(db, actor, breach_id, BreachState.CONTACTED, f"{reached}: {said}"),
        action="contact_owner",
        reached=reached,
        said=said,
    )


async def accept(db: Database, actor: Actor, breach_id: int, *, reason: str) -> Standing:
    """Let the post stand. Raises :class:`NotFound`, :class:`Invalid` without a reason, and :class:`Conflict`."""
    require(actor, Act.HANDLE_BREACH)
    reason = _written(reason)
    if not reason:
        raise Invalid(Said("Write why the post may stand. Nothing was changed."))
    return await _move(*(db, actor, breach_id, BreachState.ACCEPTED, reason), action="accept_breach", reason=reason)


async def take_down(db: Database, actor: Actor, breach_id: int, outside: Outside) -> TakenDown:
    """Take the post down at its platform, as its administrator where we have one, and look whether it is gone.

    That it was asked for is on record before the platform is. Raises :class:`NotFound`, and :class:`Conflict` where the post is taken
    down already, or this service cannot take down anything there.
    """
    require(actor, Act.HANDLE_BREACH)
    async with db.transaction() as session:
        breach = await breaches.get(session, breach_id)
        require_mode(actor, breach.mode)
        _check(breach, BreachState.TAKEN_DOWN)
        account = await session.get_one(Account, breach.account_id)
    channels, openers = outside(breach.mode)
    try:
        channel = channels.get(breach.channel)
        if not isinstance(channel, Watch) or not can_take_down(channel.capabilities, account):
            raise Conflict(
                Said(
                    "This service cannot take down posts on {account}. Take it down on the platform itself.",
                    account=breach.account,
                )
            )
        async with db.transaction() as session:
            await chain.append(session, actor, "take_down", f"breach:{breach_id}", mode=breach.mode, url=breach.url)
        is_gone, why = await _gone(channel, account, openers.whole, breach)
    finally:
        await close_all(channels)
    if is_gone:
        done = await _move(db, actor, breach_id, BreachState.TAKEN_DOWN, None, action="taken_down")
        return TakenDown(done, is_gone=True, answer=Said("The post is taken down, and read back as gone."))
    async with db.transaction() as session:
        await session.execute(_REFUSED, {"id": breach_id, "why": cleaned(why)})
        await chain.append(session, actor, "not_taken_down", f"breach:{breach_id}", mode=breach.mode, why=cleaned(why))
        breach = await breaches.get(session, breach_id)
    return TakenDown(
        breach,
        is_gone=False,
        answer=Said(
            "The post is not taken down. {why} Take it down on the platform itself, or call its owner.", why=why
        ),
    )


def can_take_down(capabilities: Capabilities | None, account: Account) -> bool:
    """Whether this service may try: it publishes there, and the platform has a way."""
    return capabilities is not None and capabilities.withdraw and bool(account.address)


async def _gone(channel: Channel, account: Account, opener: AccountOpener, breach: Standing) -> tuple[bool, str]:
    """Whether the public cannot see it any more, and if it can, or nobody can tell, what stood in the way."""
    try:
        ref = opener(account)
    except Unready as error:
        return False, str(Misconfigured(str(error)))
    refused = await _withdrawn(channel, ref, breach)
    try:
        async with asyncio.timeout(CALL_SECONDS):
            found = (await channel.read_back(ref, breach.reference)).found
    except (ChannelError, TimeoutError):
        found = Found.CANNOT_TELL
    except Exception:
        log.exception("The %s adapter failed when it looked for breach %s.", breach.channel, breach.id)
        found = Found.CANNOT_TELL
    if found is Found.NO:
        return True, ""
    if refused is not None:
        return False, refused
    if found is Found.YES:
        return False, "The platform said yes, and the post is still there."
    return False, "The platform said yes, and nobody can tell whether the post is gone. Look at it."


async def _withdrawn(channel: Channel, ref: AccountRef, breach: Standing) -> str | None:
    """What stood in the way of taking it down; ``None`` where the platform said yes."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            await channel.withdraw(ref, breach.reference)
    except Gone:
        return None
    except TimeoutError:
        return "The platform did not answer in time."
    except ChannelError as error:
        return error.reason
    except Exception:
        log.exception("The %s adapter failed when it took down breach %s.", breach.channel, breach.id)
        return "The adapter failed in a way it should not; the log has the details."
    return None


async def _move(
    db: Database, actor: Actor, breach_id: int, state: BreachState, note: str | None, *, action: str, **detail: str
) -> Standing:
    async with db.transaction() as session:
        breach = await breaches.get(session, breach_id)
        values = {
            "id": breach_id,
            "state": state.value,
            "by": actor.name,
            "note": note,
            "from": [old.value for old, moves in MOVES.items() if state in moves],
        }
        if not (await session.execute(_MOVE, values)).rowcount:  # type: ignore[attr-defined]
            _refuse(await breaches.get(session, breach_id))
        await chain.append(
            session, actor, action, f"breach:{breach_id}", mode=breach.mode, account=breach.account_id, **detail
        )
        return await breaches.get(session, breach_id)


def _check(breach: Standing, state: BreachState) -> None:
    if state not in MOVES[breach.state]:
        _refuse(breach)


def _refuse(breach: Standing) -> NoReturn:
    raise Conflict(
        Said(
            "Breach {number} is {state} already, by {by}. Nothing was changed.",
            number=breach.id,
            state=WORDS[breach.state],
            by=breach.handled_by or "",
        )
    )


def _line(said: str) -> str:
    return " ".join((cleaned(said, SAID_MOST) or "").split())


def _written(said: str) -> str:
    """Without the ends; raises :class:`Invalid` for what is too long."""
    said = said.strip()
    if len(said) > SAID_MOST:
        raise Invalid(
            Said(
                "Write at most {most} characters; this has {count}. Nothing was changed.",
                most=SAID_MOST,
                count=len(said),
            )
        )
    return cleaned(said, SAID_MOST) or ""
