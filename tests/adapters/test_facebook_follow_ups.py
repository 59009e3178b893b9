"""What follows a Facebook post: linked to it when it is news, in its place and with one comment when it was wrong."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.facebook import Facebook, build
from crisis.channels import (
    ChannelError,
    Earlier,
    Found,
    Gone,
    Misconfigured,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    Throttled,
    Unavailable,
)
from tests.adapters.graph_answers import ACCOUNT, MESSAGE, PAGE, POST, SINCE, TEXT, live, refusal
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.setups import a_setup

DONE = Answer(200, {"success": True})
NO_COMMENTS = Answer(200, {"data": []})
COMMENTED = Answer(200, {"id": "55_77"})
ISSUED = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
EARLIER = Earlier("7", "alert", "Leirskred", "Gå til Moen skole", None, SINCE, POST, f"https://www.facebook.com/{POST}")
SAID = "Rettelse: Leirskred\n\nTeksten i innlegget ble rettet 20. november kl. 12.30."


def following(kind: str, **changes: Any) -> Outgoing:
    made = replace(MESSAGE, kind=kind, title="Rettelse: Leirskred", issued_at=ISSUED, earlier=(EARLIER,))
    return replace(made, edits=POST if kind in {"correction", "retraction"} else None, **changes)


def comments(*said: dict[str, Any], after: str | None = None) -> Answer:
    paging = {"paging": {"cursors": {"after": after}, "next": "https://graph.facebook.com/x"}} if after else {}
    return Answer(200, {"data": list(said), **paging})


def comment(message: str = SAID, author: str = PAGE) -> dict[str, Any]:
    return {"id": "55_77", "message": message, "from": {"id": author}}


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Facebook]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


# News: posted anew, with the first post attached


@pytest.mark.parametrize("kind", ["update", "all_clear"])
async def test_news_is_posted_anew_with_the_first_post_as_its_link(
    channel: Facebook, server: Scripted, kind: str
) -> None:
    server.script(Answer(200, {"id": f"{PAGE}_56"}))
    newer = replace(EARLIER, key="8", reference=f"{PAGE}_58", url=f"https://www.facebook.com/{PAGE}_58")
    receipt = await channel.publish(ACCOUNT, following(kind, earlier=(newer, EARLIER)))
    assert receipt.reference == f"{PAGE}_56"
    (seen,) = server.requests
    assert seen.form == {"message": TEXT, "link": EARLIER.url} | {"appsecret_proof": seen.form["appsecret_proof"]}


async def test_a_link_that_meta_cannot_read_is_left_out(channel: Facebook, server: Scripted) -> None:
    server.script(refusal(1609005), Answer(200, {"id": f"{PAGE}_56"}))
    assert (await channel.publish(ACCOUNT, following("update"))).reference == f"{PAGE}_56"
    assert ["link" in seen.form for seen in server.requests] == [True, False]


async def test_any_other_refusal_of_it_is_final(channel: Facebook, server: Scripted) -> None:
    server.script(refusal(100))
    with pytest.raises(Rejected):
        await channel.publish(ACCOUNT, following("update"))
    assert len(server.requests) == 1


async def test_what_follows_a_post_without_an_address_stands_by_itself(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"id": f"{PAGE}_56"}))
    await channel.publish(ACCOUNT, following("update", earlier=(replace(EARLIER, url=None),)))
    assert "link" not in server.requests[0].form


# What was wrong: changed where it stands


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("correction", "nb", "Teksten i innlegget ble rettet 20. november kl. 12.30."),
        ("correction", "nn", "Teksten i innlegget vart retta 20. november kl. 12.30."),
        ("correction", "en", "The text of this post was corrected 20 November at 12:30."),
        (
            "retraction",
            "nb",
            "Innlegget ble trukket tilbake 20. november kl. 12.30. Det som sto her før, gjelder ikke.",
        ),
        ("retraction", "nn", "Innlegget vart trekt tilbake 20. november kl. 12.30. Det som stod her før, gjeld ikkje."),
        ("retraction", "en", "This post was withdrawn 20 November at 12:30. What it said before does not apply."),
    ],
)
async def test_the_post_gets_the_new_text_and_one_comment_says_so(
    channel: Facebook, server: Scripted, kind: str, language: str, said: str
) -> None:
    server.script(DONE, NO_COMMENTS, COMMENTED)
    receipt = await channel.edit(ACCOUNT, POST, following(kind, language=language))
    assert (receipt.reference, receipt.key, receipt.note) == (POST, MESSAGE.key, None)
    edited, read, commented = server.requests
    assert (edited.method, edited.path, edited.form["message"]) == ("POST", f"/v26.0/{POST}", TEXT)
    assert (read.method, read.path, read.query["order"]) == ("GET", f"/v26.0/{POST}/comments", "reverse_chronological")
    assert (commented.method, commented.path) == ("POST", f"/v26.0/{POST}/comments")
    assert commented.form["message"] == f"Rettelse: Leirskred\n\n{said}"


async def test_a_comment_that_is_there_is_not_made_again(channel: Facebook, server: Scripted) -> None:
    server.script(DONE, comments(comment("Takk!", "4"), after="c1"), comments(comment(f"{SAID}\n")))
    await channel.edit(ACCOUNT, POST, following("correction"))
    assert [seen.method for seen in server.requests] == ["POST", "GET", "GET"]
    assert server.requests[2].query["after"] == "c1"


async def test_the_same_words_from_somebody_else_are_not_ours(channel: Facebook, server: Scripted) -> None:
    server.script(DONE, comments(comment(author="4")), COMMENTED)
    await channel.edit(ACCOUNT, POST, following("correction"))
    assert len(server.requests) == 3


async def test_an_edit_for_another_reason_is_not_commented_on(channel: Facebook, server: Scripted) -> None:
    server.script(DONE)
    await channel.edit(ACCOUNT, POST, following("update"))
    assert len(server.requests) == 1


@pytest.mark.parametrize("gone", [refusal(100, error_subcode=33), refusal(803, 404)])
async def test_a_post_that_is_gone_is_told_as_gone(channel: Facebook, server: Scripted, gone: Answer) -> None:
    server.script(gone)
    with pytest.raises(Gone):
        await channel.edit(ACCOUNT, POST, following("correction"))
    assert len(server.requests) == 1


async def test_a_post_of_another_app_is_as_good_as_gone(channel: Facebook, server: Scripted) -> None:
    server.script(refusal(200, 403), Answer(200, live(application={"id": "app2"})))
    with pytest.raises(Gone) as caught:
        await channel.edit(ACCOUNT, POST, following("correction"))
    assert "not made by our app" in caught.value.reason


@pytest.mark.parametrize(
    "read", [Answer(200, live(application={"id": "app1"})), Answer(200, live()), refusal(200, 403), Answer(503, {})]
)
async def test_a_refusal_that_is_about_something_else_is_not_taken_for_that(
    channel: Facebook, server: Scripted, read: Answer
) -> None:
    server.script(refusal(200, 403), read)
    with pytest.raises(Rejected) as caught:
        await channel.edit(ACCOUNT, POST, following("correction"))
    assert not isinstance(caught.value, Gone)


# Bad answers


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, {"success": False}), OutcomeUnknown),
        (Answer(200, [1]), OutcomeUnknown),
        (Answer(200, '{"succ'), OutcomeUnknown),
        (Answer(503, {}), OutcomeUnknown),
        (refusal(2, 500), OutcomeUnknown),
        (Reset(), OutcomeUnknown),
        (refusal(190), Misconfigured),
        (refusal(32, 403), Throttled),
        (refusal(368), Throttled),
    ],
)
async def test_what_a_bad_answer_to_the_edit_means(
    channel: Facebook, server: Scripted, answer: Answer | Reset, expected: type[ChannelError]
) -> None:
    server.script(answer)
    with pytest.raises(expected):
        await channel.edit(ACCOUNT, POST, following("correction"))
    assert len(server.requests) == 1, "nothing is said about an edit that nobody knows of"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, {"data": "none"}), Unavailable),
        (Answer(200, '{"data'), Unavailable),
        (Answer(502, "<html>", content_type="text/html"), Unavailable),
        (Reset(), Unavailable),
        (Answer(200, {"data": [], "paging": {"next": "https://x"}}), Unavailable),
        (refusal(32, 403), Throttled),
        (refusal(190), Misconfigured),
    ],
)
async def test_no_comment_is_added_while_nobody_can_tell_whether_it_is_there(
    channel: Facebook, server: Scripted, answer: Answer | Reset, expected: type[ChannelError]
) -> None:
    server.script(DONE, answer)
    with pytest.raises(expected):
        await channel.edit(ACCOUNT, POST, following("correction"))
    assert [seen.method for seen in server.requests] == ["POST", "GET"]


@pytest.mark.parametrize("answer", [Answer(200, {}), Answer(200, '{"id'), Answer(503, {}), refusal(1), Reset()])
async def test_a_comment_that_may_be_there_is_unknown(
    channel: Facebook, server: Scripted, answer: Answer | Reset
) -> None:
    server.script(DONE, NO_COMMENTS, answer)
    with pytest.raises(OutcomeUnknown):
        await channel.edit(ACCOUNT, POST, following("correction"))
    assert len(server.requests) == 3


@pytest.mark.parametrize("answers", [(refusal(10, 403),), (NO_COMMENTS, refusal(200, 403))])
async def test_a_page_that_takes_no_comment_has_the_new_text_all_the_same(
    channel: Facebook, server: Scripted, answers: tuple[Answer, ...]
) -> None:
    server.script(DONE, *answers)
    receipt = await channel.edit(ACCOUNT, POST, following("correction"))
    assert receipt.reference == POST
    assert "Comment on it by hand" in (receipt.note or "")


# Reading back what became of an edit


OURS = live(application={"id": "app1"})
OLD = live("Gå til Moen skole", application={"id": "app1"})


@pytest.mark.parametrize(
    ("answers", "found", "in_place"),
    [
        ((Answer(200, OURS), comments(comment())), Found.YES, False),
        ((Answer(200, OURS), NO_COMMENTS), Found.NO, True),
        ((Answer(200, OLD),), Found.NO, True),
        ((refusal(100, error_subcode=33),), Found.NO, False),
        ((Answer(200, OURS | {"application": {"id": "app2"}}),), Found.NO, False),
        ((Answer(200, OURS | {"id": "1_1"}),), Found.CANNOT_TELL, False),
        ((Answer(200, OURS), Answer(503, {})), Found.CANNOT_TELL, False),
        ((Answer(200, OURS), Answer(200, {"data": None})), Found.CANNOT_TELL, False),
        ((Answer(502, "<html>", content_type="text/html"),), Found.CANNOT_TELL, False),
        ((Reset(),), Found.CANNOT_TELL, False),
        ((refusal(32, 403),), Found.CANNOT_TELL, False),
    ],
)
async def test_the_posts_own_text_and_its_comment_say_whether_the_edit_was_made(
    channel: Facebook, server: Scripted, answers: tuple[Answer | Reset, ...], found: Found, in_place: bool
) -> None:
    server.script(*answers)
    finding = await channel.reconcile(ACCOUNT, following("correction"), SINCE)
    assert (finding.found, finding.in_place) == (found, in_place)
    assert [seen.method for seen in server.requests] == ["GET"] * len(answers)
    if found is Found.YES:
        assert finding.reference == POST
