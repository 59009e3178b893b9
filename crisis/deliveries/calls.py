"""Calls: what is started and waits for its turn, and what is being called. Says what each outcome means.

A channel that carries bulk (:class:`crisis.channels.Bulk`) is handed one call after the other and answers through a callback;
every other channel's ``publish`` runs in a task of its own. Both end in the same place.
"""

import asyncio
import logging
import math
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from crisis.channels import (
    AccountRef,
    Bulk,
    Capabilities,
    Channel,
    ChannelError,
    Mailing,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Rejected,
    Unavailable,
)
from crisis.deliveries import follow_up, receipts, retry
from crisis.deliveries.book import Book, Frozen, outgoing
from crisis.deliveries.claims import Claimed
from crisis.deliveries.earlier import NOTHING, Before
from crisis.deliveries.follow_up import Unsettled
from crisis.deliveries.pace import Pace
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.errors import Unready
from crisis.limits.limiter import Limiter

log = logging.getLogger(__name__)

_NEWS_SECONDS = 1.0
"""How long the next calls wait for somebody to heed what those that timed out say. A write takes some milliseconds."""


class Started(NamedTuple):
    """A row that is in flight, and that nobody has called a provider for yet."""

    claimed: Claimed
    rendition: Frozen
    attempt: int
    since: float
    """The loop's time just before it was."""
    before: Before = NOTHING
    """What is out already of what this follows, in public."""
    is_ahead: bool = False
    """Nobody was asked whether there is room for it, since its account was free. If it no longer is, it is handed back."""


class _Flight(NamedTuple):
    item: Started
    since: float
    mailing: Mailing | None
    """Who carries it; ``None``: a task of its own."""


