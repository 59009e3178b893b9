"""Each promise is found broken when it is: the checks on a real sandbox that was made to hold what it should not."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests

from crisis.accounts.models import Account
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.channels import Unit
from crisis.deliveries.ledger import Line
from crisis.deliveries.states import DeliveryState
from crisis.demo import checks
from crisis.demo.judge import Judge
from crisis.demo.promises import Report
from crisis.demo.town import Town
from crisis.errors import Unready
from crisis.messages.lengths import Length
from crisis.messages.plan import Plan, Preview
from crisis.messages.rendered import Rendered
from crisis.mode import Mode
from crisis.posts.standing import Standing
from tests.adapters.sandbox_server import SandboxServer

EVERYONE = {"+12015550100": "nb", "+12015550101": "nn"}
TEXTS = {"nb": "Gå ut av området nå.", "nn": "Gå ut av området no."}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    server = SandboxServer()
    yield server
    server.stop()


@pytest.fixture
async def judge(sandbox: SandboxServer) -> AsyncIterator[Judge]:
    async with Judge(sandbox.url) as asked:
        await asked.begin_anew()
        yield asked


def preview(channel: str, language: str) -> Preview:
    text = TEXTS[language]
    rendered = Rendered(channel, language, language, text, text, None, Length(1, Unit.CHARACTERS, 1))
    return Preview(channel, language, ["Fjordvik"], rendered, [])


PLAN = Plan(
    [preview(channel, language) for channel in ("sms", "facebook") for language in TEXTS], {"sms": 2, "facebook": 2}
)


def text_to(sandbox: SandboxServer, number: str, language: str) -> None:
    form = {"To": number, "From": "Fjordvik", "Body": TEXTS[language]}
    address = f"{sandbox.url}/twilio/2010-04-01/Accounts/{sandbox.account_sid}/Messages.json"
    requests.post(address, form, auth=(sandbox.account_sid, sandbox.token), timeout=5).raise_for_status()


def post_to(sandbox: SandboxServer, page: str, text: str) -> None:
    form = {"message": text, "access_token": "demo"}
    requests.post(f"{sandbox.url}/graph/v26.0/{page}/feed", form, timeout=5).raise_for_status()


async def test_everybody_once_in_their_own_language(sandbox: SandboxServer, judge: Judge) -> None:
    for number, language in EVERYONE.items():
        text_to(sandbox, number, language)
    assert [promise.kept for promise in await checks.sms(judge, PLAN, EVERYONE)] == [True, True]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([("+12015550100", "nb")], [False, False]),  # somebody was left out
        ([*EVERYONE.items(), ("+12015550100", "nb")], [False, False]),  # somebody got it twice
        ([*EVERYONE.items(), ("+12015550199", "nb")], [False, True]),  # a stranger got it
        ([("+12015550100", "nn"), ("+12015550101", "nn")], [True, False]),  # in a language not theirs
    ],
)
async def test_anything_else_is_found(
    sandbox: SandboxServer, judge: Judge, sent: list[tuple[str, str]], kept: list[bool]
) -> None:
    for number, language in sent:
        text_to(sandbox, number, language)
    assert [promise.kept for promise in await checks.sms(judge, PLAN, EVERYONE)] == kept


async def test_a_post_that_is_missing_or_twice_is_found(sandbox: SandboxServer, judge: Judge) -> None:
    post_to(sandbox, "1", TEXTS["nb"])
    assert not (await checks.posts(judge, PLAN)).kept
    post_to(sandbox, "1", TEXTS["nn"])
    assert (await checks.posts(judge, PLAN)).kept
    post_to(sandbox, "1", TEXTS["nb"])
    assert not (await checks.posts(judge, PLAN)).kept


def activation(confirmed_at: datetime | None) -> Activation:
    return Activation(
        id=1,
        mode=Mode.ACTUAL,
        state=ActivationState.CONFIRMED if confirmed_at else ActivationState.LOCKING,
        activated_at=datetime.now(UTC) - timedelta(minutes=1),
        confirmed_at=confirmed_at,
    )


def stood_down(at: datetime) -> Activation:
    return Activation(id=1, mode=Mode.ACTUAL, state=ActivationState.STOOD_DOWN, stood_down_at=at)


def standing(state: str) -> Standing:
    now = datetime.now(UTC)
    return Standing(
        1, 1, "facebook", "Bibliotek", "biblioteket", "", "Hei", now, "B", now, {state: 1}, None, None, now, 1
    )


async def test_a_units_post_under_the_lock_is_found(sandbox: SandboxServer, judge: Judge) -> None:
    library = Account(channel="facebook", name="Bibliotek", unit="biblioteket", address="9000")
    town = Town({("facebook", "Bibliotek"): library}, 1, 2, None)
    begin, end = datetime.now(UTC) - timedelta(minutes=1), datetime.now(UTC) + timedelta(minutes=1)
    held = {1: standing("blocked")}

    async def kept() -> bool:
        return (await checks.nothing_started(judge, activation(begin), stood_down(end), town, held)).kept

    post_to(sandbox, "1", "Krisemeldingen selv")
    assert await kept()
    post_to(sandbox, "9000", "Vi holder åpent som vanlig i dag!")
    assert not await kept()


async def test_a_post_that_was_not_blocked_is_found(judge: Judge) -> None:
    now = datetime.now(UTC)
    town = Town({}, 1, 2, None)
    lost = await checks.nothing_started(judge, activation(now), stood_down(now), town, {1: standing("dead")})
    assert not lost.kept
    assert not checks.still_blocked({1: standing("blocked"), 2: standing("ready")}).kept
    assert checks.still_blocked({1: standing("blocked")}).kept
    assert not (await checks.nothing_started(judge, activation(None), stood_down(now), town, {})).kept


async def test_a_lock_confirmed_before_the_post_had_ended_is_found(sandbox: SandboxServer, judge: Judge) -> None:
    too_early = datetime.now(UTC) - timedelta(seconds=5)
    post_to(sandbox, "9000", "Vi spyler vannledningene.")
    assert not (await checks.confirmed(judge, activation(too_early), [], "Vi spyler vannledningene.")).kept
    assert (await checks.confirmed(judge, activation(datetime.now(UTC)), [], "Vi spyler vannledningene.")).kept
    assert not (await checks.confirmed(judge, activation(None), [], "Vi spyler vannledningene.")).kept


def lines(**states: int) -> list[Line]:
    sms = Line(1, 1, 1, "sms", "Fjordvik", "nb", Counter({DeliveryState(state): n for state, n in states.items()}))
    page = Line(1, 1, 2, "facebook", "Fjordvik", "nb", Counter({DeliveryState.ACCEPTED: 2}))
    return [sms, page]


@pytest.mark.parametrize(
    ("states", "kept"), [({"delivered": 2}, True), ({"delivered": 1}, False), ({"dead": 3}, False)]
)
def test_counts_that_do_not_add_up_are_found(states: dict[str, int], kept: bool) -> None:
    assert checks.adds_up(lines(**states), 2, PLAN).kept is kept


async def test_delivered_that_nobody_reported_is_found(sandbox: SandboxServer, judge: Judge) -> None:
    await judge.disturb(provider="twilio", kind="undelivered", times=1)
    for number, language in EVERYONE.items():
        text_to(sandbox, number, language)
    assert (await checks.receipts(judge, lines(delivered=1, undelivered=1))).kept
    assert not (await checks.receipts(judge, lines(delivered=2))).kept
    assert not (await checks.receipts(judge, lines(delivered=1, sent=1))).kept


async def test_a_sandbox_that_is_away_is_said_so() -> None:
    async with Judge("http://127.0.0.1:9") as nobody:
        with pytest.raises(Unready, match="crisis up --demo"):
            await nobody.records()


def test_a_report_without_promises_is_not_a_kept_one() -> None:
    assert not Report().kept
