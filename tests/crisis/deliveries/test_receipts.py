"""Receipts come at least once, in any order, sometimes first: the end is the same."""

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisis.channels import Receipt, ReceiptStatus
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import Workbench, receipt

R = ReceiptStatus
ONE_LIFE = (R.ACCEPTED, R.SENT, R.DELIVERED)


async def sms(bench: Workbench, people: int = 1) -> list[int]:
    """Text messages that the provider has accepted."""
    ids = await bench.alert("sms", people=people)
    await bench.send(Lane.SMS, Outlet("sms"))
    return ids


async def test_a_receipt_moves_a_delivery_forward(bench: Workbench) -> None:
    (delivery,) = await sms(bench)
    for status in ONE_LIFE:
        await bench.receive("sms", receipt(delivery, status))
        assert (await bench.row(delivery)).state == status


async def test_every_order_and_every_grouping_of_one_life_ends_delivered(bench: Workbench) -> None:
    ids = await sms(bench, people=12)
    orders = list(itertools.permutations(ONE_LIFE))
    for delivery, order in zip(ids[:6], orders, strict=True):  # one by one
        for status in order:
            await bench.receive("sms", receipt(delivery, status))
    for delivery, order in zip(ids[6:], orders, strict=True):  # all at once
        await bench.receive("sms", *(receipt(delivery, status) for status in order))
    assert await bench.states(ids) == {"delivered": 12}


async def test_ten_copies_are_one(bench: Workbench) -> None:
    (delivery,) = await sms(bench)
    assert await bench.receive("sms", *[receipt(delivery, R.DELIVERED)] * 10) == 1
    for _ in range(10):
        assert await bench.receive("sms", receipt(delivery, R.DELIVERED)) == 0
    assert (await bench.row(delivery)).state == "delivered"


@pytest.mark.parametrize("last", [R.DELIVERED, R.UNDELIVERED, R.EXPIRED])
async def test_the_first_final_word_stands(bench: Workbench, last: ReceiptStatus) -> None:
    (delivery,) = await sms(bench)
    await bench.receive("sms", receipt(delivery, last))
    for status in R:
        await bench.receive("sms", receipt(delivery, status))
    assert (await bench.row(delivery)).state == last


async def test_why_it_did_not_arrive_is_kept(bench: Workbench) -> None:
    (delivery,) = await sms(bench)
    await bench.receive("sms", receipt(delivery, R.UNDELIVERED, code="30003"))
    row = await bench.row(delivery)
    assert (row.state, row.error_code) == ("undelivered", "30003")


async def test_a_receipt_before_the_answer_counts_and_brings_the_reference(bench: Workbench) -> None:
    (delivery,) = await bench.alert("sms", people=1)
    await bench.receive("sms", receipt(delivery, R.SENT, "SM1"))
    row = await bench.row(delivery)
    assert (row.state, row.reference) == ("sent", "SM1")
    assert await bench.send(Lane.SMS, Outlet("sms")) == {}, "what is out must not be sent"


async def test_a_receipt_clears_up_what_was_unknown(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=2)
    await bench.send(Lane.SMS, Outlet("sms", say=lambda _: TimeoutError()))
    await bench.receive("sms", receipt(ids[0], R.DELIVERED))
    assert await bench.states(ids) == {"delivered": 1, "unknown": 1}
    assert (await bench.row(ids[0])).lease is None


@pytest.mark.parametrize(("mode", "channel"), [(Mode.EXERCISE, "sms"), (Mode.ACTUAL, "facebook")])
async def test_a_receipt_of_another_mode_or_channel_moves_nothing(bench: Workbench, mode: Mode, channel: str) -> None:
    (delivery,) = await sms(bench)
    await bench.receive(channel, receipt(delivery, R.DELIVERED), mode=mode)
    await bench.receive(channel, Receipt(f"ref-{delivery}", R.DELIVERED), mode=mode)
    await bench.sweep()
    assert (await bench.row(delivery)).state == "accepted"


@pytest.mark.parametrize("key", ["", "0", "-1", "99999", "9" * 18, "9" * 40, "1; DROP TABLE receipts", "¹", "nb/1"])
async def test_a_receipt_about_nothing_we_know_is_kept_and_moves_nothing(bench: Workbench, key: str) -> None:
    (delivery,) = await sms(bench)
    assert await bench.receive("sms", Receipt("SM-strange", R.DELIVERED, key=key)) == 1
    assert (await bench.row(delivery)).state == "accepted"


async def test_a_receipt_with_nothing_but_the_reference_finds_its_post(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Outlet())
    await bench.receive("facebook", Receipt(f"ref-{delivery}", R.DELIVERED))
    assert (await bench.row(delivery)).state == "delivered"


async def test_a_receipt_whose_reference_is_not_known_yet_waits_for_it(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    await bench.receive("facebook", Receipt(f"ref-{delivery}", R.DELIVERED))
    assert (await bench.sweep())["receipts"] == 0
    assert (await bench.row(delivery)).state == "ready"
    await bench.send(Lane.PUBLIC, Outlet())
    assert (await bench.row(delivery)).state == "accepted"
    assert (await bench.sweep())["receipts"] == 1
    assert (await bench.row(delivery)).state == "delivered"
    assert (await bench.sweep())["receipts"] == 0


async def test_a_thousand_receipts_are_one_commit(bench: Workbench) -> None:
    ids = await sms(bench, people=1000)
    assert await bench.receive("sms", *(receipt(each, R.DELIVERED) for each in ids)) == 1000
    assert await bench.states(ids) == {"delivered": 1000}


async def test_no_receipts_are_no_work(bench: Workbench) -> None:
    assert await bench.receive("sms") == 0


@pytest.fixture
async def pool(bench: Workbench) -> Iterator[int]:
    """Accepted text messages, for one example after the other."""
    return iter(await sms(bench, people=250))


LIVES = st.lists(st.sampled_from([R.DELIVERED, R.UNDELIVERED, R.EXPIRED]), min_size=1, max_size=4)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=LIVES, chance=st.randoms(use_true_random=False), size=st.integers(1, 6))
async def test_any_shuffling_of_doubled_receipts_ends_where_each_life_ended(
    bench: Workbench, pool: Iterator[int], lives: list[ReceiptStatus], chance: random.Random, size: int
) -> None:
    told = [(place, status) for place, end in enumerate(lives) for status in (R.ACCEPTED, R.SENT, end) * 2]
    chance.shuffle(told)  # first of all: an example that ends while it is drawn takes nothing out of the pool
    ids = list(itertools.islice(pool, len(lives)))
    cards = [receipt(ids[place], status) for place, status in told]
    for first in range(0, len(cards), size):
        await bench.receive("sms", *cards[first : first + size])
    assert [row.state for row in await bench.rows(ids)] == lives
