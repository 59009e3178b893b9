"""What the suite's judges are worth: each passes the product's own protocol, and catches one with a single thing wrong about it.
(Two more, of the lock, are in ``tests/race``.)"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import pytest

from adapters.sandbox.callbacks import sign
from adapters.sms import Sms
from crisis.activations.holders import Holder
from crisis.bootstrap import crisis_of
from crisis.channels import (
    Callback,
    Channel,
    Finding,
    ForgedCallback,
    Found,
    Outgoing,
    Receipt,
    ReceiptStatus,
    UnknownStatus,
)
from crisis.db import Database, no_bell
from crisis.deliveries import claims, settling
from crisis.deliveries.settling import Result
from crisis.deliveries.states import RANK, DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings
from tests.adapters.setups import a_setup
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.moves import Moves
from tests.faults.post import FORM, Letter

PEOPLE = 4
BASE = "https://krise.example.no"
TOKEN = "a-token-of-a-test"
HOLD = 5.0


@pytest.fixture
async def bench(db: Database, settings: Settings) -> AsyncIterator[Workbench]:  # noqa: ARG001 - empties it
    """An engine taken apart, with nothing between the mutants and the database."""
    made = crisis_of(settings, bell=no_bell)
    yield Workbench(made, Moves(made.db))
    await made.db.close()


# Sent before written


@dataclass
class Life:
    """One sender on a few text messages: its steps, and what the provider has."""

    bench: Workbench
    lease: UUID = field(default_factory=uuid4)
    held: list[int] = field(default_factory=list)
    attempts: dict[int, int] = field(default_factory=dict)
    arrived: Counter[int] = field(default_factory=Counter)

    async def claim(self) -> None:
        async with self.bench.db.transaction() as session:
            found = await claims.claim(session, Mode.ACTUAL, Lane.SMS, self.lease, most=PEOPLE, hold_seconds=HOLD)
        self.held = [each.id for each in found]

    async def start(self) -> None:
        async with self.bench.db.transaction() as session:
            self.attempts = await claims.start(
                *(session, Mode.ACTUAL, Lane.SMS, self.lease, self.held),
                holder=Holder.this_process(),
                hold_seconds=HOLD,
            )

    async def call(self) -> None:
        self.arrived.update(self.held)

    async def settle(self) -> None:
        results = [
            Result(each, attempt, "sms", DeliveryState.ACCEPTED, reference=f"ref-{each}")
            for each, attempt in self.attempts.items()
        ]
        async with self.bench.db.transaction() as session:
            await settling.settle(session, Lane.SMS, self.lease, results, holder=Holder.this_process())

    def say(self, outgoing: Outgoing) -> Receipt:
        self.arrived[int(outgoing.key)] += 1
        return accepted(outgoing)

    def find(self, outgoing: Outgoing) -> Finding:
        known = self.arrived[int(outgoing.key)]
        return Finding(Found.YES, f"ref-{outgoing.key}") if known else Finding(Found.NO)


Step = Callable[[Life], Awaitable[None]]
RIGHT: Sequence[Step] = (Life.claim, Life.start, Life.call, Life.settle)
SENT_BEFORE_WRITTEN: Sequence[Step] = (Life.claim, Life.call, Life.start, Life.settle)


async def blind_repeats(bench: Workbench, steps: Sequence[Step]) -> int:
    """How many got it twice without a look, when the sender dies after its last step and the product's own take over."""
    ids = await bench.alert("sms", people=PEOPLE)
    life = Life(bench)
    for step in steps:
        await step(life)
    outlet = Outlet("sms", say=life.say, find=life.find)
    for _ in range(4):
        await bench.pass_time(60)
        await bench.sweep()
        await bench.look(Lane.SMS, outlet)
        await bench.send(Lane.SMS, outlet)
    assert await bench.states() == {"accepted": PEOPLE}
    assert set(life.arrived) == set(ids), "somebody did not get it"
    return sum(life.arrived[row.id] > 1 and not row.repeated for row in await bench.rows())


@pytest.mark.parametrize("died_after", range(len(RIGHT) + 1))
async def test_a_sender_that_dies_after_any_step_sends_nothing_twice(bench: Workbench, died_after: int) -> None:
    assert await blind_repeats(bench, RIGHT[:died_after]) == 0


