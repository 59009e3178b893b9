"""Whole messages that are followed up: what is out already is read from the database, waited for, and changed once."""

from datetime import timedelta
from typing import Any

from crisis import clock
from crisis.channels import OutcomeUnknown
from crisis.deliveries import earlier
from crisis.deliveries.earlier import NOTHING, PATIENT_LOOKS, Before
from crisis.deliveries.engine import Engine
from crisis.lanes import Lane
from crisis.limits import service
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.page import DONT_KNOW, GONE, UNCHANGED, Page
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR, LANGUAGES, SLIDE

# What is out already, from the database


async def follow(bench: Workbench, kind: Kind, headline: str) -> list[int]:
    """Approve what follows the first message; the ids of its deliveries."""
    contents: dict[str, Any] = {"nb": SLIDE["nb"] | {"headline": headline}}
    later = None if kind is Kind.ALL_CLEAR else clock.now() + timedelta(hours=1)
    draft = await drafts.write(bench.db, EDITOR, 1, kind, contents, LANGUAGES, message_id=1, next_update_at=later)
    return await bench.of_revision((await bench.crisis.desk.approve(EDITOR, draft.id)).revision.id)


async def before(bench: Workbench, delivery: int) -> Before:
    async with bench.db.transaction() as session:
        return (await earlier.read(session, [delivery])).get(delivery, NOTHING)


async def test_what_is_out_is_read_newest_first_by_account(bench: Workbench) -> None:
    page, other = Page(), Outlet("twitter")
    await bench.alert("facebook", "twitter")
    await bench.send(Lane.PUBLIC, page, other)
    update = await follow(bench, Kind.UPDATE, "Skred ved Moen: Hold avstand")
    assert [each.kind for each in (await before(bench, update[0])).out] == ["alert"]
    await bench.send(Lane.PUBLIC, page, other)
    correction = await follow(bench, Kind.CORRECTION, "Skred ved Moen: Hold god avstand")
    for delivery, name in zip(correction, ("facebook", "twitter"), strict=True):
        found = await before(bench, delivery)
        assert [each.kind for each in found.out] == ["update", "alert"]
        assert not found.unsettled
        row = await bench.row(delivery)
        keys = {int(each.key) for each in found.out}
        assert {r.account_id for r in await bench.rows(sorted(keys))} == {row.account_id}, name


async def test_what_may_be_out_is_waited_for_and_not_for_ever(bench: Workbench) -> None:
    page = Page()
    page.say = lambda _: OutcomeUnknown("no answer")
    page.find = lambda _: DONT_KNOW
    (alert,) = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, page)
    page.say = accepted
    (correction,) = await follow(bench, Kind.CORRECTION, "Skred ved Moen: Hold god avstand")
    await bench.send(Lane.PUBLIC, page)
    row = await bench.row(correction)
    assert (row.state, len(page.begun), page.edited) == ("retry_wait", 1, [])
    async with bench.db.transaction() as session:
        assert await service.troubles(session, Mode.ACTUAL) == [], "its provider is not to blame"
    for _ in range(PATIENT_LOOKS):
        await bench.pass_time(400)
        await bench.look(Lane.PUBLIC, page)
    assert (await bench.row(alert)).state == "unknown"
    await bench.send(Lane.PUBLIC, page)
    assert (await bench.row(correction)).state == "accepted"
    assert [each.kind for each in page.begun] == ["alert", "correction"]


async def test_an_edit_whose_answer_was_lost_is_tried_again_and_is_no_repeat(bench: Workbench) -> None:
    page = Page()
    await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, page)
    (reference,) = [row.reference for row in await bench.rows()]
    (correction,) = await follow(bench, Kind.CORRECTION, "Skred ved Moen: Hold god avstand")
    page.at = {reference: OutcomeUnknown("no answer")}
    page.find = lambda outgoing: UNCHANGED if outgoing.edits == reference else GONE
    await bench.send(Lane.PUBLIC, page)
    assert (await bench.row(correction)).state == "unknown"
    page.at = {}
    await bench.look(Lane.PUBLIC, page)
    await bench.send(Lane.PUBLIC, page)
    row = await bench.row(correction)
    assert (row.state, row.repeated, row.reference) == ("accepted", False, reference)
    assert (len(page.begun), len(page.edited)) == (1, 2)


# Over real sockets


async def test_a_whole_message_follows_each_channels_own_way(
    bench: Workbench, live: Engine, server: SandboxServer
) -> None:
    await bench.everywhere(server.url, people=3)
    await live.sweep_and_deliver()
    for kind, headline in (
        (Kind.UPDATE, "Skred ved Moen: Hold avstand"),
        (Kind.CORRECTION, "Skred ved Moen: Hold god avstand"),
    ):
        ids = await follow(bench, kind, headline)
        await live.sweep_and_deliver()
        assert await bench.states(ids) == {"accepted": len(ids)}
    await bench.crisis.desk.retract(EDITOR, 1)
    await live.sweep_and_deliver()
    assert await bench.states() == {"accepted": 4 * 7}

    def verbs(provider: str) -> list[str]:
        return [record["verb"] for record in server.records(provider)]

    # Facebook: the update is a post of its own; the correction edits that and says so; the retraction edits both.
    assert verbs("graph")[:2] == ["create", "create"]
    assert sorted(verbs("graph")[2:4]) == ["comment", "edit"]
    assert sorted(verbs("graph")[4:]) == ["comment", "comment", "edit", "edit"]
    assert verbs("x") == ["create"] * 4
    assert verbs("wordpress") == ["create", "edit", "edit", "edit"]
    assert verbs("twilio") == ["create"] * 12
    correction = server.records("x")[2]["text"]
    assert correction.startswith("Rettelse til melding 2")
    rows = await bench.rows()
    assert len({row.reference for row in rows if row.account_id == 1}) == 2, "two posts on Facebook, edited in place"
    assert not any(row.repeated for row in rows)
