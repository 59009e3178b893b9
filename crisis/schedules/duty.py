"""The schedules: posts that wait inside the platforms are found, stored, and unscheduled, so that none goes out past the lock.

::

    list            everything that is scheduled there; again and again, for people schedule during a lock too
    store           our copy of each, committed: *found*
    unschedule      done: *unscheduled*, and where this service can publish it, a blocked post of its owner's
                    no: *left*; its owner is told to take it out, and it is tried again at every look
                    it is not there: *gone*, published or removed by somebody; or ours, from before we died

The web editors' own everyday posts are held too: a recipe for waffles in the middle of a landslide is nobody's wish, whoever
scheduled it. What was found in an earlier round and is not there any more is one that we unscheduled and could not say so: it is
read back, and only what is out counts as gone. So ``kill -9`` at any line loses nothing, and unschedules nothing that is not
stored.

Runbook: *left* means that the platform does not let us; the sentence beside it says why. Call the owner before it is due. What stays
*found* is being tried. Wrong credentials: ``crisis accounts connect``, or an administrator's: ``crisis accounts administer``.
"""

import asyncio
import logging
import random
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Row

from crisis import clock
from crisis.accounts.models import Account
from crisis.activations.service import find_current
from crisis.channel_watch import Planned, Schedule
from crisis.channels import (
    Channel,
    ChannelError,
    Found,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    Unsupported,
)
from crisis.db import Database
from crisis.deliveries.book import Openers
from crisis.mode import Mode
from crisis.schedules import planned as shelf
from crisis.schedules.copies import Copies
from crisis.schedules.models import PlannedState
from crisis.schedules.planned import Kept
from crisis.watch.flight import Flight
from crisis.watch.places import Place, Places
from crisis.watch.rota import Look, Rota, came_to

log = logging.getLogger(__name__)
T = TypeVar("T")

EVERY_SECONDS = 300.0
"""Between two looks at one account."""
CALL_SECONDS = 20.0
"""Hard limit of one listing, and of one unscheduling."""
LANDING_SECONDS = 1.0
SOON = timedelta(minutes=15)
"""What is due within this and could not be unscheduled is its owner's to take out, while it is tried again."""

SCHEDULES = Rota("schedules", "listed_at")


@dataclass(frozen=True, slots=True)
class Listed:
    """One account after its list was had, and what is on it was dealt with."""

    row: Row[Any]
    lease: UUID
    place: Place[Schedule] | None
    activation_id: int
    pending: Sequence[Kept] = ()
    """What was stored before and may still go out."""
    error: ChannelError | None = None
    answered: float = 0.0


