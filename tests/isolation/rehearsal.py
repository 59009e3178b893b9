"""A rehearsal: any drill, played in any order by the product's own acts, with every live credential and address in the settings.

The exercise's engine sends in this process, so that any wall can be taken away; killing it is cancelling it in the middle of what it does.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, text

from crisis import clock
from crisis.accounts.administration import administer_account, set_watching
from crisis.activations import service as activations
from crisis.bootstrap import Crisis
from crisis.channel_set import close_all
from crisis.deliveries import withdrawals
from crisis.drills import service as drills
from crisis.drills.conductor import Conductor
from crisis.drills.world import World
from crisis.errors import CrisisError
from crisis.logbook import acknowledgements, notes
from crisis.logbook.notes import Written
from crisis.messages import drafts, follow
from crisis.messages.models import Kind, Message, Revision, RevisionState
from crisis.mode import Mode
from crisis.notifications.contacts import ContactIn, add_contact
from crisis.notifications.models import Part
from crisis.playbooks.models import Playbook
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.drills.stage import LEADER, SHA256
from tests.faults.stack import Stack
from tests.isolation.conftest import LIVE_SECRETS
from tests.isolation.tripwire import Tripwire
from tests.isolation.worker import Wall, Worker, worker_without, worker_without_walls

MARKER = "ØVELSE ØVELSE ØVELSE"
STAND_IN = re.compile(r"\+999\d+$|kontakt-\d+@sandbox\.invalid$")
UNIT = "biblioteket"
PEOPLE = 3
MINUTE = 60.0
_UNMARKED = text(
    """
    SELECT id, channel, left(text, 60) AS said FROM renditions
    WHERE id > :seen AND (mode <> 'exercise' OR left(regexp_replace(text, '^[[:space:]]+', ''), length(:marker)) <> :marker)
    """
)
_ACTUAL = text("SELECT id FROM deliveries WHERE id > :seen AND mode <> 'exercise'")
_LAST = text("SELECT coalesce((SELECT max(id) FROM renditions), 0), coalesce((SELECT max(id) FROM deliveries), 0)")


class Step(StrEnum):
    """What may happen in a drill."""

    LOOK = "look"
    FORWARD = "forward"
    ACTIVATE = "activate"
    ALERT = "alert"
    UPDATE = "update"
    ALL_CLEAR = "all clear"
    RETRACT = "retract"
    WITHDRAW = "withdraw"
    POST = "post"
    POST_LATER = "post later"
    NOTE = "note"
    READ = "read"
    PAUSE = "pause"
    RESUME = "resume"
    STAND_DOWN = "stand down"
    REAL = "real"  # a real crisis comes, and is over again
    SEND = "send"
    KILL = "kill"


@dataclass
class Rehearsal:
    """One installation, in which drill after drill is played."""

    stack: Stack
    crisis: Crisis
    tripwire: Tripwire
    accounts: dict[str, int] = field(default_factory=dict)
    audience: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    """What the sandbox has taken in all drills together, by provider."""
    _seen: tuple[int, ...] = (0, 0)
    """The last texts and deliveries that were looked at."""
    _workers: dict[Wall, "Worker"] = field(default_factory=dict)

    async def build(self) -> None:
        """Accounts on every channel, one of a unit, and some people."""
        for channel in ("website", "facebook", "twitter", "sms"):
            address = "Fjordvik" if channel == "sms" else "1000"
            self.accounts[channel] = await factories.account(self.crisis, channel, address=address)
        self.accounts["wordpress"] = await factories.account(
            self.crisis, "wordpress", address=f"{self.tripwire.url}/wp"
        )
        self.accounts[UNIT] = await factories.account(self.crisis, "facebook", unit=UNIT, address="4242")
        self.audience = await factories.audience(self.crisis, PEOPLE)
        await self._lockable()

    async def _lockable(self) -> None:
        """The unit's account has a lever, a feed at a live address, and people who are told by telephone and mail."""
        crisis, unit = self.crisis, self.accounts[UNIT]
        secrets = {"business_id": "1", "admin_token": LIVE_SECRETS["CRISIS_FACEBOOK_APP_SECRET"]}
        await administer_account(crisis.db, factories.OPERATOR, unit, credentials=secrets, sealer=crisis.credentials)
        feed = f"{self.tripwire.url}/feed.atom"
        await set_watching(crisis.db, factories.OPERATOR, unit, feed_url=feed, only_here=False)
        for name, part in (("Lise Lund", Part.LEADER), ("Dag Dal", Part.DEPUTY)):
            reached = ContactIn(name, part, phone="90000009", email="lise@biblioteket.example")
            await add_contact(
                crisis.db, factories.OPERATOR, UNIT, reached, sealer=crisis.numbers, region="NO", editors_unit=factories.EDITORS
            )  # fmt: skip

    async def play(self, playbook: Playbook, steps: Sequence[tuple[Step, int]], wall: Wall) -> None:
        """One drill from start to end, whatever comes of each step; then see where everything has gone."""
        drill = await drills.start(self.crisis.db, LEADER, playbook, sha256=SHA256)
        conductor = Conductor(self.crisis, World(self.crisis.db, self.stack.settings.sandbox_url or ""))
        try:
            await conductor.tick()
            for step, size in steps:
                with suppress(CrisisError):
                    await self._do(step, size, drill.id, wall)
                await conductor.tick()
            await self._send(wall)
        finally:
            with suppress(CrisisError):
                await drills.stop(self.crisis.db, LEADER, drill.id, "slutt")
            await conductor.tick()
            async with self.crisis.db.transaction() as session:
                left = [await activations.find_current(session, mode) for mode in Mode]
            for activation in left:
                if activation is not None:
                    await activations.stand_down(self.crisis.db, factories.DIRECTOR, activation.id)
        await self._check(wall)

    def take_both_walls_away(self) -> None:
        """Let the engine without a missing wall be one without any: what would happen then."""
        self._workers[Wall.NONE] = worker_without_walls(self.stack, self.crisis, self.tripwire)

    async def close(self) -> None:
        """Give the engines' channels back."""
        for wall in list(self._workers):
            await self._drop(wall)

    async def _check(self, wall: Wall) -> None:
        assert self.tripwire.touched == [], f"touched: {self.tripwire.touched}"
        records = self.stack.sandbox.records()
        for record in records:
            if record["text"] is not None and record["verb"] in {"create", "edit", "comment"}:
                said = " ".join(re.sub(r"<[^>]+>", " ", record["text"]).split())
                assert said.startswith(MARKER), record
            assert record["to"] is None or STAND_IN.match(record["to"]), record
        # Without that wall the channels hold what is live, and an account's number is in the address of every request.
        shown = {LIVE_SECRETS["CRISIS_TWILIO_ACCOUNT_SID"]} if wall is Wall.SECRETS else set()
        assert not any(value in str(records) for value in LIVE_SECRETS.values() if value not in shown)
        self.accepted.update(record["provider"] for record in records)
        async with self.crisis.db.transaction() as session:
            renditions, deliveries = self._seen
            assert (await session.execute(_UNMARKED, {"marker": MARKER, "seen": renditions})).all() == []
            assert (await session.execute(_ACTUAL, {"seen": deliveries})).all() == []
            self._seen = tuple((await session.execute(_LAST)).one())
        self.stack.sandbox.clear()

    async def _do(self, step: Step, size: int, drill_id: int, wall: Wall) -> None:  # noqa: C901, PLR0912 - one case a step
        only = None if wall is Wall.PART else Mode.EXERCISE
        director = Actor("Direktøren", Role.DIRECTOR, None, only)
        editor = Actor("Redaktøren", Role.EDITOR, factories.EDITORS, only)
        unit = Actor("Biblioteket", Role.UNIT, UNIT, only)
        db, crisis = self.crisis.db, self.crisis
        later = clock.now() + timedelta(hours=1)
        match step:
            case Step.FORWARD:
                async with db.transaction() as session:
                    picture = await drills.picture(session, drill_id)
                await drills.put_forward(db, LEADER, drill_id, picture.elapsed + size * MINUTE)
            case Step.ACTIVATE:
                await activations.activate(db, director, Mode.EXERCISE, "Skred")
            case Step.STAND_DOWN:
                await activations.stand_down(db, director, await self._activation())
            case Step.ALERT:
                draft = await drafts.write(
                    db, editor, await self._activation(), Kind.ALERT, factories.SLIDE, ["nb"],
                    next_update_at=later, audience_id=self.audience if size % 2 else None,
                )  # fmt: skip
                await crisis.desk.approve(editor, draft.id)
            case Step.UPDATE | Step.ALL_CLEAR:
                kind = Kind.UPDATE if step is Step.UPDATE else Kind.ALL_CLEAR
                contents = {"nb": {**factories.SLIDE["nb"], "headline": f"Nytt fra Moen {size}"}}
                draft = await follow.after(
                    db, editor, (await self._message()).id, kind, ["nb"],
                    next_update_at=None if kind.is_end else later, contents=contents,
                )  # fmt: skip
                await crisis.desk.approve(editor, draft.id)
            case Step.RETRACT:
                await crisis.desk.retract(editor, (await self._message()).id, "falsk alarm")
            case Step.WITHDRAW:
                await withdrawals.withdraw_message(db, editor, (await self._message()).id, crisis.capabilities)
            case Step.POST | Step.POST_LATER:
                at = clock.now() + timedelta(milliseconds=50 * size) if step is Step.POST_LATER else None
                await crisis.posts.publish(
                    unit, self.accounts[UNIT], f"Lesestund {size}", publish_at=at, mode=Mode.EXERCISE
                )
            case Step.NOTE:
                await notes.write(db, editor, await self._activation(), Written("Politiet er varslet."))
            case Step.READ:
                await acknowledgements.acknowledge(db, editor, await self._revision())
            case Step.PAUSE:
                await drills.pause(db, LEADER, drill_id)
            case Step.RESUME:
                await drills.resume(db, LEADER, drill_id)
            case Step.REAL:
                real = await activations.activate(db, factories.DIRECTOR, Mode.ACTUAL, "Brann")
                await activations.stand_down(db, factories.DIRECTOR, real.activation.id)
            case Step.SEND:
                await self._send(wall)
            case Step.KILL:
                await self._kill(wall, size / 1000)

    async def _activation(self) -> int:
        async with self.crisis.db.transaction() as session:
            found = await activations.find_current(session, Mode.EXERCISE)
        if found is None:
            raise CrisisError("There is none.")
        return found.id

    async def _message(self) -> Message:
        async with self.crisis.db.transaction() as session:
            found = await session.scalars(select(Message).order_by(Message.id.desc()).limit(1))
            message = found.one_or_none()
        if message is None:
            raise CrisisError("There is none.")
        return message

    async def _revision(self) -> int:
        async with self.crisis.db.transaction() as session:
            sent = select(Revision.id).filter_by(state=RevisionState.APPROVED).order_by(Revision.id.desc()).limit(1)
            found = (await session.scalars(sent)).one_or_none()
        if found is None:
            raise CrisisError("There is none.")
        return found

    async def _send(self, wall: Wall) -> None:
        """One pass of the exercise's worker."""
        await self._worker(wall).work()

    async def _kill(self, wall: Wall, after: float) -> None:
        """End the worker in the middle of whatever it does, and never let that one do anything again."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._send(wall), after)
        await self._drop(wall)

    async def _drop(self, wall: Wall) -> None:
        worker = self._workers.pop(wall, None)
        if worker is not None:
            await close_all(worker.engine.channels)

    def _worker(self, wall: Wall) -> Worker:
        if wall not in self._workers:
            self._workers[wall] = worker_without(wall, self.stack, self.crisis, self.tripwire)
        return self._workers[wall]
