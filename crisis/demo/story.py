"""The story: a crisis from ordinary times to stand-down, played on every real part. Each act ends in what it promised."""

import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path

from crisis import clock
from crisis.activations import drain, service
from crisis.activations.models import Activation
from crisis.activations.service import ActivationLocked
from crisis.activations.states import ActivationState
from crisis.bootstrap import Crisis
from crisis.deliveries import ledger
from crisis.deliveries.ledger import Line
from crisis.deliveries.states import FINAL, DeliveryState
from crisis.demo import checks, people, stage, town
from crisis.demo.judge import Judge
from crisis.demo.patience import LOOK, PATIENCE, are, seconds_to_turn, until
from crisis.demo.place import addresses, check_database
from crisis.demo.promises import Promise, Report
from crisis.demo.stage import Stage
from crisis.demo.town import DEPUTY, DIRECTOR, EDITOR, Town
from crisis.errors import Conflict
from crisis.locks import board
from crisis.locks.reading import Around
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.messages.plan import Plan
from crisis.mode import Mode

TITLE = "Kvikkleireskred ved Moen"
MESSAGE = Path(__file__).with_name("message.json")
SLOW_SECONDS = 2.0
"""How long the post in flight keeps its provider busy."""
UNDELIVERED = 8
"""SMS that the stand-in for Twilio reports as not delivered: some phone is always off."""


