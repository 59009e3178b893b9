"""A second look: what the provider accepted is looked at from outside, and both words are kept. It never moves a delivery."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Row, text

from crisis.channels import Capabilities, Found, Misconfigured, Outgoing, Receipt, ReceiptStatus, Rejected, Sighting
from crisis.deliveries import items, ledger, looks, sweep
from crisis.deliveries.sights import Sight, words
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import DRAIN_SECONDS, Workbench

WAITS = (10.0, 30.0, 120.0, 600.0)
PUBLIC = Capabilities(reconcile=True, settle_seconds=0.0, look_seconds=WAITS)
PAID = Capabilities(reconcile=True, settle_seconds=0.0, look_seconds=(10.0, 120.0))


def shows(*found: Found) -> Outlet:
    """A channel whose posts are seen so, look by look; the last for ever after."""
    told = list(found)

    def see(_: Outgoing) -> Sighting:
        at = told.pop(0) if len(told) > 1 else told[0]
        return Sighting(at, None if at is Found.YES else "The page does not have it.")

    return Outlet(capabilities=PUBLIC, see=see)


async def accepted(bench: Workbench, *outlets: Outlet) -> list[int]:
    ids = await bench.alert(*(outlet.name for outlet in outlets))
    await bench.send(Lane.PUBLIC, *outlets)
    assert await bench.states(ids) == {"accepted": len(ids)}
    return ids


async def planned(bench: Workbench, *outlets: Outlet) -> int:
    done = await sweep.sweep(
        bench.db, Mode.ACTUAL, drain_seconds=DRAIN_SECONDS, channels={outlet.name: outlet for outlet in outlets}
    )
    return done["looks"]


async def look(bench: Workbench, *outlets: Outlet, after: float = 0.0) -> int:
    """Let time pass, then look at what is due."""
    await bench.run(
        "UPDATE looks SET due_at = due_at - :by * interval '1 second', lease_until = lease_until - :by * interval '1 second'",
        by=after,
    )
    return await looks.look_around(bench.db, Mode.ACTUAL, {outlet.name: outlet for outlet in outlets}, bench.book)


async def seen(bench: Workbench, delivery: int) -> Row[Any]:
    async with bench.db.transaction() as session:
        found = await session.execute(
            text("SELECT *, extract(epoch FROM due_at - now()) AS wait FROM looks WHERE delivery_id = :id"),
            {"id": delivery},
        )
        return found.one()


async def test_what_is_there_is_seen_live_and_looked_at_once_more(bench: Workbench) -> None:
    outlet = shows(Found.YES)
    (delivery,) = await accepted(bench, outlet)
    assert await planned(bench, outlet) == 1
    assert await planned(bench, outlet) == 0, "planned once"
    assert await look(bench, outlet) == 0, "not before its time"
    assert await look(bench, outlet, after=10) == 1
    row = await seen(bench, delivery)
    assert (row.sight, row.looks, row.seen_at is not None, row.why) == ("seen", 1, True, None)
    assert looks.AGAIN_SECONDS - 5 < row.wait <= looks.AGAIN_SECONDS
    assert await look(bench, outlet, after=looks.AGAIN_SECONDS) == 1
    row = await seen(bench, delivery)
    assert (row.sight, row.looks, row.due_at) == ("seen", 2, None)
    assert (await bench.row(delivery)).state == "accepted"


async def test_what_is_never_there_is_looked_for_four_times_and_then_accepted_not_seen(bench: Workbench) -> None:
    outlet = shows(Found.NO)
    (delivery,) = await accepted(bench, outlet)
    await planned(bench, outlet)
    for number, wait in enumerate(WAITS, 1):
        assert await look(bench, outlet, after=wait - 1) == 0
        assert await look(bench, outlet, after=1.1) == 1
        row = await seen(bench, delivery)
        assert (row.sight, row.looks) == ("waiting" if number < len(WAITS) else "not_seen", number)
    assert (row.due_at, row.why) == (None, "The page does not have it.")
    assert await look(bench, outlet, after=1e6) == 0
    assert (await bench.row(delivery)).state == "accepted", "a look moves no delivery"
    assert len(outlet.begun) == 1, "and sends nothing"


async def test_what_is_taken_down_after_it_was_seen_is_said_to_be_gone(bench: Workbench) -> None:
    outlet = shows(Found.NO, Found.YES, Found.NO)
    (delivery,) = await accepted(bench, outlet)
    await planned(bench, outlet)
    for wait in (10, 30, looks.AGAIN_SECONDS):
        await look(bench, outlet, after=wait)
    row = await seen(bench, delivery)
    assert (row.sight, row.looks, row.due_at) == ("gone", 3, None)
    assert row.seen_at < row.looked_at


async def test_trouble_on_the_way_says_nothing_against_what_was_seen(bench: Workbench) -> None:
    outlet = shows(Found.YES, Found.CANNOT_TELL)
    (delivery,) = await accepted(bench, outlet)
    await planned(bench, outlet)
    for _ in range(6):
        await look(bench, outlet, after=1000)
    row = await seen(bench, delivery)
    assert (row.sight, row.looks, row.due_at) == ("seen", len(WAITS), None)


async def test_a_read_that_is_paid_for_is_made_twice_at_most(bench: Workbench) -> None:
    outlets = [
        Outlet(name, capabilities=PAID, see=lambda _, found=found: Sighting(found))  # type: ignore[misc]
        for name, found in (("facebook", Found.YES), ("twitter", Found.NO))
    ]
    await accepted(bench, *outlets)
    await planned(bench, *outlets)
    for _ in range(5):
        await look(bench, *outlets, after=1e4)
    assert [len(outlet.seen) for outlet in outlets] == [2, 2]


@pytest.mark.parametrize(
    "trouble", [Misconfigured("dead token"), Rejected("no"), TimeoutError(), KeyError("id")], ids=repr
)
async def test_trouble_at_one_post_stops_no_other(
    bench: Workbench, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outlets = [Outlet(capabilities=PUBLIC, see=lambda _: trouble), Outlet("twitter", capabilities=PUBLIC)]
    ids = await accepted(bench, *outlets)
    await planned(bench, *outlets)
    with caplog.at_level(logging.CRITICAL):
        assert await look(bench, *outlets, after=10) == 2
    sights = {(await bench.row(i)).account_id: (await seen(bench, i)).sight for i in ids}
    assert sorted(sights.values()) == ["seen", "waiting"]


async def test_two_processes_never_look_at_the_same_post_at_once(bench: Workbench) -> None:
    outlets = [Outlet(name, capabilities=PUBLIC) for name in ("facebook", "twitter")]
    await accepted(bench, *outlets)
    await planned(bench, *outlets)
    await bench.run("UPDATE looks SET due_at = now()")
    done = await asyncio.gather(*(look(bench, *outlets) for _ in range(4)))
    assert sum(done) == 2
    assert [len(outlet.seen) for outlet in outlets] == [1, 1]


async def test_who_died_while_looking_is_followed_and_its_look_is_counted(bench: Workbench) -> None:
    outlet = shows(Found.YES)
    (delivery,) = await accepted(bench, outlet)
    await planned(bench, outlet)
    await bench.run(
        "UPDATE looks SET lease = gen_random_uuid(), lease_until = now() + interval '1 minute', looks = 1, due_at = now()"
    )
    assert await look(bench, outlet) == 0
    assert await look(bench, outlet, after=61) == 1
    assert (await seen(bench, delivery)).looks == 2


async def test_a_revision_that_changed_the_same_post_ends_the_older_ones_look(bench: Workbench) -> None:
    outlet = Outlet(
        capabilities=PUBLIC,
        say=lambda out: Receipt("the-one-post", ReceiptStatus.ACCEPTED, key=out.key),
        see=lambda _: Sighting(Found.NO),
    )
    (alert,) = await accepted(bench, outlet)
    await planned(bench, outlet)
    await look(bench, outlet, after=10)
    made = await factories.approved_follow_up(bench.crisis, 1, 1)
    await bench.send(Lane.PUBLIC, outlet)
    (update,) = await bench.of_revision(made.revision.id)
    await planned(bench, outlet)
    row = await seen(bench, alert)
    assert (row.sight, row.due_at) == ("replaced", None)
    assert (await seen(bench, update)).sight == "waiting"


async def test_only_public_posts_of_channels_with_something_to_see_are_looked_at(bench: Workbench) -> None:
    outlets = [Outlet("facebook", capabilities=Capabilities()), Outlet("sms", capabilities=PUBLIC)]
    await bench.alert("facebook", "sms", people=2)
    await bench.send(Lane.PUBLIC, *outlets)
    await bench.send(Lane.SMS, *outlets)
    assert await planned(bench, *outlets) == 0


async def test_the_sweep_kicks_when_a_look_is_due(bench: Workbench) -> None:
    outlet = shows(Found.YES)
    await accepted(bench, outlet)
    await planned(bench, outlet)
    async with bench.db.transaction() as session:
        assert await sweep.due_lanes(session, Mode.ACTUAL) == []
    await bench.run("UPDATE looks SET due_at = now()")
    async with bench.db.transaction() as session:
        assert await sweep.due_lanes(session, Mode.ACTUAL) == [Lane.PUBLIC]
        assert await sweep.due_lanes(session, Mode.EXERCISE) == []


async def test_what_a_provider_says_is_kept_whatever_is_in_it(bench: Workbench) -> None:
    outlet = Outlet(capabilities=PUBLIC, see=lambda _: Sighting(Found.NO, "a\x00b\ud800c" + "x" * 10_000))
    (delivery,) = await accepted(bench, outlet)
    await planned(bench, outlet)
    assert await look(bench, outlet, after=10) == 1
    assert (await seen(bench, delivery)).why.startswith("a\N{REPLACEMENT CHARACTER}b?cxxx")


async def test_the_ledger_shows_both_words(bench: Workbench) -> None:
    outlets = [
        Outlet(name, capabilities=PAID, see=lambda _, found=found: Sighting(found, "why"))  # type: ignore[misc]
        for name, found in (("facebook", Found.YES), ("twitter", Found.NO))
    ]
    await accepted(bench, *outlets)
    await planned(bench, *outlets)
    for _ in range(2):
        await look(bench, *outlets, after=1e4)
    async with bench.db.transaction() as session:
        lines = {line.channel: line for line in await ledger.lines(session, 1)}
        found = await items.of_revision(session, 1)
    assert lines["facebook"].sights == {Sight.SEEN: 1}
    assert lines["facebook"].seen_at is not None
    assert lines["twitter"].sights == {Sight.NOT_SEEN: 1}
    assert lines["twitter"].unseen_why == "why"
    assert {item.channel: item.sight for item in found} == {"facebook": "seen", "twitter": "not_seen"}
    assert all(item.state == "accepted" for item in found)


def test_times_are_said_as_norwegians_say_them() -> None:
    at, later = datetime(2026, 11, 20, 4, 58, 7, tzinfo=UTC), datetime(2026, 11, 20, 5, 6, tzinfo=UTC)
    assert words(Sight.SEEN, at, later) == "seen live at 05.58"
    assert words(Sight.NOT_SEEN, None, later) == "accepted, not seen"
    assert words(Sight.GONE, at, later) == "seen live at 05.58, gone at 06.06"
