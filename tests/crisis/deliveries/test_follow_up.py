"""Follow-up: what comes after an alert changes what is out where the channel can, is published where it cannot, and always gets
out: also when what it should have changed is gone, may be out, or cannot be reached for now."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crisis.channels import (
    AccountRef,
    Capabilities,
    Earlier,
    Finding,
    FollowUp,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    Throttled,
    Unavailable,
)
from crisis.deliveries.earlier import NOTHING, Before
from crisis.deliveries.follow_up import Unsettled, find, put_out, to_edit
from crisis.mode import Mode
from tests.crisis.deliveries.page import DONT_KNOW, GONE, UNCHANGED, YES, Page

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
ACCOUNT = AccountRef(1, "facebook", "Fjordvik kommune", "1234")


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