class Calls:
    """At most ``pace.concurrency`` at once. ``ended`` is told every result, once."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        book: Book,
        pace: Pace,
        limiter: Limiter,
        *,
        crisis: bool,
        chance: random.Random,
        ended: Callable[[Result], None],
    ) -> None:
        self._channels, self._book, self._pace, self._limiter = channels, book, pace, limiter
        self._crisis, self._chance, self._ended = crisis, chance, ended
        self._bulk: dict[str, Bulk | None] = {}
        """By channel, as they are met; ``None`` for one that is called by the ordinary verbs."""
        self._mailings: dict[tuple[int, int], Mailing] = {}
        self._waiting: deque[Started] = deque()
        self._flying: dict[str, _Flight] = {}
        """By the key of the delivery, the one that has flown longest first."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._few = 0
        self._few_wait, self._all_done = asyncio.Event(), asyncio.Event()
        self._watch: asyncio.TimerHandle | None = None
        self._patience = pace.hold_seconds - pace.call_seconds
        """Of what is begun later, the call might end when its row counts as unknown already."""
        self._loop = asyncio.get_running_loop()

    def add(self, items: Iterable[Started]) -> None:
        """Call these when there is room, in this order. Their account may have been shut while they were started."""
        self._waiting.extend(items)
        self.heed_news()

    async def few_wait(self, most: int) -> None:
        """Wait until no more than ``most`` wait for their turn."""
        self._few = most
        while len(self._waiting) > most:
            self._few_wait.clear()
            await self._few_wait.wait()

    def heed_news(self) -> None:
        """The limiter has learned. What was started ahead through an account that is held back now is not called: it is handed
        back, as if nobody had started it.
        """
        if self._waiting and self._waiting[0].since <= self._limiter.shut_at:  # the first has waited longest
            waiting, self._waiting = self._waiting, deque()
            for item in waiting:
                if item.is_ahead and self._limiter.was_shut(item.claimed.account_id, item.since):
                    self._hand_back(item)
                else:
                    self._waiting.append(item)
        self._go_on()

    @property
    def is_dry(self) -> bool:
        """Whether there is room for a call, and nothing waits for one."""
        return not self._waiting and len(self._flying) < self._pace.concurrency

    async def done(self) -> None:
        """Wait until everything that was added has ended."""
        while self._waiting or self._flying:
            self._all_done.clear()
            await self._all_done.wait()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _go_on(self) -> None:
        waiting, flying, most = self._waiting, self._flying, self._pace.concurrency
        while waiting and len(flying) < most:
            self._begin(waiting.popleft())
        if len(waiting) <= self._few:
            self._few_wait.set()
        if not waiting and not flying:
            self._all_done.set()

    def _begin(self, item: Started) -> None:
        """Call one. Nothing is raised: what cannot be called has ended."""
        claimed, now = item.claimed, self._loop.time()
        key, asked = str(claimed.id), False
        try:
            if now > item.since + self._patience:  # others may have taken the row over meanwhile
                raise Unavailable("The sender stood still for too long. Nothing was sent.")  # noqa: TRY301 - as those below
            if (bulk := self._carries_bulk(item.rendition.channel)) is not None:
                to, asked = self._number(claimed), True  # what comes next says something about the account
                mailing = self._mailing(item, bulk)
                self._flying[key] = _Flight(item, now, mailing)
                mailing.send(key, to, claimed.valid_seconds)
            else:
                self._flying[key] = _Flight(item, now, None)
                task = self._loop.create_task(self._publish(key, item))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except ChannelError as error:
            self._flying.pop(key, None)
            self._end(item, error, asked=asked)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not take the others with it
            self._flying.pop(key, None)
            self._end(item, self._failure(item, error), asked=asked)
        if self._watch is None and any(self._bulk.values()):
            self._watch = self._loop.call_at(now + self._pace.call_seconds, self._give_up_what_does_not_end)

    def _mailing(self, item: Started, bulk: Bulk) -> Mailing:
        """The text's way through its account, made once."""
        which = (item.claimed.account_id, item.claimed.rendition_id)
        found = self._mailings.get(which)
        if found is None:
            text, account = outgoing(item.rendition, 0, None, None), self._book.account(item.claimed.account_id)
            found = self._mailings[which] = bulk.mailing(account, text, self._answered)
        return found

    def _carries_bulk(self, name: str) -> Bulk | None:
        """The channel, where it does. Looked up once, since a channel may be built only now."""
        if name not in self._bulk:
            channel = self._channels.get(name)
            self._bulk[name] = channel if isinstance(channel, Bulk) else None
        return self._bulk[name]

    def _answered(self, key: str, outcome: Receipt | ChannelError) -> None:
        """A bulk call has ended. What was given up before is not asked for any more."""
        flight = self._flying.pop(key, None)
        if flight is not None:
            self._end(flight.item, outcome, began=flight.since)
            self._go_on()

    def _give_up_what_does_not_end(self) -> None:
        """The hard limit around the bulk channels' own: whatever they do, a call is over when its time is."""
        limit, now = self._pace.call_seconds, self._loop.time()
        late = [key for key, flight in self._flying.items() if flight.mailing and flight.since + limit <= now]
        for key in late:
            flight = self._flying.pop(key)
            if flight.mailing is not None:
                flight.mailing.abandon(key)
            self._end(flight.item, OutcomeUnknown(f"No answer within {limit:g} seconds."), began=flight.since)
        oldest = next((flight.since for flight in self._flying.values() if flight.mailing), now)
        self._watch = self._loop.call_at(oldest + limit, self._give_up_what_does_not_end)
        # Others begin when it has been heeded what these say of their provider; that the writer sees to, if there still is one.
        self._loop.call_later(_NEWS_SECONDS, self._go_on)

    async def _publish(self, key: str, item: Started) -> None:
        """One call by the ordinary verbs."""
        outcome: Receipt | ChannelError
        asked = False
        try:
            channel, account, out = self._prepared(item)
            asked = True
            async with asyncio.timeout(self._pace.call_seconds):
                outcome = await follow_up.put_out(channel, account, out, item.before)
        except TimeoutError:
            outcome = OutcomeUnknown(f"No answer within {self._pace.call_seconds:g} seconds.")
        except Unsettled as error:
            outcome, asked = error, False
        except ChannelError as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - the class says what it means
            outcome = self._failure(item, error)
        finally:
            flight = self._flying.pop(key, None)
        self._end(item, outcome, asked=asked, began=math.inf if flight is None else flight.since)
        self._go_on()

    def _prepared(self, item: Started) -> tuple[Channel, AccountRef, Outgoing]:
        """Who is asked, for whom, and what for. What is raised here kept the provider from being asked."""
        rendition, claimed = item.rendition, item.claimed
        channel = self._channels.get(rendition.channel)
        if channel is None:
            raise Misconfigured(f"This process has no adapter for {rendition.channel}. Nothing was sent.")
        to = self._number(claimed) if channel.capabilities.recipients else None
        out = outgoing(rendition, claimed.id, to, claimed.valid_seconds)
        return channel, self._book.account(claimed.account_id), out

    def _number(self, claimed: Claimed) -> str:
        if claimed.recipient_id is None or not claimed.number or claimed.fingerprint is None:
            raise Rejected("The recipient was erased from the register.")
        return self._book.openers.number(claimed.recipient_id, claimed.number, claimed.fingerprint)

    @staticmethod
    def _failure(item: Started, error: Exception) -> ChannelError:
        """What an exception says that no adapter should raise."""
        if isinstance(error, Unready):  # a number that does not open: nothing was sent, a person must mend the key
            return Misconfigured(str(error))
        channel, delivery = item.rendition.channel, item.claimed.id
        log.error("The %s adapter failed on delivery %s; its outcome is unknown.", channel, delivery, exc_info=error)
        return OutcomeUnknown("The adapter failed in a way it should not; the log has the details.")

    def _hand_back(self, item: Started) -> None:
        self._limiter.take_back(item.claimed)
        self._ended(Result(item.claimed.id, item.attempt, item.rendition.channel, DeliveryState.READY))

    def _end(
        self, item: Started, outcome: Receipt | ChannelError, *, asked: bool = True, began: float = math.inf
    ) -> None:
        """The one place where an outcome becomes a result. ``asked``: it says something about the provider, which was asked at
        ``began``.
        """
        delivery, channel, account = item.claimed.id, item.rendition.channel, item.claimed.account_id
        retry_of = item.claimed.attempts > 0
        if isinstance(outcome, Receipt):
            self._limiter.note(account, None, outcome.usage, retry=retry_of)
            state = receipts.STATE[outcome.status]
            result = Result(
                delivery, item.attempt, channel, state, reference=outcome.reference, url=outcome.url, error=outcome.note
            )
        else:
            self._limiter.note(account, outcome, retry=retry_of, counts=asked, began=began)
            known = self._channels.get(channel)
            able = Capabilities() if known is None else known.capabilities
            step = retry.after_error(outcome, able, attempts=item.attempt, crisis=self._crisis, chance=self._chance)
            result = Result(
                delivery, item.attempt, channel, step.state, step.wait, code=outcome.code, error=outcome.reason
            )
        self._ended(result)
