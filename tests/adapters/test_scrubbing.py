"""Secrets show in no text."""

import json
import logging

import aiohttp
import pytest
import requests

from adapters import blocking
from adapters.transport import (
    Guard,
    GuardedSession,
    from_aiohttp,
    from_requests,
    scrub,
)
from crisis.channels import Misconfigured
from tests.adapters.scripted import Answer, Scripted
from tests.adapters.sockets import free_address


@pytest.mark.parametrize(
    "text",
    [
        "GET /v26.0/1?access_token=s3cr3t&fields=id",
        "Max retries exceeded with url: /me?fields=id&access_token=s3cr3t (Caused by",
        '{"access_token": "s3cr3t", "a": 1}',
        "{'access_token': 's3cr3t'}",
        "access_token%3Ds3cr3t",
        "Authorization: Bearer s3cr3t",
        "{'Authorization': 'Bearer s3cr3t', 'b': 'c'}",
        "authorization=Basic s3cr3t==",
        'Authorization: OAuth oauth_token="s3cr3t", oauth_signature="s3cr3t"',
        "appsecret_proof=s3cr3t",
        "https://user:s3cr3t@example.org/x",
        "oauth_token=s3cr3t",
    ],
)
def test_tokens_are_blotted_out(text: str) -> None:
    assert "s3cr3t" not in scrub(text)
    assert "[hidden]" in scrub(text)


def test_given_secrets_are_blotted_out_in_every_notation() -> None:
    secret = 'a b/"ø|c'
    text = f"plain {secret} url a%20b%2F%22%C3%B8%7Cc form a+b%2F%22%C3%B8%7Cc json {json.dumps(secret)}"
    assert scrub(text, [secret]) == 'plain [hidden] url [hidden] form [hidden] json "[hidden]"'


def test_an_empty_secret_blots_out_nothing() -> None:
    assert scrub("as it was", ["", " "]) == "as it was"


def test_exceptions_of_both_stacks_are_scrubbed() -> None:
    url = f"http://{free_address()}/x?access_token=s3cr3t&other=h1dden"
    with GuardedSession(Guard(None), call_seconds=2) as session, pytest.raises(requests.ConnectionError) as caught:
        session.get(url)
    assert "s3cr3t" in str(caught.value)  # what is being guarded against
    said = str(from_requests(caught.value, ["h1dden"]))
    assert "s3cr3t" not in said
    assert "h1dden" not in said
    error = aiohttp.InvalidURL("http:///?access_token=s3cr3t", "h1dden")
    assert "s3cr3t" not in str(from_aiohttp(error, ["h1dden"]))
    assert "h1dden" not in str(from_aiohttp(error, ["h1dden"]))


def test_a_token_that_cannot_be_a_header_is_not_shown(server: Scripted) -> None:
    with GuardedSession(Guard(None), call_seconds=2) as session, pytest.raises(requests.RequestException) as caught:
        session.get(server.url, headers={"Authorization": "Bearer s3cr3t\n"})
    error = from_requests(caught.value)
    assert isinstance(error, Misconfigured)
    assert "s3cr3t" not in str(error)


def test_nothing_is_logged_that_holds_a_header(server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.script(Answer(200))
    with GuardedSession(Guard(None), call_seconds=2) as session:
        session.post(server.url, headers={"Authorization": "Bearer s3cr3t"})
    assert "s3cr3t" not in caplog.text


def test_the_session_mounts_its_own_connections_for_both_schemes() -> None:
    with GuardedSession(Guard(None), call_seconds=1) as session:
        for scheme in ("http", "https"):
            adapter = session.get_adapter(f"{scheme}://x")
            assert isinstance(adapter, blocking.MarkingAdapter)
            assert adapter.max_retries.total == 0
