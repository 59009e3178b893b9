"""Promise P7 against a provider's callbacks: they come before the answer, ten times, shuffled, late, by the hundred thousand while
messages go out, and from somebody who is not the provider. Through a worker and the API."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.deliveries.states import DeliveryState
from crisis.embedded.port import free_port
from tests import factories
from tests.faults.judge import REST_SECONDS, accepted, audience_of, broadcast, repeats, states
from tests.faults.post import FORM, Letter, Post
from tests.faults.size import LATENCY, LONG, PEOPLE, TIMEOUT, either
from tests.faults.stack import Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
COPIES = 10
PER_SECOND = 1000.0
P99_SECONDS = 0.2
SLOWED = 0.8
"""The share of its speed that a fan-out keeps in a storm."""
STORM_PER_SECOND = either(200.0, 500.0)
FORBIDDEN, STORED = 403, 204
OTHER = {DeliveryState.ACCEPTED: 2}
"""Facebook and X, which report nothing."""
Note = Callable[[str, object], None]


@dataclass(frozen=True)
class Office:
    """Where the provider reports back, and who takes it in."""

    base: str
    token: str
    api: Process
    worker: Process

    def letter(self, delivery: int, reference: str, status: str, **changed: str) -> Letter:
        """A callback that the provider would send; ``changed``: signed with another ``token``, or for another ``base``."""
        given = {"base": self.base, "token": self.token} | changed
        return Letter.signed(given["base"], given["token"], delivery, reference, status)


@pytest.fixture(scope="module")
def office(stack: Stack) -> Iterator[Office]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    (api,) = stack.apis([port], CRISIS_PUBLIC_URL=base)
    worker = stack.worker(CRISIS_PUBLIC_URL=base)
    yield Office(base, stack.environment["CRISIS_TWILIO_AUTH_TOKEN"], api, worker)
    for process in (api, worker):
        assert process.process.poll() is None, process.said()


@pytest.fixture
async def telling(stack: Stack, crisis: Crisis) -> AsyncIterator[None]:  # noqa: ARG001 - after it has been cleared
    """The sandbox calls back, which other modules keep it from."""
    stack.sandbox.clear()
    stack.sandbox.fault("twilio", "latency", seconds=LATENCY / 2)
    yield
    stack.sandbox.mend()


@pytest.mark.fault(18)
@pytest.mark.usefixtures("office", "telling")
async def test_a_callback_that_comes_before_the_answer_is_not_lost(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    stack.sandbox.fault("twilio", "callback_before_response")
    await broadcast(crisis)
    await all_delivered(crisis)
    assert (accepted(stack), repeats(stack)) == (PEOPLE, 0)
    kept, distinct = await inbox(crisis)
    assert kept == distinct
    record_property("receipts kept", kept)
    record_property("lost", 0)


@pytest.mark.fault(19)
@pytest.mark.usefixtures("office", "telling")
async def test_callbacks_ten_times_shuffled_and_late_end_in_the_highest_rank_and_are_kept_once(
    stack: Stack, crisis: Crisis, record_property: Note
) -> None:
    people = either(100, 5000)
    lost = people // 10
    stack.sandbox.fault("twilio", "undelivered", times=lost)
    stack.sandbox.fault("twilio", "duplicate_callbacks", copies=COPIES)
    stack.sandbox.fault("twilio", "shuffled_callbacks", seed=19)
    stack.sandbox.fault("twilio", "late_callback", seconds=1.0)
    await broadcast(crisis, people=people)
    wanted = OTHER | {DeliveryState.DELIVERED: people - lost, DeliveryState.UNDELIVERED: lost}

    async def told() -> bool:
        return stack.sandbox.counts()["callbacks"]["pending"] == 0 and await states(crisis) == wanted

    await until(told, seconds=REST_SECONDS, pause=0.3, what=f"{wanted} was not reached")
    kept, distinct = await inbox(crisis)
    assert kept == distinct, "a receipt was kept twice"
    figures = stack.sandbox.counts()["callbacks"]
    assert figures["requests"] >= COPIES * people
    assert (figures["refused"], figures["given_up"]) == (0, 0)
    record_property("callbacks", figures["requests"])
    record_property("kept, each once", kept)


@pytest.mark.fault(19)
@pytest.mark.usefixtures("telling")
async def test_a_thousand_callbacks_a_second_are_stored_as_they_come(
    stack: Stack, crisis: Crisis, office: Office, record_property: Note
) -> None:
    stack.sandbox.fault("twilio", "no_callbacks")
    people, times = either((200, 2), (5000, 4))
    await broadcast(crisis, people=people)
    sent = await references(crisis, people)
    said = [(delivery, sid, status) for delivery, sid in sent.items() for status in ("sent", "delivered")] * times
    random.Random(19).shuffle(said)
    post = Post(office.base)
    await post.send([office.letter(*each) for each in said], per_second=PER_SECOND)
    assert post.answers == {STORED: len(said)}
    await all_delivered(crisis, people)
    assert await inbox(crisis) == (2 * people, 2 * people)
    record_property("callbacks", len(said))
    record_property("a second", PER_SECOND)
    record_property("p99, s", post.p(0.99))
    assert not LONG or post.p(0.99) < P99_SECONDS


@pytest.mark.fault(20)
@pytest.mark.usefixtures("telling")
async def test_callbacks_from_somebody_else_change_nothing_and_are_not_read(
    stack: Stack, crisis: Crisis, office: Office, record_property: Note
) -> None:
    stack.sandbox.fault("twilio", "no_callbacks")
    people = 20
    await broadcast(crisis, people=people)
    sent = await references(crisis, people)
    (one, first), (two, _) = itertools.islice(sent.items(), 2)
    true = office.letter(one, first, "delivered")
    forged = {
        "signed with another token": office.letter(one, first, "delivered", token="x" * 32),
        "not signed": replace(true, headers={"Content-Type": FORM}),
        "signed with nothing": replace(true, headers={"Content-Type": FORM, "X-Twilio-Signature": ""}),
        "about another delivery": replace(true, path=f"/receipts/actual/sms?delivery={two}"),
        "for another mode": replace(true, path=f"/receipts/exercise/sms?delivery={one}"),
        "of another host": office.letter(one, first, "delivered", base="http://krise.example.no"),
        "with another status": replace(true, body=true.body.replace(b"delivered", b"undelivered")),
        "not a form at all": replace(true, body=b"\xff\x00%zz" * 1000),
    }
    for what, letter in forged.items():
        post = Post(office.base)
        await post.send([replace(letter, headers={"Host": "krise.example.no", **letter.headers}), letter])
        assert post.answers == {FORBIDDEN: 2}, what
    assert await states(crisis) == OTHER | {DeliveryState.ACCEPTED: people + 2}
    assert await inbox(crisis) == (0, 0)
    assert office.api.said().count("was refused") >= 2 * len(forged), "nobody was told"
    assert "says nothing we can use" not in office.api.said(), "what was not signed was read"
    replayed = Post(office.base)
    await replayed.send([true] * 20)
    assert replayed.answers == {STORED: 20}
    assert await inbox(crisis) == (1, 1), "a callback that was sent again was kept again"
    assert (await states(crisis))[DeliveryState.DELIVERED] == 1
    record_property("ways to forge", len(forged))
    record_property("let in", 0)


@pytest.mark.fault(21)
@pytest.mark.usefixtures("telling")
async def test_a_storm_of_callbacks_hardly_slows_a_fan_out(
    stack: Stack, crisis: Crisis, office: Office, record_property: Note
) -> None:
    stack.sandbox.fault("twilio", "no_callbacks")
    made = await broadcast(crisis)
    early = list((await references(crisis, PEOPLE)).items())
    alone = speed(stack, 0)
    audience, over, post = await audience_of(crisis, made), asyncio.Event(), Post(office.base)
    words = itertools.cycle(itertools.product(early, ("queued", "sent", "delivered")))
    letters = (office.letter(delivery, sid, word) for (delivery, sid), word in words)
    storm = asyncio.create_task(
        post.send(itertools.takewhile(lambda _: not over.is_set(), letters), per_second=STORM_PER_SECOND)
    )
    await factories.approved_alert(crisis, made.activation, audience_id=audience)
    await references(crisis, 2 * PEOPLE)
    over.set()
    await storm
    beside = speed(stack, PEOPLE)
    assert (accepted(stack), repeats(stack)) == (2 * PEOPLE, 0)
    assert set(post.answers) == {STORED}
    record_property("callbacks", post.answers.total())
    record_property("a second", STORM_PER_SECOND)
    record_property("texts a second without", alone)
    record_property("texts a second with", beside)
    assert not LONG or beside > SLOWED * alone


async def all_delivered(crisis: Crisis, people: int = PEOPLE) -> None:
    """Wait until every text message is said to have arrived."""
    wanted = OTHER | {DeliveryState.DELIVERED: people}

    async def reached() -> bool:
        return await states(crisis) == wanted

    await until(reached, seconds=REST_SECONDS, pause=0.2, what=f"{wanted} was not reached")


async def references(crisis: Crisis, people: int) -> dict[int, str]:
    """Wait until the provider has all the text messages: ``{delivery: the provider's name for it}``."""
    wanted = text("SELECT id, reference FROM deliveries WHERE lane = 'sms' AND reference IS NOT NULL")

    async def all_are_there() -> dict[int, str]:
        async with crisis.db.transaction() as session:
            found: dict[int, str] = {row.id: row.reference for row in await session.execute(wanted)}
        return found if len(found) == people else {}

    there: dict[int, str] = await until(all_are_there, seconds=REST_SECONDS, pause=0.2, what="not all are out")
    return there


async def inbox(crisis: Crisis) -> tuple[int, int]:
    """How many receipts are kept, and how many different ones."""
    counted = "SELECT count(*), count(DISTINCT (mode, channel, reference, status, word)) FROM receipts"
    async with crisis.db.transaction() as session:
        kept, distinct = (await session.execute(text(counted))).one()
    return kept, distinct


def speed(stack: Stack, first: int) -> float:
    """Text messages a second at the sandbox, of PEOPLE from the first; the first fifth, when it gets going, does not count."""
    times: list[float] = sorted(record["accepted_mono"] for record in stack.sandbox.records("twilio", "create"))
    times = times[first + PEOPLE // 5 : first + PEOPLE]
    return (len(times) - 1) / (times[-1] - times[0])
