"""Every trap of facebook-sdk 3.1.0 over a real socket, and every answer of Graph in the port's words."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from adapters.facebook import Facebook, build
from adapters.transport import ForbiddenHost
from crisis.channels import (
    ChannelError,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    Usage,
)
from tests.adapters.graph_answers import ACCOUNT, MESSAGE, PAGE, POST, SINCE, listing, live, refusal
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.setups import (
    APP_SECRET,
    PAGE_TOKEN,
    SECRETS,
    a_setup,
    an_account,
)

Write = Callable[[Facebook], Awaitable[object]]
WRITES: dict[str, Write] = {
    "publish": lambda channel: channel.publish(ACCOUNT, MESSAGE),
    "edit": lambda channel: channel.edit(ACCOUNT, POST, MESSAGE),
    "withdraw": lambda channel: channel.withdraw(ACCOUNT, POST),
}


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Facebook]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


@pytest.fixture(params=sorted(WRITES))
def write(request: pytest.FixtureRequest) -> Write:
    return WRITES[request.param]


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
    server.script(Answer(200, {"id": POST}, after=8.0))
    channel = build(a_setup(server.url, server.address, call_seconds=0.3))
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        await channel.publish(ACCOUNT, MESSAGE)
    assert time.monotonic() - began < 4
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


async def test_the_answer_says_how_much_of_what_meta_allows_is_used(channel: Facebook, server: Scripted) -> None:
    usage = {"X-Business-Use-Case-Usage": json.dumps({PAGE: [{"type": "pages", "call_count": 80, "total_time": 3}]})}
    server.script(Answer(200, {"id": f"{PAGE}_1"}, usage))
    assert (await channel.publish(ACCOUNT, MESSAGE)).usage == Usage(0.8)
    server.script(Answer(403, refusal(32).body, usage))
    with pytest.raises(Throttled) as caught:
        await channel.publish(ACCOUNT, MESSAGE)
    assert caught.value.usage == Usage(0.8)


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
