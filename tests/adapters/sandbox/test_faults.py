"""What a test or a drill can let go wrong at a provider, and how that looks from outside."""

import socket
import time
from typing import Any

import facebook
import pytest
import requests
import tweepy
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.rest import Client

from tests.adapters.sandbox.clients import BEARER, LOGIN, post_once, publish, send, wait_for
from tests.adapters.sandbox_server import SandboxServer


def accepted(sandbox: SandboxServer) -> int:
    return int(sandbox.counts()["x"]["create"])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "status"), [("5xx", 503), ("html", 502), ("json_503", 503), ("bare", 503)])
def test_a_bad_status_tells_nothing_about_acceptance(sandbox: SandboxServer, kind: str, status: int, when: str) -> None:
    sandbox.fault("x", f"{kind}_{when}", times=1)
    assert post_once(sandbox).status_code == status
    assert accepted(sandbox) == (when == "after")
    assert post_once(sandbox).status_code == 201


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["drop", "timeout"])
def test_the_connection_really_closes_without_a_byte(sandbox: SandboxServer, kind: str, when: str) -> None:
    sandbox.fault("x", f"{kind}_{when}", times=1, seconds=0.2)
    body = b'{"text": "Bru stengt"}'
    head = f"POST /x/2/tweets HTTP/1.1\r\nHost: {sandbox.host}\r\nAuthorization: Bearer t\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as connection:
        started = time.monotonic()
        connection.sendall(head.encode() + body)
        try:
            heard = connection.recv(100)
        except ConnectionResetError:
            heard = b""
        took = time.monotonic() - started
    assert heard == b""
    assert (took > 0.15) == (kind == "timeout")
    assert accepted(sandbox) == (when == "after")


def test_a_reader_that_gives_up_does_not_hold_the_sandbox(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "timeout_after", times=1, seconds=3600)
    with pytest.raises(requests.ReadTimeout):
        post_once(sandbox, timeout=0.2)
    assert accepted(sandbox) == 1
    wait_for(lambda: sandbox.requests("x")[-1:] and sandbox.requests("x")[-1]["fault"] == "timeout_after")


def test_an_answer_can_come_byte_by_byte(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "drip", times=1, seconds=0.01)
    started = time.monotonic()
    assert post_once(sandbox).json()["data"]["id"]
    assert time.monotonic() - started > 0.5
    assert accepted(sandbox) == 1


def test_an_answer_can_be_garbage_of_the_wrong_type_or_huge(sandbox: SandboxServer) -> None:
    for kind in ("garbage", "wrong_type", "huge"):
        sandbox.fault("x", kind, times=1)
    garbage, wrong, huge = (post_once(sandbox) for _ in range(3))
    assert [each.status_code for each in (garbage, wrong, huge)] == [201, 201, 201]
    with pytest.raises(requests.JSONDecodeError):
        garbage.json()
    assert isinstance(wrong.json(), list)
    assert len(huge.content) > 49_000_000
    assert accepted(sandbox) == 3


def test_latency_accepts_on_arrival_and_publishes_late(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "latency", times=1, seconds=0.3)
    sandbox.fault("x", "latency_after", times=1, seconds=0.3, match={"text": "after"})
    late, after = post_once(sandbox, "late"), post_once(sandbox, "after")
    assert late.elapsed.total_seconds() > 0.28
    assert after.elapsed.total_seconds() > 0.28
    first, second = sandbox.records("x")
    assert first["published_mono"] - first["accepted_mono"] > 0.28
    assert second["published_mono"] - second["accepted_mono"] < 0.2
    assert abs(second["published_mono"] - time.monotonic()) < 5


def test_each_provider_throttles_in_its_own_way(
    sandbox: SandboxServer, sms: Client, graph: facebook.GraphAPI, x: tweepy.Client
) -> None:
    for provider in ("graph", "x", "twilio", "wordpress"):
        sandbox.fault(provider, "429", times=1, seconds=30)
    with pytest.raises(TwilioRestException) as slow:
        send(sms)
    assert (slow.value.status, slow.value.code) == (429, 20429)
    with pytest.raises(facebook.GraphAPIError) as tired:
        publish(graph, "a")
    assert tired.value.code == 32
    with pytest.raises(tweepy.TooManyRequests) as limited:
        x.create_tweet(text="a")
    assert 25 < limited.value.reset_time - time.time() < 35
    answered = requests.post(f"{sandbox.url}/wp/wp-json/wp/v2/posts", json={"title": "a"}, auth=LOGIN, timeout=5)
    assert (answered.status_code, answered.headers["retry-after"]) == (429, "30")
    sandbox.fault("x", "429_no_header", times=1)
    with pytest.raises(tweepy.TooManyRequests) as silent:
        x.create_tweet(text="a")
    assert silent.value.reset_time is None
    assert sandbox.records() == []


def test_any_error_of_a_provider_can_be_scripted(
    sandbox: SandboxServer, sms: Client, graph: facebook.GraphAPI, x: tweepy.Client
) -> None:
    sandbox.fault("twilio", "error", code=21408, match={"to": "67"})
    sandbox.fault("graph", "error", code=368, message="Temporarily blocked")
    sandbox.fault("x", "error", status=402)
    with pytest.raises(TwilioRestException) as refused:
        send(sms)
    assert refused.value.code == 21408
    assert send(sms, to="+4791234568").sid
    with pytest.raises(facebook.GraphAPIError, match="Temporarily blocked"):
        publish(graph, "a")
    with pytest.raises(tweepy.HTTPException) as unpaid:
        x.create_tweet(text="a")
    assert unpaid.value.response.status_code == 402
    sandbox.clear()
    sandbox.fault("twilio", "problem", status=400, code=21211)
    sandbox.fault("graph", "bare")
    sandbox.fault("x", "error", status=200, message="Not now")
    with pytest.raises(TwilioServiceException) as other_class:
        send(sms)
    assert other_class.value.code == 21211
    with pytest.raises(KeyError, match="content-type"):
        publish(graph, "a")
    assert x.create_tweet(text="a").data is None


def test_faults_hit_writes_unless_they_are_told_otherwise(sandbox: SandboxServer) -> None:
    sandbox.fault("x", "5xx_before")
    read = f"{sandbox.url}/x/2/users/1/tweets"
    assert requests.get(read, headers=BEARER, timeout=5).status_code == 200
    assert post_once(sandbox).status_code == 503
    assert sandbox.faults()[0]["hits"] == 1
    sandbox.clear()
    sandbox.fault("x", "5xx_before", match={"verb": "read"})
    assert requests.get(read, headers=BEARER, timeout=5).status_code == 503
    assert post_once(sandbox).status_code == 201


@pytest.mark.parametrize(
    "fault",
    [
        {"provider": "x", "kind": "earthquake"},
        {"provider": "myspace", "kind": "429"},
        {"provider": "x", "kind": "undelivered"},
        {"provider": "x", "kind": "429", "tims": 3},
        {"provider": "x", "kind": "429", "share": 0},
        {"provider": "twilio", "kind": "error", "code": "21x"},
    ],
)
def test_a_fault_that_cannot_be_scripted_is_refused(sandbox: SandboxServer, fault: dict[str, Any]) -> None:
    answered = requests.post(f"{sandbox.url}/sandbox/faults", json=fault, timeout=5)
    assert answered.status_code == 422
    assert sandbox.faults() == []
