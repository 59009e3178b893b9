"""Live: pages that change while somebody looks at them. One look at the database serves everybody who watches.

Each second, while anybody watches, what each topic needs is read once; where it has changed, its fragments are rendered once for
each language that somebody reads; and every reader gets those that changed. So five hundred readers cost the database what one
does. A reader holds the newest of each fragment and no more, so a slow one skips what it was too slow for (:mod:`api.desk.stream`).

Runbook: *what is watched cannot be read* in the log means that the pages stand still and say so; they go on by themselves
when the database answers again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk.pages import Renderer
from api.desk.stream import AWAY, BACK, ENDED, Reader, Stream
from api.desk.visit import Visit
from crisis import status
from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Act, Actor, can, require
from crisis.status import Status
from crisis.users import sessions
from crisis.users.sessions import SignedIn

log = logging.getLogger(__name__)
Found = TypeVar("Found")

PAUSE: Final = 1.0
"""Seconds between looks."""
SHARE: Final = 10.0
"""After a look that took long, rest this many times as long: watching takes a tenth of one connection, up to a point."""
LONGEST: Final = 5.0
"""Seconds: never rest longer, whatever a look takes."""
CHECK: Final = 15.0
"""Seconds between asking which readers' sessions are still in force."""
READERS_MOST: Final = 2_000
"""Of this process. More are told to look by hand."""


class Topic(Protocol):
    """What somebody watches. Equal topics are one; what :meth:`read` returns is compared with what it was before."""

    @property
    def act(self) -> Act | None:
        """What a reader must be allowed to; of ``None``, nothing but to be signed in."""

    async def read(self, look: "Look") -> Any:
        """How it stands: a value that is equal as long as nothing has changed."""

    def fragments(self, found: Any, render: Renderer) -> Mapping[str, str]:
        """``{event: HTML}``, in one language."""


class Look:
    """One look at the database, shared by all topics."""

    def __init__(self, crisis: Crisis, session: AsyncSession) -> None:
        self.crisis, self.session = crisis, session
        self._seen: dict[Hashable, Any] = {}

    async def once(self, key: Hashable, read: Callable[[], Awaitable[Found]]) -> Found:
        """What ``read`` finds, asked once for every topic that says the same ``key``."""
        if key not in self._seen:
            self._seen[key] = await read()
        found: Found = self._seen[key]
        return found

    async def status(self, mode: Mode, activation_id: int | None = None) -> Status:
        """:func:`crisis.status.read`, once for everybody who asks the same."""
        warning = self.crisis.settings.promise_warning_seconds
        return await self.once(
            (Status, mode, activation_id),
            lambda: status.read(self.session, mode, warning_seconds=warning, activation_id=activation_id),
        )


@dataclass(slots=True)
class _Watched:
    """A topic that somebody reads."""

    found: Any = None
    is_read: bool = False
    readers: dict[str, set[Reader]] = field(default_factory=dict)
    """By language."""
    shown: dict[str, dict[str, str]] = field(default_factory=dict)
    """``{language: {event: HTML}}``: what every reader has, or is about to get."""


