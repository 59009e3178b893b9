"""X over a real socket: every trap of tweepy 4.17.0, and every answer of X in the port's words."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from oauthlib.oauth1 import Client as Signer

from adapters.transport import ForbiddenHost
from adapters.twitter import Twitter, build
from crisis.channels import (
    Callback,
    ChannelError,
    Found,
    Misconfigured,
    OutcomeUnknown,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
    Unsupported,
)
from tests.adapters.scripted import Answer, Reset, Scripted, Seen
from tests.adapters.setups import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_SECRET,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    SECRETS,
    a_message,
    a_setup,
    an_account,
)

USER = "2244994945"
POST = "1445880548472328192"
TEXT = "Leirskred på Øvre Fjordvik. Forlat området & gå mot skolen. krise.fjordvik.kommune.no"
CREDENTIALS = {"access_token": ACCESS_TOKEN, "access_token_secret": ACCESS_TOKEN_SECRET}
ACCOUNT = an_account("twitter", USER, CREDENTIALS)
MESSAGE = a_message(TEXT)
SINCE = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)
CREATED = {"data": {"id": POST, "text": TEXT, "edit_history_post_ids": [POST]}}
NOT_THERE = {
    "errors": [
        {
            "detail": f"Could not find tweet with id: [{POST}].",
            "title": "Not Found Error",
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
    ]
}


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Twitter]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


def problem(status: int, detail: str = "no", headers: dict[str, str] | None = None) -> Answer:
    body = {"title": "A problem", "detail": detail, "type": "about:blank", "status": status}
    return Answer(status, body, headers or {}, content_type="application/problem+json")


def live(text: str | None = None, at: str = "2026-11-20T03:00:01.000Z", **more: Any) -> dict[str, Any]:
    """The text as X gives it back: the bare host name as a t.co link, and ``&`` escaped."""
    given = TEXT.replace("krise.fjordvik.kommune.no", "https://t.co/abc").replace("&", "&amp;")
    links = [{"url": "https://t.co/abc", "expanded_url": "http://krise.fjordvik.kommune.no"}]
    return {"id": POST, "text": text or given, "created_at": at, "entities": {"urls": links}, **more}


def timeline(*posts: dict[str, Any], following: str | None = None) -> Answer:
    meta = {"result_count": len(posts), **({"next_token": following} if following else {})}
    return Answer(200, {"data": list(posts), "meta": meta} if posts else {"meta": meta})


Write = Callable[[Twitter], Awaitable[object]]
WRITES: dict[str, Write] = {
    "publish": lambda channel: channel.publish(ACCOUNT, MESSAGE),
    "withdraw": lambda channel: channel.withdraw(ACCOUNT, POST),
}


@pytest.fixture(params=sorted(WRITES))
def write(request: pytest.FixtureRequest) -> Write:
    return WRITES[request.param]


# Publishing


async def test_a_post_goes_out_with_its_text(channel: Twitter, server: Scripted) -> None:
    server.script(Answer(201, CREATED, {"x-rate-limit-remaining": "99", "x-rate-limit-reset": "1732072500"}))
    receipt = await channel.publish(ACCOUNT, MESSAGE)
    assert (receipt.reference, receipt.status) == (POST, ReceiptStatus.ACCEPTED)
    assert receipt.url == f"https://x.com/i/web/status/{POST}"
    assert receipt.raw["x-rate-limit-remaining"] == "99"
    (seen,) = server.requests
    assert (seen.method, seen.target) == ("POST", "/2/tweets")
    assert seen.json == {"text": TEXT}


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


# The traps


@pytest.mark.parametrize("status", [200, 201])
async def test_a_success_that_holds_only_errors_is_not_success(
    channel: Twitter, server: Scripted, write: Write, status: int
) -> None:
    """Tweepy returns this as a response whose data is None."""
    server.script(Answer(status, {"errors": [{"title": "Odd", "detail": "something is odd"}]}))
    with pytest.raises(OutcomeUnknown, match="something is odd"):
        await write(channel)


@pytest.mark.parametrize(
    "answer",
    [
        problem(500),
        problem(502),
        problem(503),
        problem(504),
        problem(408),
        Answer(503, "<html>over capacity</html>", content_type="text/html"),
        Answer(503, "", content_type=None),
        Answer(500, [1]),  # an AttributeError in tweepy
        Answer(500, {"errors": None}),  # a TypeError in tweepy
        Answer(403, "<html>blocked by something between</html>", content_type="text/html"),
        Answer(404, "<html>nothing here</html>", content_type="text/html"),
        Answer(201, "{broken"),
        Answer(201, CREATED, cut=5),
        Answer(201, {}),
        Answer(201, []),
        Answer(201, {"data": None}),
        Answer(201, {"data": {"id": 7}}),
        Answer(201, {"data": {"id": ""}}),
        Answer(200, {"data": {"deleted": False}}),
        Answer(302, headers={"Location": "/elsewhere"}),
        Answer(201, CREATED, after=1.5),
        Reset(),
        Reset(rude=False),
    ],
)
async def test_the_outcome_is_unknown_and_is_not_repeated(
    channel: Twitter, server: Scripted, write: Write, answer: Answer | Reset
) -> None:
    server.script(answer, Answer(201, {"data": {"id": POST, "deleted": True}}))
    with pytest.raises(OutcomeUnknown):
        await write(channel)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (problem(400), Rejected),
        (problem(401), Misconfigured),
        (Answer(401, "Unauthorized", content_type="text/plain"), Misconfigured),
        (problem(402, "CreditsDepleted"), Misconfigured),
        (problem(403, "You are not permitted to perform this action."), Rejected),
        (problem(403, "You are not allowed to create a Tweet with duplicate content."), OutcomeUnknown),
        (Answer(403, {"errors": [{"message": "Status is a Duplicate Content."}]}), OutcomeUnknown),
        (problem(413), Rejected),
        (problem(422), Rejected),
        (problem(429), Throttled),
        (Answer(429, "<html>", content_type="text/html"), Throttled),
    ],
)
async def test_a_status_decides_the_class(
    channel: Twitter, server: Scripted, answer: Answer, expected: type[ChannelError]
) -> None:
    server.script(answer)
    with pytest.raises(ChannelError) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert type(caught.value) is expected
    assert caught.value.code == str(answer.status)
    assert len(server.requests) == 1


async def test_an_empty_balance_is_told_in_words(channel: Twitter, server: Scripted) -> None:
    server.script(problem(402, "CreditsDepleted"))
    with pytest.raises(Misconfigured, match=r"CreditsDepleted.*credits are used up"):
        await channel.publish(ACCOUNT, MESSAGE)


async def test_the_wait_is_until_the_limit_resets(channel: Twitter, server: Scripted) -> None:
    server.script(problem(429, headers={"x-rate-limit-reset": str(int(time.time()) + 300)}))
    with pytest.raises(Throttled) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.retry_after == pytest.approx(300, abs=3)


async def test_a_reset_that_has_passed_waits_a_moment(channel: Twitter, server: Scripted) -> None:
    server.script(problem(429, headers={"x-rate-limit-reset": "1"}))
    with pytest.raises(Throttled) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.retry_after == 1.0


@pytest.mark.parametrize("headers", [{}, {"x-rate-limit-reset": "soon"}])
async def test_a_limit_without_a_reset_is_not_asked_again(
    channel: Twitter, server: Scripted, headers: dict[str, str]
) -> None:
    """With ``wait_on_rate_limit`` tweepy would repeat the request without pause."""
    server.script(problem(429, headers=headers), Answer(201, CREATED))
    with pytest.raises(Throttled) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.retry_after is None
    assert len(server.requests) == 1


async def test_a_call_does_not_wait_for_ever(server: Scripted) -> None:
    server.script(Answer(201, CREATED, after=1.0))
    channel = build(a_setup(server.url, server.address, call_seconds=0.3))
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        await channel.publish(ACCOUNT, MESSAGE)
    assert time.monotonic() - began < 0.6
    await channel.close()


async def test_a_refused_connection_is_unsent() -> None:
    channel = build(a_setup("http://127.0.0.1:1", "127.0.0.1:1"))
    with pytest.raises(Unavailable):
        await channel.publish(ACCOUNT, MESSAGE)
    await channel.close()


@pytest.mark.parametrize("address", ["https://api.x.com", "https://api.twitter.com"])
async def test_an_exercise_cannot_reach_the_real_x(address: str) -> None:
    channel = build(a_setup(address, "127.0.0.1:1"))
    with pytest.raises(ForbiddenHost, match=":443"):
        await channel.publish(ACCOUNT, MESSAGE)
    await channel.close()


@pytest.mark.parametrize("missing", ["access_token", "access_token_secret"])
@pytest.mark.parametrize("value", ["", "tøken", "a\nb"])
async def test_an_account_without_its_tokens_is_not_tried(
    channel: Twitter, server: Scripted, missing: str, value: str
) -> None:
    with pytest.raises(Misconfigured):
        await channel.publish(an_account("twitter", USER, CREDENTIALS | {missing: value}), MESSAGE)
    assert server.requests == []


async def test_an_app_without_its_keys_is_not_tried(server: Scripted) -> None:
    channel = build(a_setup(server.url, server.address, x_consumer_secret=""))
    with pytest.raises(Misconfigured):
        await channel.publish(ACCOUNT, MESSAGE)
    await channel.close()
    assert server.requests == []


# Tokens


async def test_secrets_are_in_no_url_body_or_log(
    channel: Twitter, server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG tweepy prints the headers, and oauthlib the keys that it signs with."""
    caplog.set_level(logging.DEBUG)
    server.script(
        Answer(201, CREATED),
        Answer(200, {"data": live()}),
        timeline(live("x"), following="n"),
        timeline(),
        Answer(200, {"data": {"deleted": True}}),
    )
    await channel.publish(ACCOUNT, MESSAGE)
    await channel.read_back(ACCOUNT, POST)
    await channel.reconcile(ACCOUNT, MESSAGE, SINCE)
    await channel.withdraw(ACCOUNT, POST)
    assert len(server.requests) == 5
    for seen in server.requests:
        for secret in SECRETS:
            assert secret not in seen.target
            assert secret.encode() not in seen.body
    for secret in SECRETS:
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        problem(400, f"bad oauth_token={ACCESS_TOKEN} {ACCESS_TOKEN_SECRET} {CONSUMER_SECRET}"),
        Answer(201, {"data": None, "errors": [{"detail": f"{ACCESS_TOKEN_SECRET}"}]}),
        Answer(201, f"{{broken {ACCESS_TOKEN}"),
        Reset(),
    ],
)
async def test_secrets_are_in_no_error_and_in_no_cause_of_one(
    channel: Twitter, server: Scripted, write: Write, answer: Answer | Reset, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(answer)
    try:
        await write(channel)
    except ChannelError:
        logging.getLogger("engine").exception("as the engine would log it")
    assert "as the engine would log it" in caplog.text
    for secret in SECRETS:
        assert secret not in caplog.text


# Withdrawing and reading back


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


# Reconciling


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


# What X cannot do


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
