"""The sender: takes due rows of one lane until there are none. Feeding, calling and writing overlap.

::

    feeder   claims one batch ahead, and starts rows a little ahead of the calls   (leased -> in_flight, committed)
    calls    at most ``concurrency`` at once, each one provider call
    writer   settles everything that has ended, as soon as its previous commit is done (never on a timer)
    limiter  is asked by the feeder what may be claimed and started, and told by the calls what came of it

A process that runs this may be killed at any moment: what was leased becomes ready again, what was in flight becomes unknown.
"""

import random
from collections import Counter
from collections.abc import Mapping
from uuid import uuid4

from crisis.activations.holders import Holder
from crisis.channels import Channel
from crisis.db import Database
from crisis.deliveries.book import Book
from crisis.deliveries.calls import Calls
from crisis.deliveries.feeder import Feeder
from crisis.deliveries.pace import Pace
from crisis.deliveries.states import DeliveryState
from crisis.deliveries.writer import Writer
from crisis.garbage import spared
from crisis.lanes import Lane
from crisis.limits.limiter import Limiter
from crisis.mode import Mode


class Sender:
    """One run over one lane of one mode, in one process."""

    def __init__(
        self,
        db: Database,
        mode: Mode,
        lane: Lane,
        channels: Mapping[str, Channel],
        book: Book,
        pace: Pace,
        *,
        limiter: Limiter | None = None,
        holder: Holder | None = None,
        chance: random.Random | None = None,
    ) -> None:
        holder, chance = holder or Holder.this_process(), chance or random.Random()  # noqa: S311 - spreads retries; guards nothing
        limiter, lease = limiter or Limiter(mode, hold_seconds=pace.hold_seconds, chance=chance), uuid4()
        self._writer = Writer(*(db, mode, lane, lease, pace, limiter), holder=holder, told=self._heed_news)
        self._calls = Calls(channels, book, pace, limiter, crisis=lane.crisis, chance=chance, ended=self._writer.add)
        self._feeder = Feeder(db, mode, lane, lease, book, pace, limiter, self._calls, self._writer, holder=holder)

    @property
    def more(self) -> bool:
        """Whether the run stopped at its time slice with rows still due."""
        return self._feeder.more

    async def run(self) -> Counter[DeliveryState]:
        """Send what is due; return how many deliveries came to which state.

        Raises :class:`DBAPIError` when the database went away; results in hand are written first, if it comes back in time.
        """
        with spared():
            self._writer.open()
            try:
                await self._feeder.feed()
            finally:
                await self._calls.done()
                await self._writer.close()
        return self._writer.tally

    def _heed_news(self) -> None:
        self._calls.heed_news()
