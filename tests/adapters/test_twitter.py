"""X over a real socket: publish, withdraw, read back and reconcile."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from oauthlib.oauth1 import Client as Signer

from adapters.twitter import Twitter, build
from crisis.channels import (
    Callback,
    Found,
    Misconfigured,
    ReceiptStatus,
    Throttled,
    Unsupported,
)
from tests.adapters.scripted import Answer, Reset, Scripted, Seen
from tests.adapters.setups import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_SECRET,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    a_message,
    a_setup,
    an_account,
)
from tests.adapters.x_answers import (
    ACCOUNT,
    CREATED,
    CREDENTIALS,
    MESSAGE,
    NOT_THERE,
    POST,
    SINCE,
    TEXT,
    USER,
    live,
    problem,
    timeline,
)


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Twitter]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


async def test_a_post_goes_out_with_its_text(channel: Twitter, server: Scripted) -> None:
    server.script(Answer(201, CREATED, {"x-rate-limit-remaining": "99", "x-rate-limit-reset": "1732072500"}))
    receipt = await channel.publish(ACCOUNT, MESSAGE)
    assert (receipt.reference, receipt.status) == (POST, ReceiptStatus.ACCEPTED)
    assert receipt.url == f"https://x.com/i/web/status/{POST}"
    assert receipt.raw["x-rate-limit-remaining"] == "99"
    (seen,) = server.requests
    assert (seen.method, seen.target) == ("POST", "/2/tweets")
    assert seen.json == {"text": TEXT}


async def test_the_answer_says_how_much_of_the_allowance_is_used_also_when_it_is_a_refusal(
    channel: Twitter, server: Scripted
) -> None:
    rates = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "20", "x-rate-limit-reset": "4102444800"}
    server.script(Answer(201, CREATED, rates))
    receipt = await channel.publish(ACCOUNT, MESSAGE)
    assert receipt.usage is not None
    assert (receipt.usage.used, receipt.usage.remaining) == (0.8, 20)
    server.script(problem(429, headers=rates | {"x-rate-limit-remaining": "0"}))
    with pytest.raises(Throttled) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.usage is not None
    assert (caught.value.usage.used, caught.value.usage.remaining) == (1.0, 0)


def signature_holds(seen: Seen, base: str) -> bool:
    """Sign the request again as X would, for the address it was sent to, and compare."""
    given = dict(re.findall(r'(\w+)="([^"]*)"', seen.headers["authorization"]))
    signer = Signer(
        CONSUMER_KEY,
        CONSUMER_SECRET,
        ACCESS_TOKEN,
        ACCESS_TOKEN_SECRET,
        nonce=given["oauth_nonce"],
        timestamp=given["oauth_timestamp"],
    )
    _, headers, _ = signer.sign(base + seen.target, seen.method)
    return given["oauth_signature"] in headers["Authorization"]


async def test_the_signature_is_for_the_address_that_is_really_called(channel: Twitter, server: Scripted) -> None:
    """Tweepy would sign for its built-in host, and X would refuse it on any other."""
    server.script(Answer(201, CREATED), timeline())
    await channel.publish(ACCOUNT, MESSAGE)
    await channel.reconcile(ACCOUNT, MESSAGE, SINCE)
    for seen in server.requests:
        assert seen.headers["authorization"].startswith("OAuth ")
        assert signature_holds(seen, server.url)
        assert not signature_holds(seen, "https://api.twitter.com")


async def test_two_accounts_sign_with_their_own_tokens_at_the_same_time(channel: Twitter, server: Scripted) -> None:
    accounts = [
        an_account("twitter", USER, {"access_token": f"{number}-a", "access_token_secret": f"s{number}"})
        for number in range(8)
    ]
    server.script(*(Answer(201, CREATED, after=0.05) for _ in accounts))
    await asyncio.gather(*(channel.publish(account, MESSAGE) for account in accounts))
    tokens = {re.findall(r'oauth_token="([^"]*)"', seen.headers["authorization"])[0] for seen in server.requests}
    assert tokens == {f"{number}-a" for number in range(8)}


async def test_a_withdrawal_deletes(channel: Twitter, server: Scripted) -> None:
    server.script(Answer(200, {"data": {"deleted": True}}))
    await channel.withdraw(ACCOUNT, POST)
    assert (server.requests[0].method, server.requests[0].target) == ("DELETE", f"/2/tweets/{POST}")


@pytest.mark.parametrize("gone", [problem(404), Answer(200, NOT_THERE), Answer(404, NOT_THERE)])
async def test_withdrawing_what_is_gone_is_done(channel: Twitter, server: Scripted, gone: Answer) -> None:
    server.script(gone)
    await channel.withdraw(ACCOUNT, POST)
    assert len(server.requests) == 1


async def test_reading_back_shows_the_text_as_it_was_posted(channel: Twitter, server: Scripted) -> None:
    server.script(Answer(200, {"data": live()}))
    finding = await channel.read_back(ACCOUNT, POST)
    assert (finding.found, finding.reference) == (Found.YES, POST)
    assert finding.text == TEXT.replace("krise.", "http://krise.")
    assert server.requests[0].path == f"/2/tweets/{POST}"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (Answer(200, NOT_THERE), Found.NO),
        (problem(404), Found.NO),
        (Answer(200, {"errors": [{"type": "https://api.twitter.com/2/problems/odd"}]}), Found.CANNOT_TELL),
        (Answer(200, {"errors": "odd"}), Found.CANNOT_TELL),
        (Answer(200, {"data": {"id": "7"}}), Found.CANNOT_TELL),
        (Answer(404, "<html>", content_type="text/html"), Found.CANNOT_TELL),
        (problem(429), Found.CANNOT_TELL),
        (problem(503), Found.CANNOT_TELL),
        (Reset(), Found.CANNOT_TELL),
    ],
)
async def test_only_a_clear_answer_says_yes_or_no(
    channel: Twitter, server: Scripted, answer: Answer | Reset, found: Found
) -> None:
    server.script(answer)
    assert (await channel.read_back(ACCOUNT, POST)).found is found


async def test_a_dead_token_is_told_to_a_person_also_when_reading(channel: Twitter, server: Scripted) -> None:
    server.script(problem(401), problem(401))
    with pytest.raises(Misconfigured):
        await channel.read_back(ACCOUNT, POST)
    with pytest.raises(Misconfigured):
        await channel.reconcile(ACCOUNT, MESSAGE, SINCE)


@pytest.mark.parametrize(
    "post",
    [
        live(),
        live(TEXT),  # as a stand-in may give it back: nothing shortened, nothing escaped
        live(entities={"urls": [{"url": "https://t.co/abc", "expanded_url": "https://krise.fjordvik.kommune.no/"}]}),
    ],
)
async def test_the_same_text_with_its_links_expanded_is_ours(
    channel: Twitter, server: Scripted, post: dict[str, Any]
) -> None:
    server.script(timeline({"id": "7", "text": "Biblioteket er stengt"}, post))
    finding = await channel.reconcile(ACCOUNT, MESSAGE, SINCE)
    assert (finding.found, finding.reference) == (Found.YES, POST)


async def test_a_literal_entity_in_a_text_is_not_taken_for_its_letter(channel: Twitter, server: Scripted) -> None:
    server.script(timeline({"id": "7", "text": "5 &amp;lt; 6", "created_at": "2026-11-20T03:00:01.000Z"}))
    assert (await channel.reconcile(ACCOUNT, a_message("5 &lt; 6"), SINCE)).found is Found.YES


async def test_the_attempt_bounds_what_is_read(channel: Twitter, server: Scripted) -> None:
    server.script(timeline())
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.NO
    (seen,) = server.requests
    assert (seen.method, seen.path) == ("GET", f"/2/users/{USER}/tweets")
    assert seen.query["max_results"] == "100"
    asked_from = datetime.fromisoformat(seen.query["start_time"])
    assert SINCE - timedelta(seconds=5) <= asked_from < SINCE


@pytest.mark.parametrize(
    "post",
    [
        live(TEXT[:-1]),
        live(TEXT + " Mer"),
        live(at="2026-11-20T02:59:00.000Z"),
        live(entities={"urls": [{"url": "https://t.co/abc", "expanded_url": "http://other.example"}]}),
        live(entities={}),
    ],
)
async def test_another_text_another_link_or_an_older_post_is_not_it(
    channel: Twitter, server: Scripted, post: dict[str, Any]
) -> None:
    server.script(timeline(post))
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.NO


async def test_every_page_is_read_before_saying_no(channel: Twitter, server: Scripted) -> None:
    server.script(timeline(live("a"), following="A"), timeline(live("b"), following="B"), timeline(live()))
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.YES
    assert [seen.query.get("pagination_token") for seen in server.requests] == [None, "A", "B"]


async def test_a_list_without_end_is_not_a_no(channel: Twitter, server: Scripted) -> None:
    server.script(*(timeline(live("a"), following=str(number)) for number in range(50)))
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.CANNOT_TELL
    assert len(server.requests) < 10


@pytest.mark.parametrize(
    "answer",
    [
        problem(429),
        problem(500),
        Answer(200, {}),
        Answer(200, {"data": [], "meta": {}, "errors": [{"detail": "part of it is missing"}]}),
        Answer(200, {"data": "odd", "meta": {}}),
        Answer(200, {"data": [7], "meta": {}}),
        Answer(200, "{broken"),
        Answer(200, {"meta": {}}, after=1.5),
        Reset(),
    ],
)
async def test_no_is_said_only_after_a_clean_read(channel: Twitter, server: Scripted, answer: Answer | Reset) -> None:
    server.script(answer)
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.CANNOT_TELL


@pytest.mark.parametrize("entities", [None, [], "odd", {"urls": "odd"}, {"urls": [None, {}]}])
async def test_odd_entities_do_not_stop_the_reading(channel: Twitter, server: Scripted, entities: object) -> None:
    server.script(timeline(live("x", entities=entities)))
    assert (await channel.reconcile(ACCOUNT, MESSAGE, SINCE)).found is Found.NO


@pytest.mark.parametrize("user", [None, "", "fjordvik", "1/../me", "1?x"])
async def test_a_user_id_that_is_none_is_not_tried(channel: Twitter, server: Scripted, user: str | None) -> None:
    with pytest.raises(Misconfigured):
        await channel.reconcile(an_account("twitter", user, CREDENTIALS), MESSAGE, SINCE)
    assert server.requests == []


@pytest.mark.parametrize("reference", ["", "me", "1/../2"])
async def test_a_reference_that_is_none_is_not_tried(channel: Twitter, server: Scripted, reference: str) -> None:
    with pytest.raises(Misconfigured):
        await channel.withdraw(ACCOUNT, reference)
    assert server.requests == []


async def test_what_x_cannot_do_is_said_and_not_claimed(channel: Twitter, server: Scripted) -> None:
    can = channel.capabilities
    assert (can.short, can.withdraw, can.reconcile, can.edit, can.receipts) == (True, True, True, False, False)
    with pytest.raises(Unsupported):
        await channel.edit(ACCOUNT, POST, MESSAGE)
    with pytest.raises(Unsupported):
        channel.parse_receipts(Callback("POST", server.url, {}, b"{}"))
    with pytest.raises(Unsupported):
        channel.answer_challenge({})
    assert server.requests == []
