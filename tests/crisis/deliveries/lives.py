"""Lives: the acts of people, senders, providers and the clock, in any order, as hypothesis deals them."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crisis import clock
from crisis.activations import drain
from crisis.activations.service import activate, stand_down
from crisis.channels import (
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
from crisis.deliveries.decisions import Decision
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.cast import CAPABILITIES, LANES, WAIT, Cast
from tests.crisis.deliveries.judge import Judge
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.stage import Stage, Worker
from tests.factories import DIRECTOR

S = DeliveryState
PICK = st.integers(0, 999)
"""Which of those there are: shrinks to the first."""
ERRORS = [
    Rejected("no"),
    Throttled("later", retry_after=3.0),
    Unavailable("refused"),
    OutcomeUnknown("502"),
    OutcomeUnknown("504"),
]


class Lives(RuleBasedStateMachine):
    """Of posts and messages, on one stage after the other."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage, self.db, self.bench = stage, stage.crisis.db, stage.bench
        self.workers: list[Worker] = []
        self.cast = Cast(stage)
        self.judge = Judge(self.cast)

    @initialize(posts=st.integers(2, 6), crisis=st.sampled_from([False, False, True]))
    def begin(self, posts: int, crisis: bool) -> None:
        """A day like others, or one that has begun badly."""
        self.stage.wipe()
        for page in range(posts):
            self.stage.run(self.cast.post(self.stage.pages[page % 2], None))
        if crisis:
            activation = self.stage.run(factories.activation(self.db))
            self.stage.run(self.cast.alert(activation.id, people=True))
        else:
            self._take(Lane.UNIT, 2, begins=True)

    def teardown(self) -> None:
        for worker in self.workers:
            worker.kill()
        self.stage.seen.update(self.stage.run(self.bench.moves.made()))
        self.stage.run(self.judge.end())

    # People

    @rule(page=PICK, hours=st.sampled_from([0, 0, 1]))
    def a_unit_posts(self, page: int, hours: int) -> None:
        at = clock.now() + timedelta(hours=hours) if hours else None
        self.stage.run(self.cast.post(self.stage.pages[page % 2], at))

    @precondition(lambda self: not self.judge.current and (self.posting() or self.judge.quiet > 8))
    @rule()
    def the_director_activates(self) -> None:
        self.stage.run(activate(self.db, DIRECTOR, Mode.ACTUAL, "Skred"))

    @precondition(lambda self: self.judge.current)
    @rule()
    def the_director_stands_down(self) -> None:
        self.stage.run(stand_down(self.db, DIRECTOR, self.judge.current.id))

    @precondition(lambda self: self.judge.current and len(self.cast.approved) < 6)
    @rule(people=st.booleans())
    def the_editors_send_an_alert(self, people: bool) -> None:
        self.stage.run(self.cast.alert(self.judge.current.id, people=people))

    @precondition(lambda self: self.judge.current and self.cast.approved and self.messages_are_out())
    @rule(which=PICK)
    def the_editors_send_an_update(self, which: int) -> None:
        self.stage.run(
            self.cast.update(self.judge.current.id, self.cast.approved[which % len(self.cast.approved)].message_id)
        )

    @precondition(lambda self: self.standing(S.BLOCKED))
    @rule(which=PICK, publish=st.booleans())
    def an_owner_decides_about_a_blocked_post(self, which: int, publish: bool) -> None:
        blocked = self.standing(S.BLOCKED)
        self.stage.run(self.cast.decide_post(blocked[which % len(blocked)], publish=publish))

    @precondition(lambda self: self.standing(S.UNKNOWN_FINAL))
    @rule(which=PICK, decision=st.sampled_from(Decision))
    def a_person_decides_what_nobody_can_tell(self, which: int, decision: Decision) -> None:
        waiting = self.standing(S.UNKNOWN_FINAL)
        self.stage.run(self.cast.decide(waiting[which % len(waiting)], decision))

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
        self._start(worker)

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
                acts += [partial(self.what_is_unknown_is_looked_into, found)]
            acts += [partial(self._take, lane, 3, begins=True) for lane in Lane if self.due(lane)]
            if acts:
                acts[which % len(acts)]()
                self.the_promises_hold()

    # Providers and the engine

    @precondition(lambda self: any(row.attempts for row in self.judge.rows))
    @rule(which=PICK, status=st.sampled_from(ReceiptStatus))
    def a_receipt_comes(self, which: int, status: ReceiptStatus) -> None:
        tried = [row for row in self.judge.rows if row.attempts]
        row = tried[which % len(tried)]
        given = Receipt(f"ref-{row.id}-{row.attempts}", status, key=str(row.id))
        self.stage.run(self.bench.receive(LANES[Lane(row.lane)], given))

    @precondition(lambda self: self.standing(S.UNKNOWN))
    @rule(found=st.sampled_from(Found))
    def what_is_unknown_is_looked_into(self, found: Found) -> None:
        self.stage.run(self.bench.pass_time(WAIT + 100))
        for lane, channel in LANES.items():
            outlet = Outlet(channel, find=lambda out: Finding(found, f"ref-{out.key}-1"), capabilities=CAPABILITIES)
            self.stage.run(self.bench.look(lane, outlet))

    @precondition(lambda self: self.judge.current)
    @rule(overdue=st.booleans())
    def the_drain_goes_on(self, overdue: bool) -> None:
        self.stage.run(drain.step(self.db, self.judge.current.id, 0.0 if overdue else 3600.0))

    @rule(seconds=st.sampled_from([200, 1200, 1200, 3000, 7 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.stage.run(self.bench.pass_time(seconds))
        self.stage.run(self.bench.sweep())

    @invariant()
    def the_promises_hold(self) -> None:
        """What must hold after every step."""
        self.stage.run(self.judge.look(self.posting()))

    # How the acts are done

    def standing(self, *states: DeliveryState) -> list[int]:
        return [row.id for row in self.judge.rows if row.state in states]

    def due(self, *lanes: Lane) -> bool:
        return any(row.lane in lanes and row.state in {S.READY, S.RETRY_WAIT} for row in self.judge.rows)

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
        worker.claimed = self.stage.run(self.cast.claim(worker, most))
        if begins:
            self._start(worker)
        if not worker.claimed and not worker.calls:
            worker.kill()

    def _start(self, worker: Worker) -> None:
        self.stage.run(self.cast.start(worker))
        self.stage.run(self.judge.started(worker))

    def _answer(self, who: int, which: int, error: ChannelError | None) -> None:
        worker = self.callers()[who % len(self.callers())]
        delivery = list(worker.calls)[which % len(worker.calls)]
        self.stage.run(self.cast.settle(worker, delivery, error))
        if not worker.calls:
            worker.kill()
