"""Every trap of tweepy 4.17.0 over a real socket, and every answer of X in the port's words."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from adapters.transport import ForbiddenHost
from adapters.twitter import Twitter, build
from crisis.channels import (
    ChannelError,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)
from tests.adapters.scripted import Answer, Reset, Scripted
from tests.adapters.setups import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_SECRET,
    CONSUMER_SECRET,
    SECRETS,
    a_setup,
    an_account,
)
from tests.adapters.x_answers import ACCOUNT, CREATED, CREDENTIALS, MESSAGE, POST, SINCE, USER, live, problem, timeline

Write = Callable[[Twitter], Awaitable[object]]
WRITES: dict[str, Write] = {
    "publish": lambda channel: channel.publish(ACCOUNT, MESSAGE),
    "withdraw": lambda channel: channel.withdraw(ACCOUNT, POST),
}


@pytest.fixture
async def channel(server: Scripted) -> AsyncIterator[Twitter]:
    made = build(a_setup(server.url, server.address))
    yield made
    await made.close()


@pytest.fixture(params=sorted(WRITES))
def write(request: pytest.FixtureRequest) -> Write:
    return WRITES[request.param]


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
    server.script(Answer(201, CREATED, after=8.0))
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
