"""What nobody can tell about is a person's to decide, and only that."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.audit import chain
from crisis.channels import OutcomeUnknown, Rejected
from crisis.deliveries.decisions import Decision, decide, is_by_hand
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.factories import DIRECTOR, EDITOR

VALIDITY = timedelta(hours=6)


async def nobody_can_tell(bench: Workbench, lane: Lane, outlet: Outlet) -> int:
    """A delivery that may be out: sent, not heard of, looked for in vain, and for a crisis delivery twice so."""
    (delivery,) = await (bench.posts(1) if lane is Lane.UNIT else bench.alert("facebook"))
    outlet.say = lambda _: OutcomeUnknown("no answer")
    for _ in range(2):
        await bench.send(lane, outlet)
        await bench.look(lane, outlet)
    outlet.say = accepted
    assert (await bench.row(delivery)).state == "unknown_final"
    return delivery


@pytest.mark.parametrize("lane", [Lane.PUBLIC, Lane.UNIT])
async def test_sent_again_it_goes_out_once_more_and_is_flagged(bench: Workbench, lane: Lane) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, lane, outlet)
    await bench.pass_time(24 * 3600)
    actor = EDITOR if lane.crisis else LIBRARIAN
    await decide(bench.db, actor, delivery, Decision.SEND_AGAIN, validity=VALIDITY)
    await bench.send(lane, outlet)
    row = await bench.row(delivery)
    assert (row.state, row.repeated) == ("accepted", True)


async def test_marked_as_sent_it_carries_the_link_and_goes_nowhere(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, Lane.PUBLIC, outlet)
    url = "https://facebook.example/1"
    await decide(bench.db, DIRECTOR, delivery, Decision.MARK_SENT, validity=VALIDITY, url=url)
    calls = len(outlet.begun)
    await bench.send(Lane.PUBLIC, outlet)
    row = await bench.row(delivery)
    assert (row.state, row.url, len(outlet.begun)) == ("accepted", url, calls)


async def test_dropped_it_is_at_its_end(bench: Workbench) -> None:
    delivery = await nobody_can_tell(bench, Lane.UNIT, Outlet())
    await decide(bench.db, LIBRARIAN, delivery, Decision.DROP, validity=VALIDITY)
    assert (await bench.row(delivery)).state == "cancelled"
    with pytest.raises(Conflict, match="nothing to decide"):
        await decide(bench.db, LIBRARIAN, delivery, Decision.SEND_AGAIN, validity=VALIDITY)


async def test_what_was_superseded_is_not_sent_after_what_superseded_it(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, Lane.PUBLIC, outlet)
    await factories.approved_follow_up(bench.crisis, 1, 1)
    with pytest.raises(Conflict, match="not sent after it"):
        await decide(bench.db, EDITOR, delivery, Decision.SEND_AGAIN, validity=VALIDITY)
    assert (await bench.row(delivery)).state == "unknown_final"
    await decide(bench.db, EDITOR, delivery, Decision.DROP, validity=VALIDITY)


async def test_a_units_post_sent_again_during_the_lock_is_blocked(bench: Workbench) -> None:
    outlet = Outlet()
    delivery = await nobody_can_tell(bench, Lane.UNIT, outlet)
    await factories.activation(bench.db)
    await decide(bench.db, LIBRARIAN, delivery, Decision.SEND_AGAIN, validity=VALIDITY)
    calls = len(outlet.begun)
    await bench.send(Lane.UNIT, outlet)
    assert len(outlet.begun) == calls
    assert (await bench.row(delivery)).state == "blocked"


async def test_only_what_nobody_can_tell_about_is_decided(bench: Workbench) -> None:
    (delivery,) = await bench.alert("facebook")
    for decision in Decision:
        with pytest.raises(Conflict, match="stands at “ready”"):
            await decide(bench.db, EDITOR, delivery, decision, validity=VALIDITY)
        with pytest.raises(NotFound):
            await decide(bench.db, EDITOR, 99, decision, validity=VALIDITY)


async def test_the_desk_decides_about_messages_and_the_owner_about_posts(bench: Workbench) -> None:
    outlet = Outlet()
    post = await nobody_can_tell(bench, Lane.UNIT, outlet)
    for actor in (EDITOR, DIRECTOR, Actor("Læreren", Role.UNIT, "skolen")):
        with pytest.raises(NotAllowed):
            await decide(bench.db, actor, post, Decision.DROP, validity=VALIDITY)
    alert = await nobody_can_tell(bench, Lane.PUBLIC, outlet)
    for actor in (LIBRARIAN, Actor("Revisor", Role.AUDITOR), Actor("Drift", Role.ADMIN)):
        with pytest.raises(NotAllowed):
            await decide(bench.db, actor, alert, Decision.DROP, validity=VALIDITY)


async def test_a_link_that_is_none_or_out_of_place_is_refused(bench: Workbench) -> None:
    delivery = await nobody_can_tell(bench, Lane.PUBLIC, Outlet())
    for decision, url in ((Decision.MARK_SENT, "javascript:alert(1)"), (Decision.DROP, "https://example.no")):
        with pytest.raises(Invalid, match="link"):
            await decide(bench.db, EDITOR, delivery, decision, validity=VALIDITY, url=url)


async def test_who_decided_what_is_on_record(bench: Workbench) -> None:
    delivery = await nobody_can_tell(bench, Lane.PUBLIC, Outlet())
    await decide(bench.db, EDITOR, delivery, Decision.MARK_SENT, validity=VALIDITY)
    async with bench.db.transaction() as session:
        assert (await chain.verify(session)).holds
        said = (await session.execute(text("SELECT record::jsonb FROM audit ORDER BY seq DESC LIMIT 1"))).scalar_one()
    assert (said["actor"], said["action"], said["subject"]) == (EDITOR.name, "mark_sent", f"delivery:{delivery}")


async def test_what_the_provider_refused_can_be_marked_as_published_by_hand(bench: Workbench) -> None:
    (facebook,) = await bench.alert("facebook")
    await bench.send(Lane.PUBLIC, Outlet(say=lambda _: Rejected("no")))
    assert (await bench.row(facebook)).state == "rejected"
    link = "https://facebook.example/fjordvik/posts/1"
    done = await decide(bench.db, EDITOR, facebook, Decision.MARK_SENT, validity=VALIDITY, url=link)
    assert done.state == "rejected", "what the provider said is not rewritten"
    row = await bench.row(facebook)
    assert (row.state, row.url, is_by_hand(row.error)) == ("rejected", link, True)
    for other in (Decision.SEND_AGAIN, Decision.DROP):
        with pytest.raises(Conflict):
            await decide(bench.db, EDITOR, facebook, other, validity=VALIDITY)


async def test_a_text_message_that_was_refused_is_nobodys_to_send_by_hand(bench: Workbench) -> None:
    (sms,) = await bench.alert("sms", people=1)
    await bench.send(Lane.SMS, Outlet("sms", say=lambda _: Rejected("no")))
    with pytest.raises(Conflict):
        await decide(bench.db, EDITOR, sms, Decision.MARK_SENT, validity=VALIDITY)
