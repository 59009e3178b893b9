"""Where a request may go: not past the list, by whatever redirect or proxy."""

import base64

import pytest

from adapters.transport import (
    ForbiddenHost,
    Guard,
    GuardedSession,
    guarded_client,
)
from crisis.channels import Misconfigured, OutcomeUnknown
from tests.adapters.conftest import Ask
from tests.adapters.scripted import Answer, Scripted


async def test_an_address_on_the_list_is_reached(ask: Ask, server: Scripted) -> None:
    server.script(Answer(200, {"a": 1}))
    assert await ask(server.url, allowed=frozenset({server.address})) == b'{"a": 1}'


async def test_an_address_off_the_list_is_refused_before_a_connection(
    ask: Ask, server: Scripted, other: Scripted
) -> None:
    with pytest.raises(ForbiddenHost, match=server.address) as caught:
        await ask(server.url, allowed=frozenset({other.address}))
    assert isinstance(caught.value, Misconfigured)
    assert server.requests == []


async def test_an_empty_list_allows_nothing(ask: Ask, server: Scripted) -> None:
    with pytest.raises(ForbiddenHost):
        await ask(server.url, allowed=frozenset())
    assert server.requests == []


async def test_the_right_host_on_another_port_is_refused(ask: Ask, server: Scripted) -> None:
    with pytest.raises(ForbiddenHost):
        await ask(server.url, allowed=frozenset({"127.0.0.1:1"}))
    assert server.requests == []


async def test_another_name_for_an_allowed_address_is_refused(ask: Ask, server: Scripted) -> None:
    with pytest.raises(ForbiddenHost):
        await ask(server.url.replace("127.0.0.1", "localhost"), allowed=frozenset({server.address}))
    assert server.requests == []


async def test_a_redirect_of_a_read_to_a_forbidden_host_is_refused(ask: Ask, server: Scripted, other: Scripted) -> None:
    server.script(Answer(302, headers={"Location": other.url}))
    with pytest.raises(ForbiddenHost, match=other.address):
        await ask(server.url, "GET", allowed=frozenset({server.address}))
    assert len(server.requests) == 1
    assert other.requests == []


async def test_a_redirect_of_a_read_within_the_list_is_followed(ask: Ask, server: Scripted, other: Scripted) -> None:
    server.script(Answer(302, headers={"Location": other.url}))
    other.script(Answer(200, "there"))
    assert await ask(server.url, "GET", allowed=frozenset({server.address, other.address})) == b"there"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirected_write_is_never_followed(ask: Ask, server: Scripted, method: str, status: int) -> None:
    server.script(Answer(status, headers={"Location": f"{server.url}/elsewhere?access_token=t0ken"}), Answer(200))
    expected = Misconfigured if status in {307, 308} else OutcomeUnknown
    with pytest.raises(expected, match="/elsewhere") as caught:
        await ask(server.url, method)
    assert "t0ken" not in str(caught.value)
    assert len(server.requests) == 1


async def test_proxies_of_the_environment_are_ignored_when_there_is_a_list(
    ask: Ask, server: Scripted, other: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, other.url)
    server.script(Answer(200, "direct"))
    assert await ask(server.url, allowed=frozenset({server.address})) == b"direct"
    assert other.requests == []


async def test_proxies_of_the_environment_serve_where_there_is_no_list(
    ask: Ask, server: Scripted, other: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", other.url)
    monkeypatch.setenv("no_proxy", "")
    other.script(Answer(200, "by proxy"))
    assert await ask(server.url) == b"by proxy"
    assert server.requests == []


async def test_no_proxy_is_heeded(ask: Ask, server: Scripted, other: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", other.url)
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    server.script(Answer(200, "direct"))
    assert await ask(server.url) == b"direct"
    assert other.requests == []


async def test_a_proxy_that_wants_a_password_gets_it(
    ask: Ask, other: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", other.url.replace("://", "://crisis:s3cret@"))
    monkeypatch.setenv("no_proxy", "")
    other.script(Answer(200, "by proxy"))
    assert await ask("http://provider.invalid/") == b"by proxy"
    (seen,) = other.requests
    assert seen.headers["proxy-authorization"] == "Basic " + base64.b64encode(b"crisis:s3cret").decode()
    assert "s3cret" not in seen.target


def test_a_proxy_set_on_the_session_is_ignored_too(server: Scripted, other: Scripted) -> None:
    server.script(Answer(200, "direct"))
    with GuardedSession(Guard(frozenset({server.address})), call_seconds=2) as session:
        session.proxies = {"http": other.url}
        assert session.get(server.url, proxies={"http": other.url}).text == "direct"
    assert other.requests == []


async def test_a_proxy_given_to_one_aiohttp_request_must_be_on_the_list(server: Scripted, other: Scripted) -> None:
    async with guarded_client(Guard(frozenset({server.address})), limit=1, call_seconds=2) as client:
        with pytest.raises(ForbiddenHost, match=other.address):
            await client.get(server.url, proxy=other.url)
    assert other.requests == []


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://Graph.Example/x?y", True),
        ("https://graph.example:443/", True),
        ("https://graph.example./", True),
        ("http://graph.example/", False),
        ("https://graph.example:444/", False),
        ("https://graph.example@evil.example/", False),
        ("https://evil.example/graph.example:443", False),
        ("http://[::1]:8080/", True),
        ("ftp://graph.example/", False),
        ("https://graph.example:port/", False),
        ("", False),
    ],
)
def test_the_guard_compares_host_and_port_and_nothing_else(url: str, is_allowed: bool) -> None:
    strict = Guard(frozenset({"graph.example:443", "[::1]:8080"}))
    if is_allowed:
        strict.check(url)
    else:
        with pytest.raises(ForbiddenHost):
            strict.check(url)
    Guard(None).check(url)


def test_a_list_that_is_not_host_and_port_is_refused_at_once() -> None:
    with pytest.raises(Misconfigured, match="host:port"):
        Guard(frozenset({"graph.example"}))
