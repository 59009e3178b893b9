"""Story: one message from its alert to its end, on the real database, with senders that crash wherever they may.

Two kinds of senders work on it. A *hand* takes the product's own steps (claim, start, call, settle) one act at a time, so that
anything may come in between, also its death. A *rush* lets whole senders of the product run while the editors approve and
receipts come in. Providers are played here: what one accepted has **arrived**, and that is what is judged.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.activations.holders import Holder
from crisis.bootstrap import Crisis, openers_for
from crisis.channels import (
    Capabilities,
    ChannelError,
    Finding,
    Found,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries import claims, receipts, retry, settling
from crisis.deliveries.book import Book
from crisis.deliveries.claims import Claimed
from crisis.deliveries.decisions import Decision, decide
from crisis.deliveries.pace import Pace
from crisis.deliveries.reconcile import reconcile
from crisis.deliveries.sender import Sender
from crisis.deliveries.settling import Result
from crisis.deliveries.states import DeliveryState
from crisis.deliveries.sweep import sweep
from crisis.errors import Conflict, Invalid
from crisis.lanes import Lane
from crisis.limits.limiter import Candidate, Limiter
from crisis.limits.takes import Take, Takes
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.factories import EDITOR, OPERATOR, SLIDE

S = DeliveryState
PEOPLE = 3
CHANNELS = {Lane.SMS: "sms", Lane.PUBLIC: "facebook"}
LANGUAGES = ("nb", "nn", "en")
HOLD = 30.0
"""Seconds that a started row may go unheard. Every call is over before."""
TAKEN_BACK = 0.3
"""How often it may be that the alert is taken back. Nothing follows it then."""
HURRIED = 0.5
"""How often everybody may be waited for. Otherwise calls stay open while other things happen."""
LATER = (40.0, 700.0, 5000.0)
ABLE = Capabilities(reconcile=True, settle_seconds=5.0, recipients=True, receipts=True)
MEANT_FOR_GOOD = {S.ACCEPTED, S.SENT, S.DELIVERED, S.UNDELIVERED, S.EXPIRED}
AT_REST = {*MEANT_FOR_GOOD, S.REJECTED, S.DEAD, S.CANCELLED, S.UNKNOWN_FINAL}
PACE = Pace(concurrency=3, batch=4, lease_seconds=HOLD, call_seconds=2.0)

_CLEAR = text("TRUNCATE attempts, permits, receipts, deliveries, renditions, revisions, messages CASCADE")
_ROWS = text(
    """
    SELECT d.id, d.lane, d.state, d.attempts, d.account_id, d.recipient_id, v.number, v.kind
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
    WHERE v.message_id = :message ORDER BY d.id
    """
)
_PASS = text(
    """
    UPDATE deliveries SET due_at = due_at - :by, lease_until = lease_until - :by, deadline_at = deadline_at - :by
    WHERE id = ANY(:ids)
    """
)

Act = Callable[[], Coroutine[Any, Any, None]]
Claim = Callable[[AsyncSession, Lane, UUID, int, Take], Coroutine[Any, Any, list[Claimed]]]
Who = tuple[str, int]


class Arrival(NamedTuple):
    """A provider has accepted it. ``who``: a person, or an account's public."""

    who: Who
    revision: int
    delivery: int


@dataclass
class Call:
    """A call under way. ``outcome`` is the provider's, which nobody has heard yet."""

    delivery: int
    attempt: int
    decided: bool = False
    outcome: ChannelError | None = None


@dataclass
class Hand:
    """A sender, taken one step at a time."""

    lane: Lane
    lease: UUID = field(default_factory=uuid4)
    claimed: list[int] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


class Diverting(Limiter):
    """A limiter that finds nothing slow, and lets one account carry what was meant for another."""

    def __init__(self, mode: Mode, way: Mapping[int, int], accounts: Sequence[int]) -> None:
        super().__init__(mode)
        self._way = way
        self._free = [account for account in accounts if account not in way]
        for account in accounts:
            self._known(account)

    async def takes(self, session: AsyncSession) -> Takes:  # noqa: ARG002 - the limiter's
        return Takes((Take(divert=self._way),)) if self._way else Takes()

    def admits_all(self, candidates: Sequence[Candidate]) -> bool:  # noqa: ARG002 - the limiter's
        return True

    def still_free(self) -> list[int]:
        return self._free