class Story:
    """One telling."""

    def __init__(self, crisis: Crisis, judge: Judge, stage: Stage) -> None:
        self._crisis, self._db, self._judge, self._stage = crisis, crisis.db, judge, stage
        self._report = Report(addresses=addresses(crisis.settings))
        self._town: Town
        self._activation: Activation | None = None
        self._held: list[int] = []
        """Posts that the lock should hold."""

    async def play(self, sandbox: str) -> Report:
        """All of it. Whatever happens, the lock it set is off again at the end."""
        began = time.monotonic()
        await self._check_place(sandbox)
        await self._judge.begin_anew()
        try:
            in_flight = await self._ordinary_times(sandbox)
            if self._report.kept:
                await self._crisis_acts(in_flight)
            else:
                missed = "Even this did not reach the sandbox, so nothing more is tried. What is missing: crisis doctor"
                self._stage.say(missed, "red")
        finally:
            await self._leave_unlocked()
        self._report.seconds = time.monotonic() - began
        self._stage.end(self._report)
        return self._report

    async def _crisis_acts(self, in_flight: int) -> None:
        activation = await self._activate(in_flight)
        await self._refuse()
        plan = await self._message(activation)
        lines = await self._deliver(activation.id)
        await self._judge_deliveries(plan, lines)
        await self._after(activation)

    async def _check_place(self, sandbox: str) -> None:
        """Nobody else's data is here, and nobody else's crisis."""
        known = town.known_accounts(self._crisis)
        async with self._db.transaction() as session:
            await check_database(session, known, sandbox)
            current = await service.find_current(session, Mode.ACTUAL)
        if current is not None:
            raise Conflict(
                f"“{current.title}” is in force, activated by {current.activated_by}. The demo was not begun. End it first: "
                "crisis stand-down"
            )

    async def _ordinary_times(self, sandbox: str) -> int:
        """Everything is there and units publish. Returns the post that is in flight at the end."""
        self._stage.act("Ordinary times in Fjordvik, a municipality that does not exist")
        self._town = found = await town.settle(self._crisis, sandbox)
        units = {account.unit for account in found.accounts.values()}
        channels = {channel for channel, _ in found.accounts}
        self._stage.say(
            f"{len(found.accounts)} accounts on {len(channels)} channels in {len(units)} units; {found.audience:,} recipients."
        )
        if found.imported:
            i = found.imported
            self._stage.say(
                f"Imported from a file of {i.read:,} rows: {i.duplicates:,} repeated a number in another notation, "
                f"{i.rejected:,} held none.",
                "dim",
            )
        published = [(await town.post(self._crisis, found, each)).id for each in town.TODAY]
        due_at = clock.now() + timedelta(seconds=SLOW_SECONDS + 3)
        self._held = [
            (await town.post(self._crisis, found, each, due_at + timedelta(seconds=at))).id
            for at, each in enumerate(town.QUEUED)
        ]
        await town.schedule_later(self._crisis, found)
        await until(lambda: are(self._crisis, published, {"accepted"}))
        self._keep(await checks.published(self._crisis, self._judge, published))
        self._stage.say(f"{len(self._held)} more posts are scheduled for the next seconds, one for tomorrow.")
        slow = town.IN_FLIGHT[1]
        await self._judge.disturb(provider="graph", kind="latency", seconds=SLOW_SECONDS, times=1, match={"text": slow})
        return (await town.post(self._crisis, found, town.IN_FLIGHT)).id

    async def _activate(self, in_flight: int) -> Activation:
        """The lock, and what it waits for."""
        await until(lambda: are(self._crisis, [in_flight], {"in_flight", "accepted"}))
        self._stage.act("A landslide at Moen: the director sets the crisis staff")
        began = time.perf_counter()
        answer = await service.activate(self._db, DIRECTOR, Mode.ACTUAL, TITLE)
        self._report.locked_ms = (time.perf_counter() - began) * 1000
        self._activation = answer.activation
        self._stage.say(f"Locked in {self._report.locked_ms:.0f} ms: no unit's post starts from now on.")
        await self._drain(answer.activation)
        async with self._db.transaction() as session:
            activation = await service.get(session, answer.activation.id)
            unresolved = await drain.unresolved(session, Mode.ACTUAL)
            around = Around(self._crisis.settings, self._crisis.capabilities)
            worth = await board.read(session, activation, around)
        self._report.confirmed_ms = checks.milliseconds(activation)
        if activation.state is ActivationState.CONFIRMED:
            self._stage.say(
                f"Confirmed {self._report.confirmed_ms / 1000:.1f} s later, when the post in flight had ended: nothing of the "
                "units' is on its way."
            )
        self._stage.say(
            "What that is worth on each account, where others can publish past this service too: crisis lock board"
        )
        self._stage.locks(worth)
        self._keep(await checks.confirmed(self._judge, activation, unresolved, town.IN_FLIGHT[1]))
        await until(lambda: checks.are_told(self._judge, activation.activated_at))
        self._keep(await checks.told(self._judge, activation))
        again = await service.activate(self._db, DEPUTY, Mode.ACTUAL, "Ras ved Moen")
        same = not again.created and again.activation.id == activation.id
        self._stage.say(f"{DEPUTY.name} activates too, and learns that {again.activation.activated_by} has.")
        self._keep(
            Promise("A second activation gets the first one's answer.", same, f"activation {again.activation.id}")
        )
        return activation

    async def _drain(self, activation: Activation) -> None:
        waiting = asyncio.create_task(drain.drain(self._db, activation.id, self._crisis.settings.drain_seconds))
        with self._stage.live() as live:
            while not waiting.done():
                async with self._db.transaction() as session:
                    permits = await drain.open_permits(session, activation.mode)
                if live is not None and permits:
                    live.update(stage.locking(permits), refresh=True)
                await asyncio.wait([waiting], timeout=LOOK)
        await waiting

    async def _refuse(self) -> None:
        self._stage.act("A unit tries to publish all the same")
        self._stage.quote(town.REFUSED[0][1], town.REFUSED[1])
        refusal = None
        try:
            await town.post(self._crisis, self._town, town.REFUSED)
        except ActivationLocked as held:
            refusal = held
            self._stage.quote("Answer", f"{held} Locked since {stage.clock(held.since)}.")
        promise, kept = await checks.refused(self._crisis, refusal, town.REFUSED[1])
        self._held += kept
        self._keep(promise)

    async def _message(self, activation: Activation) -> Plan:
        """Write, look, approve."""
        self._stage.act("The web editors write one message, in bokmål, nynorsk and English")
        contents = json.loads(MESSAGE.read_text(encoding="utf-8"))
        revision = await drafts.write(
            self._db,
            EDITOR,
            activation.id,
            Kind.ALERT,
            contents,
            self._crisis.settings.languages,
            next_update_at=clock.now() + timedelta(minutes=30),
            audience_id=self._town.audience_id,
        )
        plan = await self._crisis.desk.preview(EDITOR, revision.id)
        limits = {name: c.limit.most for name, c in self._crisis.capabilities.items() if c.limit}
        self._stage.texts(plan.previews, limits)
        for each in plan.previews:
            if each.channel == "sms":
                self._stage.quote(f"SMS, {each.rendered.language_name}", each.rendered.text)
        done = await self._crisis.desk.approve(EDITOR, revision.id)
        self._stage.say(f"Approved: {sum(done.deliveries.values()):,} deliveries, in one transaction.")
        await self._judge.disturb(provider="twilio", kind="undelivered", times=UNDELIVERED)
        return plan

    async def _deliver(self, activation_id: int) -> list[Line]:
        """Watch until every delivery has ended and every SMS has its receipt, or nothing changes any more."""
        self._stage.act("On its way")
        began = changed = time.monotonic()
        lines: list[Line] = []
        with self._stage.live() as live:
            while time.monotonic() - changed < PATIENCE:
                before = [line.counts for line in lines]
                async with self._db.transaction() as session:
                    lines = await ledger.lines(session, activation_id)
                if before != [line.counts for line in lines]:
                    changed = time.monotonic()
                if live is not None:
                    live.update(stage.progress(lines), refresh=True)
                if all(self._has_ended(line) for line in lines):
                    self._stage.say(f"{changed - began:.0f} s from approval to the last receipt.")
                    break
                await asyncio.sleep(LOOK)
            else:
                self._stage.say(f"Not everything has ended, and nothing has changed for {PATIENCE:.0f} s.", "yellow")
        lines.sort(key=lambda line: self._crisis.capabilities[line.channel].recipients)
        self._stage.lines(lines)
        return lines

    def _has_ended(self, line: Line) -> bool:
        if self._crisis.capabilities[line.channel].recipients:
            return all(state in FINAL for state in line.counts)
        return line.underway == 0

    async def _judge_deliveries(self, plan: Plan, lines: list[Line]) -> None:
        """What went out, by the sandbox's own records."""
        self._report.audience = self._town.audience
        self._report.deliveries = [checks.as_json(line) for line in lines]
        self._keep(await checks.pages(self._crisis, self._judge, plan))
        self._keep(await checks.posts(self._judge, plan))
        for promise in await checks.sms(self._judge, plan, dict(people.numbers())):
            self._keep(promise)
        self._keep(checks.adds_up(lines, self._town.audience, plan))
        self._keep(await checks.receipts(self._judge, lines))

    async def _after(self, activation: Activation) -> None:
        """Stand down; what was blocked stays so until its owner decides."""
        self._stage.act("The danger is over: the director stands down")
        await until(lambda: are(self._crisis, self._held, {"blocked"}))
        held = await town.standings(self._crisis, self._held)
        ended = await service.stand_down(self._db, DIRECTOR, activation.id)
        self._activation = None
        self._stage.say("Units may publish again. What the lock held waits for its owners, post by post:")
        await asyncio.sleep(self._crisis.settings.sweep_seconds * 2)  # time enough to go out, if anything would let it
        self._keep(await checks.nothing_started(self._judge, activation, ended, self._town, held))
        still = await town.standings(self._crisis, self._held)
        self._keep(checks.still_blocked(still))
        await self._decide()
        rows = (await town.standings(self._crisis, self._held)).values()
        self._stage.standings(
            (
                stage.named(each.channel),
                each.account,
                each.text,
                ledger.words(DeliveryState(each.state)),
            )
            for each in rows
        )
        self._keep(await checks.audit(self._crisis))
        self._keep(await checks.nothing_in_addresses(self._judge))

    async def _decide(self) -> None:
        """One owner publishes, another drops; the rest think about it."""
        published, dropped = self._held[1], self._held[2]
        for number, publish in ((published, True), (dropped, False)):
            account = (await self._crisis.posts.get(town.KEEPER, number)).account_id
            row = next(each for each in self._town.accounts.values() if each.id == account)
            await self._crisis.posts.decide(town.owner(row), number, publish=publish)
        seconds = await seconds_to_turn(self._crisis, published)
        if seconds > PATIENCE:
            self._stage.say(f"This account published another just now, so this one waits its turn: {seconds:.0f} s.")
        await until(lambda: are(self._crisis, [published], {"accepted"}), begins_in=seconds)
        self._keep(await checks.decided(self._crisis, self._judge, published, dropped))

    def _keep(self, promise: Promise) -> None:
        self._report.promises.append(promise)
        self._stage.promise(promise)

    async def _leave_unlocked(self) -> None:
        if self._activation is not None:
            await service.stand_down(self._db, DIRECTOR, self._activation.id)
