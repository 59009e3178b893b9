"""Follow-up: what comes after an alert changes what is out where the channel can, is published where it cannot, and always gets
out: also when what it should have changed is gone, may be out, or cannot be reached for now."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crisis import clock
from crisis.channels import (
    AccountRef,
    Capabilities,
    Earlier,
    Finding,
    FollowUp,
    Found,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries import earlier
from crisis.deliveries.earlier import NOTHING, PATIENT_LOOKS, Before
from crisis.deliveries.engine import Engine
from crisis.deliveries.follow_up import Unsettled, find, put_out, to_edit
from crisis.lanes import Lane
from crisis.limits import service
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.outlet import Outlet, accepted
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR, SLIDE

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
ACCOUNT = AccountRef(1, "facebook", "Fjordvik kommune", "1234")
LANGUAGES = ("nb", "nn", "en")
EDITS = {
    "correction": FollowUp.EDIT_AND_COMMENT,
    "all_clear": FollowUp.EDIT_IN_PLACE,
    "retraction": FollowUp.EDIT_IN_PLACE,
    "update": FollowUp.NEW_WITH_REFERENCE,
}
ABLE = Capabilities(edit=True, follow_ups=EDITS, reconcile=True, settle_seconds=0.0)


class Page(Outlet):
    """An outlet whose posts can be changed. ``at`` says what becomes of an edit of a post; without a word it is done."""

    def __init__(self, capabilities: Capabilities = ABLE, **at: Exception) -> None:
        super().__init__("facebook", capabilities=capabilities)
        self.at, self.edited = at, list[Outgoing]()

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002 - the port's
        self.edited.append(outgoing)
        assert outgoing.edits == reference
        if reference in self.at:
            raise self.at[reference]
        return Receipt(reference, ReceiptStatus.ACCEPTED, key=outgoing.key)


def says(kind: str) -> Outgoing:
    return Outgoing("9", Mode.ACTUAL, kind, "nb", "Skred", "Skred ved Moen")


def out(*references: str | None) -> Before:
    return Before(tuple(Earlier(str(n), "alert", "Skred", "Skred", None, NOW, ref) for n, ref in enumerate(references)))


# Which verb


@pytest.mark.parametrize("kind", ["alert", "update", "correction", "all_clear", "retraction", "post"])
@pytest.mark.parametrize("way", FollowUp)
@pytest.mark.parametrize("can", [True, False], ids=["can edit", "cannot edit"])
def test_only_what_says_that_it_edits_does_and_only_where_there_is_something_to_edit(
    kind: str, way: FollowUp, *, can: bool
) -> None:
    able = Capabilities(edit=can, follow_ups={kind: way})
    posts = to_edit(able, kind, out("new", None, "old", "new").out)
    expected = ("new", "old") if kind == "retraction" else ("new",)
    assert posts == (expected if can and way.edits else ())
    assert to_edit(able, kind, out(None).out) == to_edit(able, kind, ()) == ()
    assert to_edit(Capabilities(edit=can), kind, out("new").out) == ()


async def test_what_edits_changes_the_newest_and_a_retraction_changes_them_all() -> None:
    page = Page()
    receipt = await put_out(page, ACCOUNT, says("correction"), out("new", "old"))
    assert (receipt.reference, receipt.note) == ("new", None)
    assert [each.edits for each in page.edited] == ["new"]
    await put_out(page, ACCOUNT, says("retraction"), out("new", "old"))
    assert [each.edits for each in page.edited[1:]] == ["new", "old"]
    assert page.begun == []


async def test_what_is_published_anew_knows_what_is_out() -> None:
    page = Page()
    await put_out(page, ACCOUNT, says("update"), out("old"))
    (published,) = page.begun
    assert [each.reference for each in published.earlier] == ["old"]
    assert (published.edits, page.edited) == (None, [])


async def test_where_what_it_should_change_is_gone_it_goes_out_by_itself_and_says_so() -> None:
    page = Page(new=Gone("deleted"))
    receipt = await put_out(page, ACCOUNT, says("correction"), out("new", "old"))
    assert receipt.reference == "ref-9"
    assert receipt.note == "The post it should have changed was gone, so this was posted anew."
    (published,) = page.begun
    assert [each.reference for each in published.earlier] == [None, "old"], "it must not link what is not there"


async def test_of_several_posts_the_ones_that_refuse_are_named_and_the_others_are_done() -> None:
    page = Page(old=Rejected("No permission."))
    receipt = await put_out(page, ACCOUNT, says("retraction"), out("new", "old"))
    assert receipt.reference == "new"
    assert receipt.note == "1 earlier posts still have their old text: No permission. Edit them by hand."
    page = Page(old=Gone("deleted"))
    assert (await put_out(page, ACCOUNT, says("retraction"), out("new", "old"))).note is None


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        (Throttled("slow"), None, Throttled),
        (Throttled("slow"), OutcomeUnknown("?"), OutcomeUnknown),
        (Rejected("no"), Unavailable("down"), Unavailable),
        (Rejected("no"), Rejected("no"), Rejected),
        (Misconfigured("token"), Throttled("slow"), Misconfigured),
        (ValueError("odd"), Throttled("slow"), ValueError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_of_several_posts_errors_the_gravest_decides(
    new: Exception, old: Exception | None, expected: type[Exception]
) -> None:
    page = Page(new=new, **({} if old is None else {"old": old}))
    with pytest.raises(expected):
        await put_out(page, ACCOUNT, says("retraction"), out("new", "old"))
    assert page.begun == []


async def test_an_edit_waits_for_what_may_be_out_and_what_is_published_does_not() -> None:
    page = Page()
    unsettled = Before(out("old").out, unsettled=True)
    with pytest.raises(Unsettled):
        await put_out(page, ACCOUNT, says("correction"), unsettled)
    await put_out(page, ACCOUNT, says("update"), unsettled)
    assert (len(page.begun), page.edited) == (1, [])


# Looking into what became of it


def answers(**by_post: Finding) -> Callable[[Outgoing], Finding]:
    return lambda outgoing: by_post[outgoing.edits or "anew"]


GONE, UNCHANGED = Finding(Found.NO), Finding(Found.NO, in_place=True)
YES, DONT_KNOW = Finding(Found.YES), Finding(Found.CANNOT_TELL)


@pytest.mark.parametrize(
    ("new", "old", "anew", "expected"),
    [
        (YES, YES, GONE, YES),
        (YES, UNCHANGED, GONE, UNCHANGED),
        (UNCHANGED, DONT_KNOW, GONE, DONT_KNOW),
        (YES, GONE, GONE, YES),
        (GONE, GONE, YES, YES),
        (GONE, GONE, GONE, GONE),
    ],
)
async def test_an_edit_is_done_when_every_post_that_is_left_has_the_text(
    new: Finding, old: Finding, anew: Finding, expected: Finding
) -> None:
    page = Page()
    page.find = answers(new=new, old=old, anew=anew)
    assert await find(page, ACCOUNT, says("retraction"), out("new", "old"), NOW) == expected


async def test_what_was_published_is_looked_for_as_it_was() -> None:
    page = Page()
    page.find = answers(anew=YES)
    assert await find(page, ACCOUNT, says("update"), out("old"), NOW) == YES
    assert await find(page, ACCOUNT, says("alert"), NOTHING, NOW) == YES


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