class ScheduleDuty:
    """The duty of keeping what was planned from going out by itself, of one mode in one process."""

    name = "schedules"

    def __init__(
        self,
        db: Database,
        mode: Mode,
        channels: Mapping[str, Channel],
        openers: Openers,
        copies: Copies,
        *,
        every: float = EVERY_SECONDS,
        chance: random.Random | None = None,
    ) -> None:
        self._db, self._mode, self._channels, self._copies, self._every = db, mode, channels, copies, every
        self._places = Places(lambda account: schedule_of(account, channels), openers.whole)
        self._flight: Flight[Listed] = Flight()
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing

    async def round(self) -> bool:
        """List what is due to be listed, and say what came of those that ended since the last round."""
        begun = await self._begin()
        landed = await self._flight.landed(LANDING_SECONDS)
        if landed:
            async with self._db.transaction() as session:
                for lease in {each.lease for each in landed}:
                    looks = [self._came_to(each) for each in landed if each.lease == lease]
                    await SCHEDULES.write(session, lease, looks)
        return bool(begun or landed or len(self._flight))

    async def _begin(self) -> int:
        lease = uuid4()
        async with self._db.transaction() as session:
            activation = await find_current(session, self._mode)
            if activation is None or not self._flight.free:
                return 0
            places = await self._places.read(session)
            seen = [each.account.id for each in places.values() if each.through is not None]
            await SCHEDULES.plan(session, self._mode, activation.id, seen)
            rows = await SCHEDULES.claim(session, activation.id, lease, self._flight.free)
            pending = await shelf.pending(session, activation.id, [row.account_id for row in rows]) if rows else {}
        for row in rows:
            asked = Listed(row, lease, places.get(row.account_id), activation.id, pending.get(row.account_id, ()))
            self._flight.start(self._see_to(asked))
        return len(rows)

    async def _see_to(self, asked: Listed) -> Listed:
        """List, store, unschedule. Never raises: what goes wrong is said of the account, and it has its turn again."""
        try:
            error = await self._deal(asked)
        except ChannelError as raised:
            error = raised
        except Exception:
            log.exception("What is scheduled on account %s could not be seen to.", asked.row.account_id)
            error = OutcomeUnknown("Something failed in a way it should not; the log has the details.")
        return replace(asked, error=error, answered=time.monotonic())

    async def _deal(self, asked: Listed) -> ChannelError | None:
        place = asked.place
        if place is None or place.through is None:
            return Unsupported("It is not connected any more, so nobody can see what is scheduled there.")
        if place.ref is None:
            return place.problem
        listed = await _within(place.through.list_planned(place.ref))
        if not (listed or asked.pending):
            return None
        async with self._db.transaction() as session:
            kept = await shelf.keep(session, self._mode, asked.activation_id, place.first, listed)
        stored = {each.id for each in kept}
        missed = [each for each in asked.pending if each.id not in stored]
        worst: ChannelError | None = None
        for each in (*kept, *missed):
            is_listed = each.id in stored
            error = await self._unschedule(place, each, is_listed=is_listed)
            worst = worst or error
        return worst

    async def _unschedule(self, place: Place[Schedule], kept: Kept, *, is_listed: bool) -> ChannelError | None:
        """One of them. Returns what is to be tried again soon."""
        assert place.through is not None  # noqa: S101 - it listed this one
        assert place.ref is not None  # noqa: S101 - as above
        state, why, error = PlannedState.UNSCHEDULED, None, None
        if not is_listed and kept.state is PlannedState.LEFT:
            state, why = PlannedState.GONE, "It is not scheduled any more: it was published, or somebody took it out."
        else:
            try:
                await _within(place.through.unschedule(place.ref, kept.planned))
            except Gone as gone:
                if kept.is_new or await self._is_out(place, kept.planned):
                    state, why = PlannedState.GONE, gone.reason
            except (Rejected, Misconfigured, Unsupported) as refused:
                state, why = PlannedState.LEFT, refused.reason
            except ChannelError as raised:
                async with self._db.transaction() as session:
                    is_soon = kept.planned.due_at - await clock.at_database(session) < SOON
                state, why, error = PlannedState.LEFT if is_soon else kept.state, raised.reason, raised
        async with self._db.transaction() as session:
            moved = await shelf.move(session, self._mode, kept, state, why)
            if moved and state is PlannedState.UNSCHEDULED:
                account = await session.get_one(Account, place.first)
                await self._copies.make(session, self._mode, account, kept.id, kept.planned, kept.post_id)
        return error

    async def _is_out(self, place: Place[Schedule], planned: Planned) -> bool:
        """Whether the public has it. Where nobody can tell, it counts as kept: its owner looks before publishing it again."""
        channel = self._channels[place.account.channel]
        assert place.ref is not None  # noqa: S101 - it was listed with it
        try:
            return (await _within(channel.read_back(place.ref, planned.reference))).found is Found.YES
        except ChannelError:
            return False

    def _came_to(self, listed: Listed) -> Look:
        ago = time.monotonic() - listed.answered
        return came_to(listed.row, listed.error, every=self._every, ago=ago, chance=self._chance)


def schedule_of(account: Account, channels: Mapping[str, Channel]) -> Schedule | None:
    """What shows what is scheduled inside an account's platform; ``None`` where nothing does."""
    channel = channels.get(account.channel)
    return channel if account.address and isinstance(channel, Schedule) else None


async def _within(call: Coroutine[Any, Any, T]) -> T:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await call
    except TimeoutError:
        raise Unavailable("There was no answer in time.") from None
