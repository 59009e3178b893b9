"""Facebook over a real socket: publish, edit, withdraw, read back and reconcile."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import facebook as sdk
import pytest

from adapters.facebook import Facebook, build
from crisis.channels import (
    Found,
    Misconfigured,
    OutcomeUnknown,
    ReceiptStatus,
    Rejected,
)
from tests.adapters.graph_answers import ACCOUNT, MESSAGE, PAGE, POST, SINCE, TEXT, listing, live, refusal
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.setups import (
    APP_SECRET,
    PAGE_TOKEN,
    a_setup,
)


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Facebook]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


async def test_a_post_goes_to_the_page_with_its_whole_text(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"id": POST}))
    receipt = await channel.publish(ACCOUNT, MESSAGE)
    assert (receipt.reference, receipt.status) == (POST, ReceiptStatus.ACCEPTED)
    assert receipt.url == f"https://www.facebook.com/{POST}"
    (seen,) = server.requests
    assert (seen.method, seen.target) == ("POST", f"/v26.0/{PAGE}/feed")
    assert seen.form["message"] == TEXT


async def test_a_graph_version_the_sdk_refuses_is_used_all_the_same(server: Scripted) -> None:
    with pytest.raises(sdk.GraphAPIError):  # what is being worked around
        sdk.GraphAPI(None, version="26.0")
    server.script(Answer(200, {"id": POST}))
    channel = build(a_setup(server.url, server.address, graph_version="27.1"))
    await channel.publish(ACCOUNT, MESSAGE)
    await channel.close()
    assert server.requests[0].path == f"/v27.1/{PAGE}/feed"


async def test_two_channels_with_two_addresses_do_not_disturb_each_other(channel: Facebook, server: Scripted) -> None:
    built_in = sdk.FACEBOOK_GRAPH_URL
    with Scripted() as other:
        server.script(Answer(200, {"id": "1_1"}))
        other.script(Answer(200, {"id": "2_2"}))
        second = build(a_setup(f"{other.url}/graph", other.address))
        receipts = await asyncio.gather(channel.publish(ACCOUNT, MESSAGE), second.publish(ACCOUNT, MESSAGE))
        await second.close()
        assert [receipt.reference for receipt in receipts] == ["1_1", "2_2"]
        assert other.requests[0].path == f"/graph/v26.0/{PAGE}/feed"
    assert built_in == sdk.FACEBOOK_GRAPH_URL


async def test_an_app_secret_proves_itself_with_every_call(channel: Facebook, server: Scripted) -> None:
    proof = hmac.new(APP_SECRET.encode(), PAGE_TOKEN.encode(), hashlib.sha256).hexdigest()
    server.script(Answer(200, {"id": POST}), Answer(200, live()), Answer(200, {"success": True}))
    await channel.publish(ACCOUNT, MESSAGE)
    await channel.read_back(ACCOUNT, POST)
    await channel.withdraw(ACCOUNT, POST)
    assert server.requests[0].form["appsecret_proof"] == proof
    assert server.requests[1].query["appsecret_proof"] == proof
    assert server.requests[2].query["appsecret_proof"] == proof


async def test_without_an_app_secret_there_is_no_proof(server: Scripted) -> None:
    server.script(Answer(200, {"id": POST}))
    channel = build(a_setup(server.url, server.address, facebook_app_secret=""))
    await channel.publish(ACCOUNT, MESSAGE)
    await channel.close()
    assert list(server.requests[0].form) == ["message"]


async def test_an_edit_replaces_the_text(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"success": True}))
    receipt = await channel.edit(ACCOUNT, POST, MESSAGE)
    assert receipt.reference == POST
    assert (server.requests[0].method, server.requests[0].target) == ("POST", f"/v26.0/{POST}")
    assert server.requests[0].form["message"] == TEXT


async def test_an_edit_that_is_not_confirmed_is_unknown(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"success": False}))
    with pytest.raises(OutcomeUnknown):
        await channel.edit(ACCOUNT, POST, MESSAGE)


async def test_a_withdrawal_deletes(channel: Facebook, server: Scripted) -> None:
    server.script(Answer(200, {"success": True}))
    await channel.withdraw(ACCOUNT, POST)
    assert (server.requests[0].method, server.requests[0].path) == ("DELETE", f"/v26.0/{POST}")


@pytest.mark.parametrize("gone", [refusal(100, error_subcode=33), refusal(100, 404), refusal(803, 404)])
async def test_withdrawing_what_is_gone_is_done(channel: Facebook, server: Scripted, gone: Answer) -> None:
    server.script(gone)
    await channel.withdraw(ACCOUNT, POST)
    assert len(server.requests) == 1


async def test_a_withdrawal_that_is_refused_is_not_done(channel: Facebook, server: Scripted) -> None:
    server.script(refusal(200, 403))
    with pytest.raises(Rejected):
        await channel.withdraw(ACCOUNT, POST)


async def test_reading_back_shows_the_text_and_the_permalink(channel: Facebook, server: Scripted) -> None:
    link = "https://www.facebook.com/fjordvik/posts/55"
    server.script(Answer(200, live(permalink_url=link)))
    finding = await channel.read_back(ACCOUNT, POST)
    assert (finding.found, finding.reference, finding.url, finding.text) == (Found.YES, POST, link, TEXT)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(200, live(is_published=False)), Found.NO),
        (refusal(100, error_subcode=33), Found.NO),
        (refusal(4), Found.CANNOT_TELL),
        (refusal(2, 500), Found.CANNOT_TELL),
        (Answer(503, live()), Found.CANNOT_TELL),
        (Answer(200, {"id": "another"}), Found.CANNOT_TELL),
        (Answer(200, "{broken"), Found.CANNOT_TELL),
        (Reset(), Found.CANNOT_TELL),
    ],
)
async def test_only_a_clear_answer_says_yes_or_no(
    channel: Facebook, server: Scripted, answer: Answer | Reset, found: Found
) -> None:
    server.script(answer)
    assert (await channel.read_back(ACCOUNT, POST)).found is found


async def test_a_dead_token_is_told_to_a_person_also_when_reading(channel: Facebook, server: Scripted) -> None:
    server.script(refusal(190, 401), refusal(190, 401))
    with pytest.raises(Misconfigured):
        await channel.read_back(ACCOUNT, POST)
    with pytest.raises(Misconfigured):
        await channel.reconcile(ACCOUNT, MESSAGE, SINCE)


async def test_the_same_whole_text_since_the_attempt_is_ours(channel: Facebook, server: Scripted) -> None:
    changed = TEXT.replace("\n", "\r\n").replace("å", "a\u030a") + " "
    theirs = {"id": f"{PAGE}_9", "message": "Biblioteket er stengt", "created_time": "2026-11-20T03:00:03+0000"}
    server.script(listing(theirs, live(changed, application={"id": "app1"})))
    finding = await channel.reconcile(ACCOUNT, MESSAGE, SINCE)
    assert (finding.found, finding.reference) == (Found.YES, POST)


async def test_the_attempt_bounds_what_is_read(channel: Facebook, server: Scripted) -> None:
    server.script(listing())
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.NO
    (seen,) = server.requests
    assert (seen.method, seen.path) == ("GET", f"/v26.0/{PAGE}/published_posts")
    asked_from = datetime.fromtimestamp(int(seen.query["since"]), UTC)
    assert SINCE - timedelta(seconds=5) <= asked_from < SINCE


@pytest.mark.parametrize(
    "post",
    [
        live(TEXT[:-1]),
        live(TEXT + " Mer følger."),
        live(at="2026-11-20T02:59:00+0000"),
        {"id": POST, "created_time": "2026-11-20T03:00:01+0000"},
    ],
)
async def test_part_of_the_text_or_an_older_post_is_not_it(
    channel: Facebook, server: Scripted, post: dict[str, Any]
) -> None:
    server.script(listing(post))
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.NO


async def test_every_page_is_read_by_cursor_before_saying_no(channel: Facebook, server: Scripted) -> None:
    server.script(listing(live("a"), after="A"), listing(live("b"), after="B"), listing(live()))
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.YES
    assert [seen.query.get("after") for seen in server.requests] == [None, "A", "B"]


async def test_a_list_without_end_is_not_a_no(channel: Facebook, server: Scripted) -> None:
    server.script(*(listing(live("a"), after=str(number)) for number in range(50)))
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.CANNOT_TELL
    assert len(server.requests) < 10


@pytest.mark.parametrize(
    "answer",
    [
        refusal(4),
        refusal(1, 500),
        Answer(503, {"data": []}),
        Answer(200, {}),
        Answer(200, {"data": "odd"}),
        Answer(200, {"data": [1]}),
        Answer(200, {"data": [], "paging": {"next": "there is more"}}),
        Answer(200, {"data": []}, after=2.0),
        Reset(),
    ],
)
async def test_no_is_said_only_after_a_clean_read(channel: Facebook, server: Scripted, answer: Answer | Reset) -> None:
    server.script(answer)
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.CANNOT_TELL


async def test_the_same_text_from_another_app_is_for_a_person(channel: Facebook, server: Scripted) -> None:
    server.script(listing(live(application={"id": "somebody else's"})))
    finding = await channel.reconcile(ACCOUNT, MESSAGE, SINCE)
    assert (finding.found, finding.reference, finding.text) == (Found.CANNOT_TELL, POST, TEXT)
