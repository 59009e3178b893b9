"""Facebook over a real socket: every trap of facebook-sdk 3.1.0, and every answer of Graph in the port's words."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import facebook as sdk
import pytest

from adapters.facebook import Facebook, build
from adapters.transport import ForbiddenHost
from crisis.channels import (
    Callback,
    ChannelError,
    ForgedCallback,
    Found,
    Misconfigured,
    OutcomeUnknown,
    ReceiptStatus,
    Rejected,
    Throttled,
    Unavailable,
)
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.setups import (
    APP_SECRET,
    PAGE_TOKEN,
    SECRETS,
    VERIFY_TOKEN,
    a_message,
    a_setup,
    an_account,
)

PAGE = "1234567890"
POST = f"{PAGE}_55"
TEXT = "Leirskred på Øvre Fjordvik.\n\nForlat området nå og gå mot skolen."
ACCOUNT = an_account("facebook", PAGE, {"page_token": PAGE_TOKEN})
MESSAGE = a_message(TEXT)
SINCE = datetime(2026, 11, 20, 3, 0, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Facebook]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


def refusal(code: int, status: int = 400, **more: Any) -> Answer:
    return Answer(status, {"error": {"message": f"(#{code}) no", "type": "OAuthException", "code": code, **more}})


def listing(*posts: dict[str, Any], after: str | None = None) -> Answer:
    paging = {
        "paging": {"cursors": {"after": after}, "next": f"https://graph.facebook.com/x?access_token={PAGE_TOKEN}"}
    }
    return Answer(200, {"data": list(posts), **(paging if after else {})})


def live(message: str = TEXT, at: str = "2026-11-20T03:00:01+0000", **more: Any) -> dict[str, Any]:
    return {"id": POST, "message": message, "created_time": at, "is_published": True, **more}


Write = Callable[[Facebook], Awaitable[object]]
WRITES: dict[str, Write] = {
    "publish": lambda channel: channel.publish(ACCOUNT, MESSAGE),
    "edit": lambda channel: channel.edit(ACCOUNT, POST, MESSAGE),
    "withdraw": lambda channel: channel.withdraw(ACCOUNT, POST),
}


@pytest.fixture(params=sorted(WRITES))
def write(request: pytest.FixtureRequest) -> Write:
    return WRITES[request.param]


# Publishing


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


# The traps


async def test_a_503_with_json_is_not_success(channel: Facebook, server: Scripted, write: Write) -> None:
    """The SDK returns this as the answer of a success, id and all."""
    server.script(Answer(503, {"id": POST, "success": True}))
    with pytest.raises(OutcomeUnknown, match="503"):
        await write(channel)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(502, "<html>Bad Gateway</html>", content_type="text/html"),
        Answer(503, "", content_type=None),  # a KeyError in the SDK
        Answer(500, "{broken"),
        Answer(200, "{broken"),
        Answer(200, '{"id": "1', cut=4),
        Answer(200, [1, 2]),
        Answer(200, {}),
        Answer(200, "access_token=abc", content_type="text/plain"),  # the SDK makes a token of this
        Answer(200, b"\x89PNG", content_type="image/png"),  # and an object of this
        Answer(403, "<html>blocked by something between</html>", content_type="text/html"),
        Answer(302, headers={"Location": "/elsewhere"}),
        Answer(200, {"id": POST, "success": True}, after=2.0),
        Reset(),
        Reset(rude=False),
    ],
)
async def test_every_other_answer_leaves_the_outcome_unknown_and_is_not_repeated(
    channel: Facebook, server: Scripted, write: Write, answer: Answer | Reset
) -> None:
    server.script(answer, Answer(200, {"id": POST, "success": True}))
    with pytest.raises(OutcomeUnknown):
        await write(channel)
    assert len(server.requests) == 1


@pytest.mark.parametrize("odd", [7, "", "../x", None, "a b"])
async def test_an_id_that_is_none_is_not_success(channel: Facebook, server: Scripted, odd: object) -> None:
    server.script(Answer(200, {"id": odd}))
    with pytest.raises(OutcomeUnknown):
        await channel.publish(ACCOUNT, MESSAGE)


async def test_a_call_does_not_wait_for_ever(server: Scripted) -> None:
    server.script(Answer(200, {"id": POST}, after=1.0))
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


async def test_an_exercise_cannot_reach_the_real_graph() -> None:
    channel = build(a_setup("https://graph.facebook.com", "127.0.0.1:1"))
    with pytest.raises(ForbiddenHost, match=r"graph\.facebook\.com:443"):
        await channel.publish(ACCOUNT, MESSAGE)
    await channel.close()


# Codes


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(1, 500), OutcomeUnknown),
        (refusal(2, 500, is_transient=True), OutcomeUnknown),
        (refusal(2), OutcomeUnknown),
        (refusal(4), Throttled),
        (refusal(17), Throttled),
        (refusal(32, 403), Throttled),
        (refusal(341), Throttled),
        (refusal(613), Throttled),
        (refusal(80001), Throttled),
        (refusal(368), Throttled),
        (refusal(3), Rejected),
        (refusal(10, 403), Rejected),
        (refusal(200, 403), Rejected),
        (refusal(299, 403), Rejected),
        (refusal(100), Rejected),
        (refusal(1609005), Rejected),
        (refusal(102, 401), Misconfigured),
        (refusal(190, 401, error_subcode=463), Misconfigured),
        (refusal(506, error_subcode=1455006), OutcomeUnknown),
        (refusal(99999), Rejected),
        (refusal(99999, 500), OutcomeUnknown),
        (refusal(99999, is_transient=True), OutcomeUnknown),
        (Answer(200, {"error": {"message": "no", "code": 190}}), Misconfigured),
        (Answer(429, "slow down", content_type="text/plain"), Throttled),
        (Answer(400, {"error": "a word"}), OutcomeUnknown),
        (Answer(400, {"error": {"message": "no code"}}), OutcomeUnknown),
    ],
)
async def test_a_code_decides_the_class(
    channel: Facebook, server: Scripted, answer: Answer, expected: type[ChannelError]
) -> None:
    server.script(answer)
    with pytest.raises(ChannelError) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert type(caught.value) is expected
    assert len(server.requests) == 1


async def test_the_code_and_graphs_words_reach_the_operator(channel: Facebook, server: Scripted) -> None:
    server.script(refusal(190, 401, error_subcode=460))
    with pytest.raises(Misconfigured, match=r"190.*no.*password was changed.*new token") as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.code == "190"


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        (json.dumps({PAGE: [{"type": "pages", "estimated_time_to_regain_access": 7}], "2": []}), 420),
        (json.dumps({PAGE: [{"type": "pages", "estimated_time_to_regain_access": 0}]}), None),
        (json.dumps({PAGE: "odd"}), None),
        ("not JSON", None),
        (None, None),
    ],
)
async def test_the_wait_is_read_from_the_headers_the_sdk_drops(
    channel: Facebook, server: Scripted, usage: str | None, seconds: float | None
) -> None:
    headers = {} if usage is None else {"X-Business-Use-Case-Usage": usage}
    answer = refusal(32, 403)
    server.script(Answer(answer.status, answer.body, headers))
    with pytest.raises(Throttled) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.retry_after == seconds


async def test_headers_of_calls_at_the_same_time_are_not_mixed_up(channel: Facebook, server: Scripted) -> None:
    def throttled(minutes: int) -> Answer:
        usage = json.dumps({PAGE: [{"estimated_time_to_regain_access": minutes}]})
        return Answer(403, refusal(32).body, {"X-Business-Use-Case-Usage": usage}, after=0.05)

    server.script(*(throttled(minutes) for minutes in range(1, 9)))
    outcomes = await asyncio.gather(*(channel.publish(ACCOUNT, MESSAGE) for _ in range(8)), return_exceptions=True)
    assert {o.retry_after for o in outcomes if isinstance(o, Throttled)} == {60 * m for m in range(1, 9)}


async def test_a_block_for_policy_waits_an_hour(channel: Facebook, server: Scripted) -> None:
    server.script(refusal(368))
    with pytest.raises(Throttled) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize("token", ["", " ", "tøken", "line\nbreak"])
async def test_a_token_that_cannot_be_sent_is_not_tried(channel: Facebook, server: Scripted, token: str) -> None:
    with pytest.raises(Misconfigured):
        await channel.publish(an_account("facebook", PAGE, {"page_token": token}), MESSAGE)
    assert server.requests == []


@pytest.mark.parametrize("page", [None, "", "12/../me", "1?x=y", "a b"])
async def test_a_page_id_that_is_none_is_not_tried(channel: Facebook, server: Scripted, page: str | None) -> None:
    with pytest.raises(Misconfigured):
        await channel.publish(an_account("facebook", page, {"page_token": PAGE_TOKEN}), MESSAGE)
    assert server.requests == []


# Tokens


async def test_the_token_is_in_a_header_and_in_no_url_body_or_log(
    channel: Facebook, server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(
        Answer(200, {"id": POST}),
        Answer(200, {"success": True}),
        Answer(200, live()),
        listing(live("another"), after="A"),
        listing(),
        Answer(200, {"success": True}),
    )
    await channel.publish(ACCOUNT, MESSAGE)
    await channel.edit(ACCOUNT, POST, MESSAGE)
    await channel.read_back(ACCOUNT, POST)
    await channel.reconcile(ACCOUNT, MESSAGE, SINCE)
    await channel.withdraw(ACCOUNT, POST)
    assert len(server.requests) == 6
    for seen in server.requests:
        assert seen.headers["authorization"] == f"Bearer {PAGE_TOKEN}"
        for secret in SECRETS:
            assert secret not in seen.target
            assert secret.encode() not in seen.body
    for secret in SECRETS:
        assert secret not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, {"error": {"code": 100, "message": f"bad access_token={PAGE_TOKEN} {PAGE_TOKEN} {APP_SECRET}"}}),
        Answer(200, f"{{broken {PAGE_TOKEN}"),
        Reset(),
    ],
)
async def test_the_token_is_in_no_error_and_in_no_cause_of_one(
    channel: Facebook, server: Scripted, write: Write, answer: Answer | Reset, caplog: pytest.LogCaptureFixture
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


async def test_a_netrc_cannot_replace_the_token(
    server: Scripted, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password pw\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server.script(Answer(200, {"id": POST}))
    channel = build(a_setup(server.url, None))  # the environment counts where there is no list
    await channel.publish(ACCOUNT, MESSAGE)
    await channel.close()
    assert server.requests[0].headers["authorization"] == f"Bearer {PAGE_TOKEN}"


# Editing and withdrawing


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


# Reading back


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


# Reconciling


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


# Webhooks


def webhook(*values: dict[str, Any], secret: str = APP_SECRET, field: str = "feed") -> Callback:
    changes = [{"field": field, "value": value} for value in values]
    body = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": 1, "changes": changes}]}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={signature}"}
    return Callback("POST", "https://crisis.example/receipts/exercise/facebook", headers, body)


ADDED = {"item": "status", "verb": "add", "post_id": POST, "published": 1, "message": TEXT, "created_time": 1732071601}


def test_a_new_post_in_the_feed_is_delivered(channel: Facebook) -> None:
    (receipt,) = channel.parse_receipts(webhook(ADDED))
    assert (receipt.reference, receipt.status) == (POST, ReceiptStatus.DELIVERED)
    assert TEXT not in receipt.raw.values()


def test_the_signature_is_over_the_bytes_as_they_came(channel: Facebook) -> None:
    callback = webhook(ADDED)
    assert b"\\u00d8" in callback.body  # Meta escapes æ, ø and å too
    rewritten = json.dumps(json.loads(callback.body), ensure_ascii=False).encode()
    assert channel.parse_receipts(callback)
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(Callback("POST", callback.url, callback.headers, rewritten))


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha256=00", "sha1=00", "sha256=æ"])
def test_a_webhook_without_our_signature_is_forged(channel: Facebook, signature: str | None) -> None:
    callback = webhook(ADDED)
    headers = {} if signature is None else {"x-hub-signature-256": signature}
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(Callback("POST", callback.url, headers, callback.body))
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(webhook(ADDED, secret="another"))


async def test_without_an_app_secret_every_webhook_is_forged(server: Scripted) -> None:
    channel = build(a_setup(server.url, server.address, facebook_app_secret=""))
    with pytest.raises(ForgedCallback):
        channel.parse_receipts(webhook(ADDED, secret=""))
    await channel.close()


def test_other_changes_are_not_receipts(channel: Facebook) -> None:
    others = [ADDED | change for change in ({"verb": "edited"}, {"item": "comment"}, {"published": 0})]
    assert [receipt.reference for receipt in channel.parse_receipts(webhook(*others, ADDED))] == [POST]
    assert channel.parse_receipts(webhook(ADDED, field="mention")) == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"entry": 7}', b'{"entry": [7]}', b"\xff"])
def test_a_signed_webhook_that_makes_no_sense_gives_nothing(channel: Facebook, body: bytes) -> None:
    signature = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    callback = Callback("POST", "https://crisis.example", {"x-hub-signature-256": f"sha256={signature}"}, body)
    assert channel.parse_receipts(callback) == []


def test_the_subscription_check_is_answered_with_our_token_alone(channel: Facebook) -> None:
    good = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
    assert channel.answer_challenge(good) == "1158201444"
    for change in ({"hub.verify_token": "wrong"}, {"hub.verify_token": "ø"}, {"hub.mode": "unsubscribe"}):
        with pytest.raises(ForgedCallback):
            channel.answer_challenge(good | change)
    with pytest.raises(ForgedCallback):
        channel.answer_challenge({"hub.mode": "subscribe"})


async def test_without_a_verify_token_no_subscription_is_answered(server: Scripted) -> None:
    channel = build(a_setup(server.url, server.address, facebook_verify_token=""))
    with pytest.raises(ForgedCallback):
        channel.answer_challenge({"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"})
    await channel.close()