class Live:
    """Everything that is watched in this process."""

    def __init__(
        self, crisis: Crisis, render: Callable[[str], Renderer], *, pause: float = PAUSE, check: float = CHECK
    ) -> None:
        self._crisis, self._render, self._pause, self._check = crisis, render, pause, check
        self._watched: dict[Topic, _Watched] = {}
        self._poller: asyncio.Task[None] | None = None
        self._is_away, self._is_over = False, False

    @property
    def readers(self) -> list[Reader]:
        """Everybody who watches anything."""
        return [each for watched in self._watched.values() for readers in watched.readers.values() for each in readers]

    def watch(self, who: SignedIn, language: str, topic: Topic, part: Actor | None = None) -> Stream:
        """A stream of a topic; it ends with the session. ``part``: whom they play in the exercise that it is of.

        Raises :class:`crisis.errors.NotAllowed`.
        """
        if topic.act is not None:
            require(part or who.actor, topic.act)
        reader = Reader(who.session_id, part)
        if self._is_over or len(self.readers) >= READERS_MOST:
            reader.end("")
            return Stream(reader, lambda: None)
        watched = self._watched.setdefault(topic, _Watched())
        watched.readers.setdefault(language, set()).add(reader)
        if watched.is_read:
            reader.offer(self._fragments(topic, watched, language))
        if self._is_away:
            reader.offer({AWAY: ""})
        if self._poller is None:
            # A context of its own: what belongs to the request must not go on in here.
            self._poller = asyncio.get_running_loop().create_task(self._run(), context=Context())
        return Stream(reader, lambda: self._leave(topic, language, reader))

    def end(self) -> None:
        """The server stops: every stream ends now. Their pages say so, and come back when it does."""
        self._is_over = True
        for reader in self.readers:
            reader.end("")

    async def close(self) -> None:
        """:meth:`end`, and wait for the last look."""
        self.end()
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)

    def _leave(self, topic: Topic, language: str, reader: Reader) -> None:
        watched = self._watched.get(topic)
        if watched is None:
            return
        readers = watched.readers.get(language, set())
        readers.discard(reader)
        if not readers:
            watched.readers.pop(language, None)
            watched.shown.pop(language, None)
        if not watched.readers:
            del self._watched[topic]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        try:
            while self._watched:
                begun = loop.time()
                await self._look(check=begun - checked >= self._check)
                if begun - checked >= self._check:
                    checked = begun
                await asyncio.sleep(max(self._pause, min(LONGEST, SHARE * (loop.time() - begun))))
        finally:
            self._poller = None

    async def _look(self, *, check: bool) -> None:
        topics = list(self._watched)
        try:
            async with self._crisis.db.transaction() as session:
                look = Look(self._crisis, session)
                found = {topic: await topic.read(look) for topic in topics}
                if check:
                    await self._end_what_is_over(session)
        except (DBAPIError, PoolTimeout) as error:
            self._say_away(error)
            return
        except Exception:
            # One topic that cannot be read must not leave all the others standing still without a word.
            log.exception("What is watched cannot be read.")
            self._say_away(None)
            return
        if self._is_away:
            self._is_away = False
            log.warning("What is watched can be read again.")
            self._offer_all({BACK: ""})
        for topic, now in found.items():
            if (watched := self._watched.get(topic)) is not None:
                self._deliver(topic, watched, now)

    def _deliver(self, topic: Topic, watched: _Watched, now: Any) -> None:
        if watched.is_read and watched.found == now:
            return
        watched.found, watched.is_read = now, True
        before, watched.shown = watched.shown, {}
        for language, readers in watched.readers.items():
            had = before.get(language, {})
            changed = {
                event: html
                for event, html in self._fragments(topic, watched, language).items()
                if had.get(event) != html
            }
            for reader in readers:
                reader.offer(changed)

    def _fragments(self, topic: Topic, watched: _Watched, language: str) -> Mapping[str, str]:
        if language not in watched.shown:
            watched.shown[language] = dict(topic.fragments(watched.found, self._render(language)))
        return watched.shown[language]

    async def _end_what_is_over(self, session: AsyncSession) -> None:
        """One question for all of them."""
        in_force = await sessions.in_force(
            session, {reader.session_id for reader in self.readers}, demo=self._crisis.settings.demo
        )
        for topic, watched in self._watched.items():
            for reader in [each for readers in watched.readers.values() for each in readers]:
                actor = in_force.get(reader.session_id)
                if actor is None or (topic.act is not None and not can(reader.part or actor, topic.act)):
                    reader.end(ENDED)

    def _say_away(self, error: Exception | None) -> None:
        if not self._is_away:
            self._is_away = True
            if error is not None:
                log.warning("What is watched cannot be read: the database does not answer (%s).", type(error).__name__)
            self._offer_all({AWAY: ""})

    def _offer_all(self, frames: Mapping[str, str]) -> None:
        for reader in self.readers:
            reader.offer(frames)


def watched(visit: Visit, topic: Topic) -> Stream:
    """The stream for somebody who is signed in. Whoever is not gets :func:`api.desk.stream.over`, before anything is looked up."""
    live: Live = visit.request.app.state.live
    return live.watch(visit.signed_in, visit.language, topic, visit.actor if visit.actor.only else None)
