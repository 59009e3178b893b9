"""Workers of an exercise with one wall or another taken away, built by hand beside every live address and credential."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from adapters import CHANNELS
from crisis.accounts.models import Account
from crisis.bootstrap import Crisis, openers_for, securer_for, setup_for
from crisis.channels import AccountRef, ChannelSetup
from crisis.deliveries.book import Openers
from crisis.deliveries.engine import Engine
from crisis.deliveries.pace import Pace
from crisis.lanes import Lane
from crisis.locks.securer import Securer
from crisis.mode import Mode
from tests.faults.stack import Stack
from tests.isolation.conftest import LIVE_SECRETS
from tests.isolation.tripwire import Tripwire


class Wall(StrEnum):
    """What is taken away in one drill."""

    NONE = "none"
    ADDRESSES = "addresses"  # the channels are built with the live providers' addresses, and the accounts' own
    GUARD = "guard"  # the transport refuses no host
    SECRETS = "secrets"  # the exercise's channels hold every live credential
    PART = "part"  # the players are who they are, with rights to what is real


@dataclass(frozen=True)
class Worker:
    """What an exercise's worker does: it sends, and sees to what an activation asks for behind the gate."""

    engine: Engine
    securer: Securer

    async def work(self) -> None:
        """One pass over everything."""
        await self.engine.sweep()
        await self.securer.settle(rounds=2)
        for lane in Lane:
            await self.engine.deliver(lane)


def worker_without(wall: Wall, stack: Stack, crisis: Crisis, tripwire: Tripwire) -> Worker:
    """An exercise's, but for that one wall."""
    settings = stack.settings
    held = settings if wall is Wall.SECRETS else settings.without_secrets()
    setup, openers = setup_for(Mode.EXERCISE, held), openers_for(Mode.EXERCISE, held)
    match wall:
        case Wall.ADDRESSES:
            setup, openers = replace(setup, **_live_addresses(tripwire)), _live(openers)
        case Wall.GUARD:
            setup = replace(setup, allowed_hosts=None)
        case Wall.SECRETS:
            setup = replace(setup, **LIVE_CREDENTIALS)
    return _worker(setup, openers, stack, crisis)


def worker_without_walls(stack: Stack, crisis: Crisis, tripwire: Tripwire) -> Worker:
    """What would happen then."""
    settings = stack.settings
    setup = replace(setup_for(Mode.EXERCISE, settings), allowed_hosts=None, **_live_addresses(tripwire))
    return _worker(setup, _live(openers_for(Mode.EXERCISE, settings)), stack, crisis)


def _worker(setup: ChannelSetup, openers: Openers, stack: Stack, crisis: Crisis) -> Worker:
    channels = {name: build(setup) for name, build in CHANNELS.items()}
    pace = Pace(concurrency=8, batch=50, lease_seconds=10, call_seconds=setup.call_seconds)
    db, mode = crisis.db, Mode.EXERCISE
    engine = Engine(db, mode, channels, openers, dict.fromkeys(Lane, pace), drain_seconds=1.0)
    return Worker(engine, securer_for(mode, stack.settings, db, channels=channels, openers=openers))


def _live_addresses(tripwire: Tripwire) -> Mapping[str, str]:
    """Where the live providers are."""
    return {
        name: f"{tripwire.url}/{path}"
        for name, path in (("graph_url", "graph"), ("x_url", "x"), ("twilio_url", "twilio"))
    }


LIVE_CREDENTIALS: Mapping[str, Any] = {
    "twilio_account_sid": LIVE_SECRETS["CRISIS_TWILIO_ACCOUNT_SID"],
    "twilio_auth_tokens": (LIVE_SECRETS["CRISIS_TWILIO_AUTH_TOKEN"],),
    "x_consumer_key": LIVE_SECRETS["CRISIS_X_CONSUMER_KEY"],
    "x_consumer_secret": LIVE_SECRETS["CRISIS_X_CONSUMER_SECRET"],
    "facebook_app_secret": LIVE_SECRETS["CRISIS_FACEBOOK_APP_SECRET"],
}


def _live(stand_in: Openers) -> Openers:
    def account(row: Account) -> AccountRef:
        return replace(stand_in.account(row), address=row.address)

    return Openers(account, stand_in.number, account, stand_in.email)
