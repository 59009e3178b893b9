"""The ledger always adds up to the audience (promise P7)."""

import random

from crisis.channels import OutcomeUnknown, Outgoing, Receipt, ReceiptStatus, Rejected, Throttled
from crisis.deliveries import items, ledger
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from tests import factories
from tests.crisis.deliveries.outlet import Answer, Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench, receipt

S = DeliveryState


async def lines(bench: Workbench, activation_id: int = 1) -> list[ledger.Line]:
    async with bench.db.transaction() as session:
        return await ledger.lines(session, activation_id)


async def test_at_every_moment_the_counts_add_up_to_the_audience(bench: Workbench) -> None:
    chance = random.Random(3)

    def say(outgoing: Outgoing) -> Answer:
        refusals = [Rejected("no"), Throttled("later"), OutcomeUnknown("502")]
        return chance.choice([accepted(outgoing), accepted(outgoing), *refusals])

    ids = await bench.alert("sms", "facebook", people=60)
    sms = Outlet("sms", say=say)
    for _ in range(6):
        await bench.send(
            Lane.SMS, sms, batch=20, slice_seconds=0.5
        )  # one in five is throttled: it would wait for its pace
        taken = [row.id for row in await bench.rows(ids) if row.state in {"accepted", "sent"}]
        told = [receipt(each, chance.choice(list(ReceiptStatus))) for each in taken if chance.random() < 0.5]
        await bench.receive("sms", *told)
        await bench.look(Lane.SMS, sms)
        await bench.pass_time(100)
        totals = {line.channel: line.total for line in await lines(bench)}
        assert totals == {"facebook": 1, "sms": 60}
    (facebook, text_messages) = sorted(await lines(bench), key=lambda line: line.channel)
    assert facebook.underway == 1
    assert text_messages.counts[S.DELIVERED] > 0
    assert text_messages.counts[S.REJECTED] > 0
    counted = await bench.states()
    assert {state.value: count for state, count in (text_messages.counts + facebook.counts).items()} == counted


async def test_what_is_underway_is_neither_at_an_end_nor_for_a_person(bench: Workbench) -> None:
    line = ledger.Line(1, 1, 1, "sms", "Varsling", "nb")
    for number, state in enumerate(S, start=1):
        line.counts[state] = number
    underway = {S.READY, S.LEASED, S.IN_FLIGHT, S.RETRY_WAIT, S.UNKNOWN, S.BLOCKED}
    assert line.underway == sum(line.counts[state] for state in underway)
    assert line.total == sum(range(1, len(S) + 1))
    assert await lines(bench, 99) == []


async def test_a_repeat_is_shown_as_one(bench: Workbench) -> None:
    await bench.alert("facebook")
    outlet = Outlet(say=lambda _: OutcomeUnknown("502"))
    await bench.send(Lane.PUBLIC, outlet)
    await bench.look(Lane.PUBLIC, outlet)
    outlet.say = accepted
    await bench.send(Lane.PUBLIC, outlet)
    (line,) = await lines(bench)
    assert line.repeated == 1
    assert line.counts == {S.ACCEPTED: 1}


async def test_where_the_public_can_see_it_and_what_went_wrong_are_on_the_line(bench: Workbench) -> None:
    await bench.alert("facebook", "twitter")
    seen = Receipt("1", ReceiptStatus.ACCEPTED, url="https://example.no/1")
    await bench.send(Lane.PUBLIC, Outlet(say=lambda _: seen), Outlet("twitter", say=lambda _: Rejected("no", code="9")))
    facebook, x = sorted(await lines(bench), key=lambda line: line.channel)
    assert (facebook.url, facebook.error) == ("https://example.no/1", None)
    assert (x.url, x.error) == (None, "no")


async def test_items_show_two_digits_of_a_number_and_no_more_and_go_on_page_by_page(bench: Workbench) -> None:
    ids = await bench.alert("sms", "facebook", people=5)
    found: list[items.Item] = []
    async with bench.db.transaction() as session:
        while page := await items.of_revision(session, 1, after=found[-1].id if found else 0, most=2):
            found += page
        of_sms = await items.of_revision(session, 1, channel="sms")
        ready = await items.of_revision(session, 1, state=S.READY)
        sent = await items.of_revision(session, 1, state=S.SENT)
    assert [item.id for item in found] == ids
    assert [item.last_two for item in of_sms] == ["00", "01", "02", "03", "04"]
    assert "4000000" not in repr(found)
    assert (len(ready), len(sent)) == (6, 0)


async def test_units_posts_are_not_in_an_activations_ledger(bench: Workbench) -> None:
    await bench.posts(3)
    await factories.activation(bench.db)
    assert await lines(bench) == []
