"""``python -m bench.shares``: where the sender's time goes. Processor time a message of each part alone, and of the whole.

No must: it is for whoever wants to make the sender faster. On a machine with two cores the database's share is on the other one.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable

from adapters.sms import Sms
from bench.apart import apart
from bench.broadcast import SENDER, Broadcasts, Waiting
from bench.ground import ground
from bench.stub import stub
from crisis.bootstrap import channels_for, database_of, engine_for, setup_for
from crisis.channels import AccountRef, Outgoing, Receipt, ReceiptStatus
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings

PEOPLE = 20_000
_ACCOUNT = AccountRef(1, "sms", "nettredaksjonen", SENDER)


class Nobody(Sms):
    """Accepts at once, without a request."""

    async def publish(self, account: AccountRef, outgoing: Outgoing) -> Receipt:  # noqa: ARG002
        await asyncio.sleep(0)
        return Receipt(f"SM{outgoing.key}", ReceiptStatus.ACCEPTED, key=outgoing.key)


def main() -> int:
    """Print the three parts."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    with ground() as found, stub(found.folder) as provider:
        broadcasts = Broadcasts(found, provider, PEOPLE)
        waiting = broadcasts.approve()
        _say("the adapter and its HTTP client alone", apart(_adapter, broadcasts.settings, waiting))
        _say("the whole: claim, start, call, settle", apart(_engine, broadcasts.settings, "calls"))
        broadcasts.approve()
        _say("the engine and the database's client alone", apart(_engine, broadcasts.settings, "no calls"))
    return 0


def _say(what: str, used: float) -> None:
    print(f"{what:44} {used / PEOPLE * 1e6:6.0f} us of processor a message", flush=True)


async def _engine(settings: Settings, calls: str) -> float:
    engine = engine_for(Mode.ACTUAL, settings, database_of(settings), slices=False)
    if calls == "no calls":
        engine.channels = {**engine.channels, "sms": Nobody(setup_for(Mode.ACTUAL, settings))}
    used = await _used(lambda: engine.deliver(Lane.SMS))
    await engine.close()
    return used


async def _adapter(settings: Settings, waiting: Waiting) -> float:
    channel = channels_for(Mode.ACTUAL, settings)["sms"]
    body = waiting.form["Body"]
    numbers = iter(range(PEOPLE))

    async def call() -> None:
        for number in numbers:
            to = f"+474{number:07d}"
            out = Outgoing(str(number), Mode.ACTUAL, "alert", "nb", "", body, to=to, valid_seconds=3600)
            await channel.publish(_ACCOUNT, out)

    async def all_calls() -> None:
        await asyncio.gather(*(call() for _ in range(settings.sms_concurrency)))

    used = await _used(all_calls)
    await channel.close()
    return used


async def _used(act: Callable[[], Awaitable[object]]) -> float:
    before = time.process_time()
    await act()
    return time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