@pytest.mark.mutant("sent before written")
async def test_a_sender_that_calls_before_it_has_written_that_it_does_is_caught(bench: Workbench) -> None:
    assert await blind_repeats(bench, SENT_BEFORE_WRITTEN[:2]) == PEOPLE


# The signature


class Trusting(Sms):
    """Wrong: takes every callback for one of the provider's."""

    def parse_receipts(self, callback: Callback) -> Sequence[Receipt | UnknownStatus]:
        fields = dict(parse_qsl(callback.body.decode()))
        headers = {**callback.headers, "x-twilio-signature": sign(TOKEN, callback.url, fields)}
        return super().parse_receipts(replace(callback, headers=headers))


async def let_in(bench: Workbench, channel: Channel) -> set[str]:
    """Which of the ways to forge a callback move a delivery, and "true" if a true one does."""
    one, two = (await bench.alert("sms", people=2))[:2]
    await bench.send(Lane.SMS, Outlet("sms"))
    true = Letter.signed(BASE, TOKEN, one, f"SM{one}", "delivered")
    letters = {
        "another token": Letter.signed(BASE, "b" * 32, one, f"SM{one}", "delivered"),
        "no signature": replace(true, headers={"Content-Type": FORM}),
        "another delivery": replace(true, path=f"/receipts/actual/sms?delivery={two}"),
        "another host": Letter.signed("https://krise.example.com", TOKEN, one, f"SM{one}", "delivered"),
        "another status": replace(true, body=true.body.replace(b"delivered", b"undelivered")),
        "true": true,
    }
    moved = set()
    for way, letter in letters.items():
        headers = {name.lower(): value for name, value in letter.headers.items()}
        await bench.run("TRUNCATE receipts")
        await bench.run("UPDATE deliveries SET state = 'accepted'")
        try:
            given = channel.parse_receipts(Callback("POST", BASE + letter.path, headers, letter.body))
        except ForgedCallback:
            given = ()
        if given:
            await bench.receive("sms", *given)
        if await bench.states() != {"accepted": 2}:
            moved.add(way)
    return moved


def twilio(kind: type[Sms]) -> Sms:
    return kind(a_setup("http://127.0.0.1:9", None, twilio_account_sid="AC1", twilio_auth_tokens=(TOKEN,)))


async def test_only_the_provider_moves_a_delivery(bench: Workbench) -> None:
    assert await let_in(bench, twilio(Sms)) == {"true"}


@pytest.mark.mutant("signature check removed")
async def test_a_channel_that_checks_no_signature_is_caught(bench: Workbench) -> None:
    assert await let_in(bench, twilio(Trusting)) > {"true"}


# The merging by rank

Record = Callable[[Workbench, Receipt], Awaitable[None]]
_LAST_WORD = "UPDATE deliveries SET state = :status, changed_at = now() WHERE id = :id"
WORDS = (ReceiptStatus.ACCEPTED, ReceiptStatus.SENT, ReceiptStatus.DELIVERED)


async def by_rank(bench: Workbench, receipt: Receipt) -> None:
    """As the product does."""
    await bench.receive("sms", receipt)


async def last_word(bench: Workbench, receipt: Receipt) -> None:
    """Wrong: what comes last is right."""
    await bench.run(_LAST_WORD, status=receipt.status.value, id=int(receipt.key or 0))


async def moved_back(bench: Workbench, record: Record) -> int:
    """How many deliveries end below the highest rank they were told, when their receipts come shuffled and several times."""
    ids = await bench.alert("sms", people=20)
    await bench.send(Lane.SMS, Outlet("sms"))
    chance = random.Random(19)
    told = [(each, word) for each in ids for word in WORDS[: 1 + each % len(WORDS)]]
    highest = {each: max((word for other, word in told if other == each), key=rank) for each in ids}
    letters = told * 3
    chance.shuffle(letters)
    for delivery, word in letters:
        await record(bench, Receipt(f"ref-{delivery}", word, key=str(delivery)))
    return sum(row.state != highest[row.id].value for row in await bench.rows())


def rank(word: ReceiptStatus) -> int:
    return RANK[DeliveryState(word.value)]


async def test_receipts_in_any_order_end_in_the_highest_rank(bench: Workbench) -> None:
    assert await moved_back(bench, by_rank) == 0


@pytest.mark.mutant("rank merge removed")
async def test_receipts_of_which_the_last_one_counts_are_caught(bench: Workbench) -> None:
    assert await moved_back(bench, last_word) > 0
