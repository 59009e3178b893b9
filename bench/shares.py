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
from crisis.bootstrap import database_of, engine_for, setup_for
from crisis.channels import AccountRef, ChannelError, Mailing, Outgoing, Receipt, ReceiptStatus
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings

Ended = Callable[[str, Receipt | ChannelError], None]
PEOPLE = 20_000
_ACCOUNT = AccountRef(1, "sms", "nettredaksjonen", SENDER)


class Nobody(Sms):
    """Accepts at once, without a request."""

    def mailing(self, account: AccountRef, text: Outgoing, ended: Ended) -> Mailing:  # noqa: ARG002
        return _Accepted(ended)


class _Accepted:
    def __init__(self, ended: Ended) -> None:
        self._ended, self._loop = ended, asyncio.get_running_loop()

    def send(self, key: str, to: str, valid_seconds: int | None) -> None:  # noqa: ARG002
        self._loop.call_soon(self._ended, key, Receipt(f"SM{key}", ReceiptStatus.ACCEPTED, key=key))

    def abandon(self, key: str) -> None:
        """It has ended already, or is about to."""


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
    channel = Sms(setup_for(Mode.ACTUAL, settings))
    body = waiting.form["Body"]
    numbers, left, done = iter(range(PEOPLE)), PEOPLE, asyncio.Event()

    def one_more() -> None:
        number = next(numbers, None)
        if number is not None:
            mailing.send(str(number), f"+474{number:07d}", 3600)

    def ended(_: str, outcome: Receipt | ChannelError) -> None:
        nonlocal left
        if isinstance(outcome, ChannelError):
            raise outcome
        left -= 1
        if left == 0:
            done.set()
        one_more()

    mailing = channel.mailing(_ACCOUNT, Outgoing("", Mode.ACTUAL, "alert", "nb", "", body), ended)

    async def all_calls() -> None:
        for _ in range(settings.sms_concurrency):
            one_more()
        await done.wait()

    used = await _used(all_calls)
    await channel.close()
    return used


async def _used(act: Callable[[], Awaitable[object]]) -> float:
    before = time.process_time()
    await act()
    return time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
