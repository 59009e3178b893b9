"""The watch: while an activation is in force, and once after it, every account that can be looked at is, for what is not ours.

A post is a *breach* when it came out after the lock and is not in our ledger. How old it is, the platform says by its own clock;
how long the lock has lasted, our database says by its own: only differences on one clock are compared, so clocks that are minutes
apart change nothing. Whose it is, :mod:`crisis.watch.provenance` says. The web editors' own accounts are watched too: a post there
that is not ours means that somebody else is signed in.

One row and one entry on record for each such post, however often it is seen and by however many processes; whoever tells the web
editors (:mod:`crisis.notifications`) finds it there.

Runbook: the page *Vakthold* (``crisis breaches watch``) shows when each account was last seen. One that is not seen any more says
why: wrong credentials are mended with ``crisis accounts connect``; a platform that asks us to wait is asked again when it said.
If none is seen, no standby of that mode is running: ``crisis doctor``.
"""

import asyncio
import logging
import random
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.accounts.models import Account
from crisis.activations.models import Activation
from crisis.activations.service import find_current
from crisis.audit import chain
from crisis.channel_watch import Posted, Watch
from crisis.channels import AccountRef, Channel, ChannelError, OutcomeUnknown, Unavailable, Unsupported
from crisis.db import Database
from crisis.deliveries.book import AccountOpener
from crisis.deliveries.cleaned import cleaned
from crisis.mode import Mode
from crisis.watch import breaches, closing, pace
from crisis.watch.breaches import Sighted
from crisis.watch.flight import Flight
from crisis.watch.places import Place, Places, watch_of
from crisis.watch.provenance import Found, Origin, origins
from crisis.watch.rota import Look, Rota, came_to

log = logging.getLogger(__name__)

CALL_SECONDS = 20.0
"""Hard limit of one look: it may be several pages."""
LANDING_SECONDS = 1.0
GRAIN_SECONDS = 1.0
"""Platforms tell whole seconds. What came out within one of the lock counts as after it: better an alarm too many."""

WATCHES = Rota("watches", "looked_at")


@dataclass(frozen=True, slots=True)
class Listed:
    """One account after it was looked at; in memory until what was seen is written."""

    row: Row[Any]
    lease: UUID
    place: Place[Watch] | None
    activation: Activation
    elapsed: float
    """Seconds from the lock to when the platform was asked, by the database's clock."""
    answered: float
    """When it answered, by this process's monotonic clock."""
    answered_after: float = 0.0
    """Seconds from when it was asked."""
    posts: Sequence[Posted] = ()
    error: ChannelError | None = None


