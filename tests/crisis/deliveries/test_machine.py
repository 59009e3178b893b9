"""Whole lives of posts and messages, dealt by hypothesis, on the real database: promises P1, P2, P3 and P6 after every step.

``HYPOTHESIS_PROFILE=long`` plays for an hour instead of half a minute, and cuts a life that went wrong down to what matters.
"""

import asyncio
import os
import random
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as Size  # noqa: N812 - our own settings have the name
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Row, text

from crisis import clock
from crisis.activations import drain
from crisis.activations.service import ActivationLocked, activate, find_current, stand_down
from crisis.activations.states import ActivationState
from crisis.audit import chain
from crisis.channels import (
    Capabilities,
    ChannelError,
    Finding,
    Found,
    OutcomeUnknown,
    Receipt,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries import claims, ledger, receipts, retry, settling
from crisis.deliveries.decisions import Decision, decide
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.errors import Conflict
from crisis.lanes import Lane
from crisis.messages import drafts
from crisis.messages.models import Kind, Revision
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.conftest import make_database
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.stage import PEOPLE, Stage, Worker
from tests.crisis.deliveries.workbench import LIBRARIAN
from tests.factories import DIRECTOR, EDITOR, OPERATOR, SLIDE

S = DeliveryState
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
LANGUAGES = ("nb", "nn", "en")
WAIT = 25.0
"""Seconds, for whatever waits: no chance here but hypothesis's own."""
LATER = st.sampled_from([9.37, 61.13, 607.71, 25_205.9])
"""Seconds that pass; no sum of them ends when something is just due."""
CAPABILITIES = Capabilities(reconcile=True, settle_seconds=WAIT)
PICK = st.integers(0, 999)
"""Which of those there are: shrinks to the first."""
LANES = {Lane.PUBLIC: "facebook", Lane.SMS: "sms", Lane.UNIT: "facebook"}
ERRORS = [
    Rejected("no"),
    Throttled("later", retry_after=3.0),
    Unavailable("refused"),
    OutcomeUnknown("502"),
    OutcomeUnknown("504"),
]

_STARTED_WRONGLY = text(
    """
    SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
    WHERE d.id = ANY(:ids) AND (
        EXISTS (SELECT 1 FROM revisions w WHERE w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved')
        OR EXISTS (SELECT 1 FROM deliveries e JOIN renditions s ON s.id = e.rendition_id
                   JOIN revisions w ON w.id = s.revision_id
                   WHERE w.message_id = v.message_id AND w.number < v.number AND e.state = 'in_flight'
                     AND e.account_id = d.account_id AND e.recipient_id IS NOT DISTINCT FROM d.recipient_id))
    """
)
_LOOK = text(
    """
    SELECT
        (SELECT state FROM gate WHERE mode = 'actual') AS gate,
        ARRAY(SELECT d.state FROM permits p JOIN deliveries d ON d.id = p.delivery_id WHERE p.closed_at IS NULL) AS permits,
        ARRAY(SELECT m.delivery_id FROM moves_made m WHERE m.old = 'unknown' AND m.new = 'retry_wait') AS repeats,
        (SELECT count(*) FROM moves_made WHERE old = 'blocked') AS unblocked,
        ARRAY(
            SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
            WHERE d.state IN ('ready', 'leased', 'retry_wait') AND EXISTS (
                SELECT 1 FROM revisions w
                WHERE w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved')) AS superseded
    """
)
_ROWS = text("SELECT id, lane, state, attempts FROM deliveries ORDER BY id")
# The clock stands still between the steps, so that a life goes the same way on a slow machine: what lies ahead is put off by
# as long as the last step took.
_FREEZE = text(
    """
    WITH moved AS (
        UPDATE deliveries SET
            due_at = CASE WHEN due_at > now() THEN due_at + (clock_timestamp() - CAST(:since AS timestamptz)) ELSE due_at END,
            lease_until = lease_until + (clock_timestamp() - CAST(:since AS timestamptz))
        WHERE CAST(:since AS timestamptz) IS NOT NULL AND (due_at > now() OR lease_until > now())
    )
    SELECT clock_timestamp()
    """
)


class Lives(RuleBasedStateMachine):
    """The acts of people, senders, providers and the clock, in any order."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage, self.db, self.bench = stage, stage.crisis.db, stage.bench
        self.workers: list[Worker] = []
        self.chance = random.Random(0)
        self.posts = 0  # made so far
        self.approved: list[Revision] = []
        self.unblocked = 0  # by their owners
        self.sent_again: set[int] = set()  # by a person's decision
        self.seen_at: Any = None  # when the last step ended
        self.quiet = 0  # steps since the last stand-down
        self.current: Any = None  # the activation in force, as of the last look
        self.rows: list[Row[Any]] = []  # every delivery, as of the last look

    @initialize(posts=st.integers(2, 6), crisis=st.sampled_from([False, False, True]))
    def begin(self, posts: int, crisis: bool) -> None:
        """A day like others, or one that has begun badly."""
        self.stage.wipe()
        for page in range(posts):
            self.stage.run(self._post(self.stage.pages[page % 2], None))
        self.posts = posts
        if crisis:
            activation = self.stage.run(factories.activation(self.db))
            made = self.stage.run(
                factories.approved_alert(self.stage.crisis, activation.id, audience_id=self.stage.audience)
            )
            self.approved.append(made.revision)
        else:
            self._take(Lane.UNIT, 2, begins=True)

    def teardown(self) -> None:
        for worker in self.workers:
            worker.kill()
        self.stage.run(self._end())

    # People

    @rule(page=PICK, hours=st.sampled_from([0, 0, 1]))
    def a_unit_posts(self, page: int, hours: int) -> None:
        at = clock.now() + timedelta(hours=hours) if hours else None
        self.stage.run(self._post(self.stage.pages[page % 2], at))
        self.posts += 1

    @precondition(lambda self: not self.current and (self.posting() or self.quiet > 8))
    @rule()
    def the_director_activates(self) -> None:
        self.stage.run(activate(self.db, DIRECTOR, Mode.ACTUAL, "Skred"))

    @precondition(lambda self: self.current)
    @rule()
    def the_director_stands_down(self) -> None:
        self.stage.run(stand_down(self.db, DIRECTOR, self.current.id))

    @precondition(lambda self: self.current and len(self.approved) < 6)
    @rule(people=st.booleans())
    def the_editors_send_an_alert(self, people: bool) -> None:
        audience = self.stage.audience if people else None
        made = self.stage.run(factories.approved_alert(self.stage.crisis, self.current.id, audience_id=audience))
        self.approved.append(made.revision)

    @precondition(lambda self: self.current and self.approved and self.messages_are_out())
    @rule(which=PICK)
    def the_editors_send_an_update(self, which: int) -> None:
        self.stage.run(self._update(self.current.id, self.approved[which % len(self.approved)].message_id))

    @precondition(lambda self: self.standing(S.BLOCKED))
    @rule(which=PICK, publish=st.booleans())
    def an_owner_decides_about_a_blocked_post(self, which: int, publish: bool) -> None:
        blocked = self.standing(S.BLOCKED)
        self.stage.run(self._decide_post(blocked[which % len(blocked)], publish=publish))

    @precondition(lambda self: self.standing(S.UNKNOWN_FINAL))
    @rule(which=PICK, decision=st.sampled_from(Decision))
    def a_person_decides_what_nobody_can_tell(self, which: int, decision: Decision) -> None:
        waiting = self.standing(S.UNKNOWN_FINAL)
        self.stage.run(self._decide(waiting[which % len(waiting)], decision))

    # Senders

    @precondition(lambda self: self.due(Lane.UNIT))
    @rule(most=st.integers(1, 4), begins=st.sampled_from([True, True, False]))
    def a_sender_takes_posts(self, most: int, begins: bool) -> None:
        self._take(Lane.UNIT, most, begins=begins)

    @precondition(lambda self: self.due(Lane.PUBLIC, Lane.SMS))
    @rule(most=st.integers(1, 4), begins=st.sampled_from([True, True, False]))
    def senders_take_messages(self, most: int, begins: bool) -> None:
        for lane in (Lane.PUBLIC, Lane.SMS):
            if self.due(lane):
                self._take(lane, most, begins=begins)

    @precondition(lambda self: self.hands())
    @rule(who=PICK)
    def a_sender_starts_what_it_has(self, who: int) -> None:
        worker = self.hands()[who % len(self.hands())]
        self.stage.run(self._start(worker))

    @precondition(lambda self: self.callers())
    @rule(who=PICK, which=PICK, error=st.sampled_from([*ERRORS, None]))
    def a_provider_answers(self, who: int, which: int, error: ChannelError | None) -> None:
        self._answer(who, which, error)

    @precondition(lambda self: self.callers() or self.hands())
    @rule(who=PICK)
    def a_sender_is_killed(self, who: int) -> None:
        busy = self.callers() + self.hands()
        busy[who % len(busy)].kill()

    @rule(steps=st.lists(st.tuples(PICK, PICK, st.sampled_from([*ERRORS, None]), st.sampled_from(Found)), min_size=2))
    def work_goes_on(self, steps: list[tuple[int, int, ChannelError | None, Found]]) -> None:
        """Some steps of whatever there is to do: without it most lives would be too short to get anywhere."""
        for which, who, error, found in steps[:6]:
            acts: list[Callable[[], None]] = []
            if self.callers():
                acts += [partial(self._answer, who, which, error)]
            if self.hands():
                acts += [partial(self.a_sender_starts_what_it_has, who)]
            if self.standing(S.UNKNOWN):
                acts += [partial(self.what_is_unknown_is_looked_into, found, wait=True)]
            acts += [partial(self._take, lane, 3, begins=True) for lane in Lane if self.due(lane)]
            if acts:
                acts[which % len(acts)]()
                self.the_promises_hold()

    # Providers and the engine

    @precondition(lambda self: any(row.attempts for row in self.rows))
    @rule(which=PICK, status=st.sampled_from(ReceiptStatus))
    def a_receipt_comes(self, which: int, status: ReceiptStatus) -> None:
        tried = [row for row in self.rows if row.attempts]
        row = tried[which % len(tried)]
        given = Receipt(f"ref-{row.id}-{row.attempts}", status, key=str(row.id))
        self.stage.run(self.bench.receive(LANES[Lane(row.lane)], given))

    @precondition(lambda self: self.standing(S.UNKNOWN))
    @rule(found=st.sampled_from(Found), wait=st.booleans())
    def what_is_unknown_is_looked_into(self, found: Found, wait: bool) -> None:
        if wait:
            self.stage.run(self.bench.pass_time(WAIT + 3.29))
        for lane, channel in LANES.items():
            outlet = Outlet(channel, find=lambda out: Finding(found, f"ref-{out.key}-1"), capabilities=CAPABILITIES)
            self.stage.run(self.bench.look(lane, outlet))

    @precondition(lambda self: self.current)
    @rule(overdue=st.booleans())
    def the_drain_goes_on(self, overdue: bool) -> None:
        self.stage.run(drain.step(self.db, self.current.id, 0.0 if overdue else 3600.0))

    @rule(seconds=st.sampled_from([10, 60, 60, 600, 7 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.stage.run(self.bench.pass_time(seconds))
        self.stage.run(self.bench.sweep())

    # What must hold after every step

    @invariant()
    def the_promises_hold(self) -> None:
        self.stage.run(self._check())

    async def _check(self) -> None:
        async with self.db.transaction() as session:
            self.current = current = await find_current(session, Mode.ACTUAL)
            look = (await session.execute(_LOOK)).one()
            self.rows = list(await session.execute(_ROWS))
            self.seen_at = (await session.execute(_FREEZE, {"since": self.seen_at})).scalar_one()
        self.quiet = 0 if current else self.quiet + 1
        assert (look.gate == "locked") == (current is not None), "the gate and the activations disagree"
        if current is not None and current.state is ActivationState.CONFIRMED:
            assert not self.posting(), f"P1: confirmed while unit posts {self.posting()} are in flight"
            assert not look.permits, "P1: confirmed with a permit open"
        startable = {S.READY, S.LEASED, S.RETRY_WAIT, S.BLOCKED} if not self.sent_again else set()
        assert not startable & set(map(S, look.permits)), "P3: a post whose call may be under way could start again"
        assert not look.superseded, f"P6: {look.superseded} would go out after what replaced them"
        lanes = {row.id: row.lane for row in self.rows}
        for delivery, repeats in Counter(look.repeats).items():
            assert lanes[delivery] != Lane.UNIT, f"P3: the unit's post {delivery} was sent again"
            assert repeats <= 1, f"P3: delivery {delivery} was sent again {repeats} times"
        assert look.unblocked == self.unblocked, "P1: a blocked post moved without its owner"
        counts = Counter(lanes.values())
        assert counts["unit"] == self.posts, "P2: a post was lost, or made twice"
        assert counts["public"] == len(self.approved), "P2: a message was lost, or made twice"
        assert counts["sms"] == PEOPLE * sum(revision.audience_id is not None for revision in self.approved)

    async def _end(self) -> None:
        """At the end of a life: the log holds, and every activation's ledger adds up."""
        self.stage.seen.update(await self.bench.moves.made())
        async with self.db.transaction() as session:
            assert (await chain.verify(session)).holds
            activations = (await session.execute(text("SELECT id FROM activations"))).scalars().all()
            lines = [line for each in activations for line in await ledger.lines(session, each)]
        in_sms = PEOPLE * sum(revision.audience_id is not None for revision in self.approved)
        assert sum(line.total for line in lines) == len(self.approved) + in_sms, "P7: the ledger does not add up"

    # How the acts are done

    def standing(self, *states: DeliveryState) -> list[int]:
        return [row.id for row in self.rows if row.state in states]

    def due(self, *lanes: Lane) -> bool:
        return any(row.lane in lanes and row.state in {S.READY, S.RETRY_WAIT} for row in self.rows)

    def messages_are_out(self) -> bool:
        """Of those in flight: an update of what only waits would cancel it, and that is soon played."""
        return any(worker.lane.crisis for worker in self.callers())

    def posting(self) -> list[int]:
        return [call for worker in self.callers() if worker.lane is Lane.UNIT for call in worker.calls]

    def hands(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.claimed and worker.lives]

    def callers(self) -> list[Worker]:
        return [worker for worker in self.workers if worker.calls and worker.lives]

    def _take(self, lane: Lane, most: int, *, begins: bool) -> None:
        worker = Worker.hire(lane)
        self.workers.append(worker)
        worker.claimed = self.stage.run(self._claim(worker, most))
        if begins:
            self.stage.run(self._start(worker))
        if not worker.claimed and not worker.calls:
            worker.kill()

    def _answer(self, who: int, which: int, error: ChannelError | None) -> None:
        worker = self.callers()[who % len(self.callers())]
        delivery = list(worker.calls)[which % len(worker.calls)]
        self.stage.run(self._settle(worker, delivery, error))
        if not worker.calls:
            worker.kill()

    async def _post(self, page: int, at: Any) -> None:
        try:
            await self.stage.crisis.posts.publish(LIBRARIAN, page, "Lesestund", publish_at=at)
        except ActivationLocked:
            async with self.db.transaction() as session:
                assert await find_current(session, Mode.ACTUAL) is not None

    async def _update(self, activation_id: int, message_id: int) -> None:
        async with self.db.transaction() as session:
            of = await session.execute(text("SELECT activation_id FROM messages WHERE id = :id"), {"id": message_id})
            if of.scalar_one() != activation_id:
                return
        draft = await drafts.write(
            self.db,
            EDITOR,
            activation_id,
            Kind.UPDATE,
            SLIDE,
            LANGUAGES,
            message_id=message_id,
            next_update_at=clock.now() + timedelta(hours=1),
        )
        self.approved.append((await self.stage.crisis.desk.approve(EDITOR, draft.id)).revision)

    async def _decide_post(self, delivery: int, *, publish: bool) -> None:
        async with self.db.transaction() as session:
            query = "SELECT r.post_id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE d.id = :id"
            post = (await session.execute(text(query), {"id": delivery})).scalar_one()
        try:
            await self.stage.crisis.posts.decide(LIBRARIAN, post, publish=publish)
        except ActivationLocked:
            return
        self.unblocked += 1

    async def _decide(self, delivery: int, decision: Decision) -> None:
        try:
            await decide(self.db, OPERATOR, delivery, decision, validity=timedelta(hours=6))
        except Conflict:
            assert decision is Decision.SEND_AGAIN, "only what was superseded may be refused"
            return
        if decision is Decision.SEND_AGAIN:
            self.sent_again.add(delivery)

    async def _claim(self, worker: Worker, most: int) -> list[int]:
        async with self.db.transaction() as session:
            found = await claims.claim(session, Mode.ACTUAL, worker.lane, worker.lease, most=most, hold_seconds=30)
        return [each.id for each in found]

    async def _start(self, worker: Worker) -> None:
        ids, worker.claimed = worker.claimed, []
        async with self.db.transaction() as session:
            started = await claims.start(
                session, Mode.ACTUAL, worker.lane, worker.lease, ids, holder=worker.holder, hold_seconds=30
            )
        worker.calls = started
        async with self.db.transaction() as session:
            current = await find_current(session, Mode.ACTUAL)
            wrong = list((await session.execute(_STARTED_WRONGLY, {"ids": list(started)})).scalars())
        if worker.lane is Lane.UNIT:
            assert current is None or not started, "P1: a unit's post started behind the lock"
        assert not wrong, f"P6: {wrong} started after, or together with, what came before or after it"

    async def _settle(self, worker: Worker, delivery: int, error: ChannelError | None) -> None:
        number, channel = worker.calls.pop(delivery), LANES[worker.lane]
        reference = f"ref-{delivery}-{number}"
        if error is None:
            result = Result(delivery, number, channel, S.ACCEPTED, reference=reference)
        else:
            step = retry.after_error(
                error, CAPABILITIES, attempts=number, crisis=worker.lane.crisis, chance=self.chance
            )
            wait = 0.0 if isinstance(error, Unavailable) else WAIT
            result = Result(delivery, number, channel, step.state, wait, error=error.reason)
        async with self.db.transaction() as session:
            moved = await settling.settle(session, worker.lane, worker.lease, [result], holder=worker.holder)
            if error is None and not moved:
                late = Receipt(reference, ReceiptStatus.ACCEPTED, key=str(delivery))
                await receipts.record(session, Mode.ACTUAL, channel, [late])


@pytest.mark.timeout(7200 if LONG else 300)
async def test_in_every_life_the_promises_hold(server_url: str, settings: Settings) -> None:
    url = await make_database(server_url, f"machine_{os.getpid()}_{secrets.token_hex(4)}")
    own = Settings(**settings.model_dump() | {"database_url": url})
    size = Size(
        max_examples=3000 if LONG else 20,
        stateful_step_count=120 if LONG else 50,
        phases=[phase for phase in Phase if LONG or phase not in {Phase.shrink, Phase.explain}],
        suppress_health_check=list(HealthCheck),
    )

    def play() -> None:
        with Stage(own) as built:
            run_state_machine_as_test(lambda: Lives(built), settings=size)
            assert len(built.seen) > 12, f"the lives were dull: {built.seen}"

    await asyncio.to_thread(play)
