"""The trial of a channel: does its provider answer, and does it take our credentials? Reads only, and publishes nothing.

What is asked is what an unknown outcome is looked into by: whether a text that nobody has sent went out. A provider that says
no has understood who asks.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from crisis import clock
from crisis.accounts.models import Account, AccountState
from crisis.audit import chain
from crisis.bootstrap import Crisis, outside_of
from crisis.channel_set import close_all
from crisis.channels import Channel, ChannelError, Found, Misconfigured, Outgoing, Rejected
from crisis.deliveries.book import Openers
from crisis.errors import CrisisError, NotFound
from crisis.mode import Mode
from crisis.roles import Act, Actor, require

MOST = 20
"""Accounts that are tried at once, the web editors' first."""
SINCE = timedelta(minutes=1)
NOBODY = "+15005550006"
"""A number that reaches no telephone: Twilio's own, for trials."""
TEXT = "crisis: is anybody there? 0d9c1d0c5f3e"


class Answer(StrEnum):
    """What came of it."""

    WELL = "well"  # it answered, and took our credentials
    REFUSED = "refused"  # it did not take them, or there are none
    SILENT = "silent"  # it did not answer in time, or not so that anybody could tell


@dataclass(frozen=True, slots=True)
class Tried:
    """One account, and what its provider said. ``why``: in the adapter's own words, for all but a well."""

    account_id: int
    name: str
    unit: str
    answer: Answer
    why: str = ""


async def try_channel(crisis: Crisis, actor: Actor, channel: str) -> Sequence[Tried]:
    """Ask for every connected account of a channel, all at once. Nothing when none is connected.

    Raises :class:`NotFound` for a channel that this service does not publish to.
    """
    require(actor, Act.MANAGE_ACCOUNTS)
    if channel not in crisis.capabilities:
        raise NotFound("channel", channel)
    ours = crisis.settings.editors_unit
    async with crisis.db.transaction() as session:
        wanted = (Account.channel == channel, Account.state == AccountState.ACTIVE, Account.address.is_not(None))
        query = select(Account).where(*wanted).order_by(Account.unit != ours, Account.unit, Account.name).limit(MOST)
        accounts = (await session.scalars(query)).all()
    channels, openers = outside_of(crisis.settings)(Mode.ACTUAL)
    try:
        found = await asyncio.gather(*(_try(channels[channel], openers, account) for account in accounts))
    finally:
        await close_all(channels)
    async with crisis.db.transaction() as session:
        told = {str(each.account_id): each.answer.value for each in found}
        await chain.append(session, actor, "try_channel", f"channel:{channel}", answers=told)
    return found


async def _try(channel: Channel, openers: Openers, account: Account) -> Tried:
    outgoing = Outgoing(
        key="trial", mode=Mode.ACTUAL, kind="post", language="nb", title="", text=TEXT, issued_at=clock.now(), to=NOBODY
    )
    answer, why = Answer.WELL, ""
    try:
        async with asyncio.timeout(channel.capabilities.call_seconds):
            finding = await channel.reconcile(openers.account(account), outgoing, clock.now() - SINCE)
        if finding.found is Found.CANNOT_TELL:
            answer = Answer.SILENT
    except (Misconfigured, Rejected, CrisisError) as error:  # a key that does not open what is stored is the last
        answer, why = Answer.REFUSED, str(error)
    except (ChannelError, TimeoutError) as error:
        answer, why = Answer.SILENT, str(error)
    return Tried(account.id, account.name, account.unit, answer, why)