class WatchDuty:
    """The duty of watching, of one mode in one process."""

    name = "watch"

    def __init__(
        self,
        db: Database,
        mode: Mode,
        channels: Mapping[str, Channel],
        opener: AccountOpener,
        *,
        feed: Watch | None = None,
        every: float | None = None,
        beside: Collection[Mode] = (),
        chance: random.Random | None = None,
    ) -> None:
        """``feed`` looks at accounts by their ``feed_url``. ``every``: look so often, in seconds, instead of as often as each
        platform lets itself be looked at. ``beside``: modes whose posts end up in the same places too, as on a demo's one sandbox.
        """
        self._db, self._mode, self._channels, self._every = db, mode, channels, every
        self._modes = {mode, *beside}
        self._places = Places(lambda account: watch_of(account, channels, feed), _opener(opener, channels, feed))
        self._flight: Flight[Listed] = Flight()
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing

    async def round(self) -> bool:
        """Look at what is due, and write what was seen since the last round."""
        begun = await self._begin()
        if landed := await self._flight.landed(LANDING_SECONDS):
            await self._write(landed)
        return bool(begun or landed or len(self._flight))

    async def _begin(self) -> int:
        lease, claimed = uuid4(), list[tuple[Activation, Row[Any]]]()
        async with self._db.transaction() as session:
            if not self._flight.free:
                return 0
            places: Mapping[int, Place[Watch]] = {}
            in_force = await find_current(session, self._mode)
            if in_force is not None:
                places = await self._places.read(session)
                watched = [each.account.id for each in places.values() if each.through is not None]
                await WATCHES.plan(session, self._mode, in_force.id, watched)
                rows = await WATCHES.claim(session, in_force.id, lease, self._flight.free)
                claimed += [(in_force, row) for row in rows]
            for over in await closing.ended(session, self._mode):
                claimed += [(over, row) for row in await self._last_of(session, over, lease, len(claimed))]
            if not claimed:
                return 0
            places = places or await self._places.read(session)
            now = await clock.at_database(session)
        measured = time.monotonic()
        for activation, row in claimed:
            elapsed = (now - activation.activated_at).total_seconds()
            asked = Listed(row, lease, places.get(row.account_id), activation, elapsed, measured)
            self._flight.start(self._look(asked))
        return len(claimed)

    async def _last_of(self, session: AsyncSession, over: Activation, lease: UUID, taken: int) -> Sequence[Row[Any]]:
        """The accounts that nobody has looked at since it was over."""
        room = self._flight.free - taken
        if over.stood_down_at is None or room <= 0:
            return []
        return await WATCHES.claim(session, over.id, lease, room, unseen_since=over.stood_down_at + closing.LAG)

    async def _look(self, asked: Listed) -> Listed:
        place, error = asked.place, asked.error
        begun = time.monotonic()
        elapsed = asked.elapsed + begun - asked.answered
        posts: Sequence[Posted] = ()
        if place is None or place.through is None:
            error = Unsupported("It is not connected any more, so nobody can see what is published there.")
        elif place.ref is None:
            error = place.problem
        else:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    back = pace.reach(elapsed, asked.row.since_look, recipients=self._has_recipients(place))
                    posts = await place.through.list_posted(place.ref, back)
            except TimeoutError:
                error = Unavailable("There was no answer in time.")
            except ChannelError as raised:
                error = raised
            except Exception:
                log.exception(
                    "The %s adapter failed when it looked at account %s.", place.account.channel, asked.row.account_id
                )
                error = OutcomeUnknown("The adapter failed in a way it should not; the log has the details.")
        answered = time.monotonic()
        return replace(
            asked, elapsed=elapsed, answered=answered, answered_after=answered - begun, posts=posts, error=error
        )

    async def _write(self, landed: Sequence[Listed]) -> None:
        """Each look's row, and each breach once, with its entry on record."""
        async with self._db.transaction() as session:
            for lease in {each.lease for each in landed}:
                looks = {each.row.id: (each, self._came_to(each)) for each in landed if each.lease == lease}
                written = await WATCHES.write(session, lease, [look for _, look in looks.values()])
                for listed, look in (looks[each] for each in sorted(written)):
                    if look.is_absent is not listed.row.is_absent:
                        await self._record_presence(session, listed, is_absent=look.is_absent)
            await self._record_breaches(session, [each for each in landed if each.posts])

    def _came_to(self, listed: Listed) -> Look:
        seconds = self._every or (listed.place.through.watch_seconds if listed.place and listed.place.through else 0.0)
        # As fresh as the question: what came out while the platform was answering may be missing.
        ago = time.monotonic() - listed.answered + listed.answered_after
        return came_to(listed.row, listed.error, every=seconds, ago=ago, chance=self._chance)

    async def _record_presence(self, session: AsyncSession, listed: Listed, *, is_absent: bool) -> None:
        action = "account_absent" if is_absent else "account_present"
        subject = f"account:{listed.row.account_id}"
        await chain.append(session, None, action, subject, mode=self._mode, activation=listed.activation.id)

    async def _record_breaches(self, session: AsyncSession, landed: Sequence[Listed]) -> None:
        sighted = [each for listed in landed for each in self._after_the_lock(listed)]
        fresh = await breaches.unrecorded(session, sorted(sighted, key=lambda each: each.posted_at))
        if not fresh:
            return
        found = [Found(each.account_id, each.ends, each.posted, each.recipients) for each in fresh]
        told = await origins(session, self._modes, found)
        foreign = [each for each, origin in zip(fresh, told, strict=True) if origin is Origin.FOREIGN]
        await breaches.record(session, self._mode, foreign)

    def _has_recipients(self, place: Place[Watch]) -> bool:
        channel = self._channels.get(place.account.channel)
        return channel is not None and channel.capabilities.recipients

    def _after_the_lock(self, listed: Listed) -> list[Sighted]:
        """What came out after the lock."""
        place, activation = listed.place, listed.activation
        if place is None:  # pragma: no cover - nothing was listed then
            return []
        recipients, sighted = self._has_recipients(place), []
        for shown in listed.posts:
            if shown.age_seconds >= listed.elapsed + GRAIN_SECONDS:
                continue
            after = max(0.0, listed.elapsed + listed.answered_after - shown.age_seconds)
            posted = replace(shown, reference=cleaned(shown.reference) or "")
            at = activation.activated_at + timedelta(seconds=after)
            sighted.append(Sighted(activation.id, place.first, place.shared, posted, at, recipients))
        return sighted


def _opener(opener: AccountOpener, channels: Mapping[str, Channel], feed: Watch | None) -> AccountOpener:
    """A feed is read by its address, without credentials."""

    def opened(account: Account) -> AccountRef:
        if feed is not None and watch_of(account, channels, feed) is feed:
            return AccountRef(account.id, account.channel, account.name, account.feed_url)
        return opener(account)

    return opened