async def claim(session: AsyncSession, lane: Lane, lease: UUID, most: int, take: Take) -> list[Claimed]:
    """As the product does."""
    return await claims.claim(session, Mode.ACTUAL, lane, lease, most=most, hold_seconds=HOLD, take=take)


class Story:
    """Built once; :meth:`begin` starts with a new message."""

    def __init__(self, crisis: Crisis, claim: Claim = claim) -> None:
        self.crisis, self.db, self._claim = crisis, crisis.db, claim
        self.book = Book(openers_for(Mode.ACTUAL, crisis.settings))
        self.holder = Holder.this_process()
        self.sms: list[int] = []
        self.audience = self.activation = self.message = 0
        self.over = True

    async def build(self) -> None:
        """Accounts and people, and a crisis."""
        self.activation = (await factories.activation(self.db)).id
        self.sms = [await factories.account(self.crisis, "sms", name=name) for name in ("først", "reserve")]
        for name in ("kommunen", "beredskap"):
            await factories.account(self.crisis, "facebook", name=name)
        self.audience = await factories.audience(self.crisis, PEOPLE)

    async def begin(self, seed: int) -> None:
        """An alert to everybody, approved."""
        if not self.over:  # the last one went wrong, and what it left is in the way
            async with self.db.transaction() as session:
                await session.execute(_CLEAR)
        self.over = False
        self.chance = random.Random(seed)
        self.hands: list[Hand] = []
        self.arrivals: list[Arrival] = []
        self.newest: dict[Who, int] = {}
        self.rows: dict[int, Row[Any]] = {}
        self.by_hand: set[int] = set()
        """What a person says is out, or has dropped."""
        self.way: dict[int, int] = {}
        self.retracted = False
        alert = await factories.approved_alert(self.crisis, self.activation, audience_id=self.audience)
        self.message = alert.revision.message_id
        await self.read()

    async def read(self) -> None:
        async with self.db.transaction() as session:
            self.rows = {row.id: row for row in await session.execute(_ROWS, {"message": self.message})}

    def who(self, delivery: int) -> Who:
        row = self.rows[delivery]
        return ("account", row.account_id) if row.recipient_id is None else ("person", row.recipient_id)

    def arrives(self, delivery: int) -> None:
        """The provider has it. Nobody may have had something newer."""
        who, number = self.who(delivery), self.rows[delivery].number
        newest = self.newest.get(who, 0)
        assert number >= newest, f"{who} got revision {number} after revision {newest}"
        self.newest[who] = number
        self.arrivals.append(Arrival(who, number, delivery))

    # What may happen next

    def possible(self) -> Sequence[Act]:
        """Every act there is now, the likelier ones more than once."""
        states = {(Lane(row.lane), row.state) for row in self.rows.values()}
        due = {lane for lane, state in states if state in {S.READY, S.RETRY_WAIT}}
        begun = any(row.attempts for row in self.rows.values())
        table: Sequence[tuple[bool, int, Act]] = [
            (not self._open() or self.chance.random() < HURRIED, 1, self.time_passes),
            (True, 1, self.another_account_carries_it),
            *((lane in due, 2, partial(self.a_hand_claims, lane)) for lane in CHANNELS),
            (Lane.SMS in due, 1, self.a_hand_claims_and_starts_at_once),
            (bool(due), 1, self.there_is_a_rush),
            (any(hand.claimed for hand in self.hands), 3, self.a_hand_starts),
            (bool(self._open()), 2, self.a_provider_decides),
            (bool(self._settleable()), 3, self.a_hand_settles),
            (bool(self._open()), 1, self.a_hand_gives_back_what_it_has_not_called),
            (bool(self.hands), 1, self.a_hand_crashes),
            (begun, 2 if self._open() else 1, self.the_editors_follow_up),
            (begun and not self.retracted and self.chance.random() < TAKEN_BACK, 1, self.the_editors_take_it_back),
            (S.UNKNOWN in {state for _, state in states}, 1, self.somebody_looks),
            (S.UNKNOWN_FINAL in {state for _, state in states}, 1, self.a_person_decides),
            (bool(self.arrivals), 1, self.receipts_come),
        ]
        return [act for may, weight, act in table if may for _ in range(weight)]

    async def goes_on(self, pick: int) -> None:
        """One of the acts that are possible."""
        acts = self.possible()
        await acts[pick % len(acts)]()
        await self.read()

    # The editors

    async def the_editors_follow_up(self) -> None:
        kind = self.chance.choice([Kind.UPDATE, Kind.UPDATE, Kind.CORRECTION, Kind.ALL_CLEAR])
        try:
            draft = await drafts.write(
                *(self.db, EDITOR, self.activation, kind, SLIDE, LANGUAGES),
                message_id=self.message,
                next_update_at=clock.now() + timedelta(hours=1),
                audience_id=self.audience if kind is Kind.UPDATE else None,
            )
            await self.crisis.desk.approve(EDITOR, draft.id)
        except drafts.AlreadyRetracted:
            assert self.retracted
        except Invalid:
            if kind is Kind.UPDATE:
                raise

    async def the_editors_take_it_back(self) -> None:
        try:
            await self.crisis.desk.retract(EDITOR, self.message, "falsk alarm")
        except drafts.AlreadyRetracted:
            assert self.retracted
        self.retracted = True

    async def a_person_decides(self) -> None:
        waiting = [row for row in self.rows.values() if row.state == S.UNKNOWN_FINAL]
        row, decision = self.chance.choice(waiting), self.chance.choice(list(Decision))
        try:
            await decide(self.db, OPERATOR, row.id, decision, validity=timedelta(hours=6))
        except Conflict:
            assert decision is Decision.SEND_AGAIN, "only what was superseded is refused"
            return
        if decision is not Decision.SEND_AGAIN:
            self.by_hand.add(row.id)

    # The senders

    async def a_hand_claims(self, lane: Lane) -> None:
        hand, most = Hand(lane), self.chance.randint(1, 4)
        async with self.db.transaction() as session:
            take = Take(divert=self.way) if lane is Lane.SMS else Take()
            hand.claimed = [each.id for each in await self._claim(session, lane, hand.lease, most, take)]
        if hand.claimed:
            self.hands.append(hand)

    async def a_hand_claims_texts(self) -> None:
        await self.a_hand_claims(Lane.SMS)

    async def a_hand_claims_and_starts_at_once(self) -> None:
        hand, line = Hand(Lane.SMS), self.db.line()
        free = [account for account in self.sms if account not in self.way]
        most = self.chance.randint(1, 4)
        try:
            begun, _ = await claims.claim_started(
                *(line, Mode.ACTUAL, hand.lane, hand.lease, free), most=most, hold_seconds=HOLD
            )
        finally:
            await line.close()
        hand.calls = [Call(each.id, 1) for each in begun]
        if hand.calls:
            self.hands.append(hand)

    async def a_hand_starts(self) -> None:
        hand = self.chance.choice([hand for hand in self.hands if hand.claimed])
        ids, hand.claimed = hand.claimed, []
        async with self.db.transaction() as session:
            started = await claims.start(
                *(session, Mode.ACTUAL, hand.lane, hand.lease, ids), holder=self.holder, hold_seconds=HOLD
            )
        hand.calls += [Call(delivery, attempt) for delivery, attempt in started.items()]
        self._forget_idle()

    async def a_provider_decides(self) -> None:
        self._decide(self.chance.choice(self._open()))

    def the_newest_calls_end_first(self) -> None:
        for call in sorted(self._open(), key=lambda call: -self.rows[call.delivery].number):
            self._decide(call)

    async def a_hand_settles(self) -> None:
        hand = self.chance.choice(self._settleable())
        told = [call for call in hand.calls if call.decided]
        told = self.chance.sample(told, self.chance.randint(1, len(told)))
        hand.calls = [call for call in hand.calls if call not in told]
        results = [self._result(hand.lane, call) for call in told]
        async with self.db.transaction() as session:
            moved = await settling.settle(session, hand.lane, hand.lease, results, holder=self.holder)
            late = [each for each in results if each.state is S.ACCEPTED and each.id not in moved]
            given = [Receipt(each.reference or "", ReceiptStatus.ACCEPTED, key=str(each.id)) for each in late]
            if given:
                await receipts.record(session, Mode.ACTUAL, CHANNELS[hand.lane], given)
        self._forget_idle()

    async def a_hand_gives_back_what_it_has_not_called(self) -> None:
        """What was open was a call in the making: nobody was asked, and nobody will be."""
        call = self.chance.choice(self._open())
        hand = next(each for each in self.hands if call in each.calls)
        hand.calls.remove(call)
        uncalled = [settling.Result(call.delivery, call.attempt, CHANNELS[hand.lane], S.READY)]
        async with self.db.transaction() as session:
            await settling.settle(session, hand.lane, hand.lease, uncalled, holder=self.holder)
        self._forget_idle()

    async def a_hand_crashes(self) -> None:
        """After its claim, after its start, or after calls that nobody settles; some of those under way still arrive."""
        hand = self.chance.choice(self.hands)
        for call in hand.calls:
            if not call.decided and self.chance.random() < 0.5:
                self.arrives(call.delivery)
        self.hands.remove(hand)

    async def there_is_a_rush(self) -> None:
        """Whole senders of the product, while the editors go on, receipts come in and the sweep looks about."""
        limiter = Diverting(Mode.ACTUAL, self.way, self.sms)
        own = {"holder": self.holder, "limiter": limiter}
        outlets = {channel: Outlet(channel, say=self._answer, capabilities=ABLE) for channel in CHANNELS.values()}
        acts = [
            Sender(self.db, Mode.ACTUAL, lane, outlets, self.book, PACE, chance=self.chance, **own).run()  # type: ignore[arg-type]
            for lane in (Lane.SMS, Lane.SMS, Lane.PUBLIC)
        ]
        beside: list[Coroutine[Any, Any, object]] = [sweep(self.db, Mode.ACTUAL, drain_seconds=1.0)]
        if self.arrivals:
            beside.append(self.receipts_come())
        if any(row.attempts for row in self.rows.values()):
            beside.append(self.the_editors_follow_up())
        await asyncio.gather(*acts, *(self._after_a_while(each) for each in beside))

    async def _after_a_while(self, act: Coroutine[Any, Any, object]) -> None:
        await asyncio.sleep(self.chance.uniform(0, 0.02))
        await act

    async def _answer(self, outgoing: Outgoing) -> Receipt | Exception:
        await asyncio.sleep(self.chance.uniform(0, 0.004))
        delivery = int(outgoing.key)
        if delivery not in self.rows:
            await self.read()
        outcome = self._outcome()
        if outcome is None or (isinstance(outcome, OutcomeUnknown) and self.chance.random() < 0.5):
            self.arrives(delivery)
        await asyncio.sleep(self.chance.uniform(0, 0.004))
        return outcome or Receipt(f"ref-{delivery}", ReceiptStatus.ACCEPTED, key=str(delivery))

    async def another_account_carries_it(self) -> None:
        """The breaker of the first account opens, or closes again."""
        first, standby = self.sms
        self.way = {} if self.way else {first: standby}

    # Time, looks and receipts

    async def time_passes(self) -> None:
        """More than any call may take: those that are under way have ended before, heard or not."""
        under_way = self._open()
        self.chance.shuffle(under_way)
        for call in under_way:
            self._decide(call)
        by = timedelta(seconds=self.chance.choice(LATER))
        async with self.db.transaction() as session:
            await session.execute(_PASS, {"by": by, "ids": list(self.rows)})
        await sweep(self.db, Mode.ACTUAL, drain_seconds=1.0)

    async def somebody_looks(self, *, honest: bool = False) -> None:
        """The provider says what it knows, or for once that it cannot tell."""
        arrived = {each.delivery for each in self.arrivals}

        def find(outgoing: Outgoing) -> Finding:
            if not honest and self.chance.random() < 0.3:
                return Finding(Found.CANNOT_TELL)
            known = int(outgoing.key) in arrived
            return Finding(Found.YES, f"ref-{outgoing.key}") if known else Finding(Found.NO)

        for lane, channel in CHANNELS.items():
            outlet = Outlet(channel, find=find, capabilities=ABLE)
            await reconcile(self.db, Mode.ACTUAL, lane, {channel: outlet}, self.book)

    async def receipts_come(self) -> None:
        """Some, in any order, of anything that has arrived."""
        some = self.chance.sample(self.arrivals, min(len(self.arrivals), self.chance.randint(1, 4)))
        for arrival in some:
            channel = "facebook" if arrival.who[0] == "account" else "sms"
            status = self.chance.choice([s for s in ReceiptStatus if channel == "sms" or s is ReceiptStatus.ACCEPTED])
            given = Receipt(f"ref-{arrival.delivery}", status, key=str(arrival.delivery))
            async with self.db.transaction() as session:
                await receipts.record(session, Mode.ACTUAL, channel, [given])

    # Its end

    async def ends(self) -> None:
        """Everybody who works goes on to the end, and then it is judged."""
        self.hands.clear()
        for _ in range(40):
            await self.read()
            if all(row.state in AT_REST for row in self.rows.values()):
                break
            await self.time_passes()
            await self.somebody_looks(honest=True)
            outlets = {channel: Outlet(channel, say=self._accept, capabilities=ABLE) for channel in CHANNELS.values()}
            for lane in CHANNELS:
                limiter = Diverting(Mode.ACTUAL, {}, self.sms)
                sender = Sender(self.db, Mode.ACTUAL, lane, outlets, self.book, PACE, limiter=limiter)
                await sender.run()
        await self.read()
        left = {row.id: row.state for row in self.rows.values() if row.state not in AT_REST}
        assert not left, f"these did not come to an end: {left}"
        self._judge()
        self.over = True

    def _accept(self, outgoing: Outgoing) -> Receipt:
        self.arrives(int(outgoing.key))
        return Receipt(f"ref-{outgoing.key}", ReceiptStatus.ACCEPTED, key=outgoing.key)

    def _judge(self) -> None:
        """Who was to get which revision, by the rule of ``reach``; and what each has got last."""
        latest = max(row.number for row in self.rows.values())
        of = {(self.who(row.id), row.number): row for row in self.rows.values()}
        everybody = {("person", row.recipient_id) for row in self.rows.values() if row.number == 1 and row.recipient_id}
        attempted: set[Who] = set()
        for number in sorted({row.number for row in self.rows.values()}):
            kind = next(row.kind for row in self.rows.values() if row.number == number)
            planned = {who for who, written in of if written == number and who[0] == "person"}
            rest = everybody if kind in {Kind.ALERT, Kind.UPDATE} else set()
            assert planned == {who for who in attempted if who[0] == "person"} | rest, f"revision {number}, {kind}"
            attempted |= {who for (who, n), row in of.items() if n == number and self._was_begun(row)}
        got: dict[Who, list[int]] = {}
        for arrival in self.arrivals:
            got.setdefault(arrival.who, []).append(arrival.revision)
        for who in {who for who, _ in of}:
            row = of.get((who, latest))
            if row is None:
                assert who not in got, f"{who} got {got.get(who)} and not the newest, {latest}"
            elif row.state in MEANT_FOR_GOOD and row.id not in self.by_hand:
                assert got[who][-1] == latest, f"{who} got {got[who]}, and {latest} is said to be {row.state}"

    @staticmethod
    def _was_begun(row: Row[Any]) -> bool:
        return bool(row.attempts) or row.state in {*MEANT_FOR_GOOD, S.REJECTED, S.UNKNOWN_FINAL}

    # How providers and hands do it

    def _open(self) -> list[Call]:
        return [call for hand in self.hands for call in hand.calls if not call.decided]

    def _settleable(self) -> list[Hand]:
        return [hand for hand in self.hands if any(call.decided for call in hand.calls)]

    def _forget_idle(self) -> None:
        self.hands = [hand for hand in self.hands if hand.claimed or hand.calls]

    def _outcome(self) -> ChannelError | None:
        """Mostly a yes."""
        errors: list[ChannelError | None] = [
            Rejected("no"),
            Throttled("later", retry_after=3.0),
            Unavailable("refused"),
            OutcomeUnknown("502"),
            OutcomeUnknown("504"),
        ]
        return self.chance.choice([*errors, *[None] * 7])

    def _decide(self, call: Call) -> None:
        call.decided, call.outcome = True, self._outcome()
        if call.outcome is None or (isinstance(call.outcome, OutcomeUnknown) and self.chance.random() < 0.5):
            self.arrives(call.delivery)

    def _result(self, lane: Lane, call: Call) -> Result:
        channel = CHANNELS[lane]
        if call.outcome is None:
            return Result(call.delivery, call.attempt, channel, S.ACCEPTED, reference=f"ref-{call.delivery}")
        step = retry.after_error(call.outcome, ABLE, attempts=call.attempt, crisis=True, chance=self.chance)
        return Result(call.delivery, call.attempt, channel, step.state, step.wait, error=call.outcome.reason)
