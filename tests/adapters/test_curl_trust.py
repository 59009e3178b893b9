"""Posts over libcurl: where they may go, through whom, and whom they believe."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.curl_posts import Answer
from adapters.transport import ForbiddenHost
from crisis.channels import Unavailable
from tests.adapters.certificate import make
from tests.adapters.posting import WELL, one_answer, posts_to
from tests.adapters.scripted import Answer as Scripting
from tests.adapters.scripted import Scripted
from tests.adapters.sockets import free_address, listening

PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


# Where it may go


async def test_a_host_off_the_list_is_refused_before_there_is_a_connection(server: Scripted) -> None:
    for allowed in (frozenset({free_address()}), frozenset[str]()):
        with pytest.raises(ForbiddenHost, match=server.address):
            posts_to(server.url, allowed=allowed)
    assert server.requests == []


async def test_a_redirect_is_an_answer_and_not_followed(server: Scripted, other: Scripted) -> None:
    for status in (301, 302, 303, 307, 308):
        server.script(Scripting(status, headers={"Location": other.url}))
        outcome = await one_answer(server.url)
        assert isinstance(outcome, Answer)
        assert (outcome.status, outcome.headers["Location"]) == (status, other.url)
    assert other.requests == []


async def test_proxies_are_for_those_without_a_list(
    server: Scripted, other: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, other.url.replace("://", "://crisis:pass@"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    server.script(Scripting(201, "direct"))
    other.script(Scripting(201, "by proxy"))
    walled = await one_answer(server.url, allowed=frozenset({server.address}))
    assert isinstance(walled, Answer)
    assert (walled.body, other.requests) == (b"direct", [])
    free = await one_answer(server.url)
    assert isinstance(free, Answer)
    assert free.body == b"by proxy"
    assert other.requests[0].headers["proxy-authorization"] == "Basic Y3Jpc2lzOnBhc3M="
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.script(Scripting(201, "direct"))
    assert isinstance(await one_answer(server.url), Answer)
    assert len(server.requests) == 2


# Certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make(tmp_path_factory.mktemp("tls"))


@contextmanager
def tls(certificate: tuple[Path, Path]) -> Iterator[tuple[str, list[bytes]]]:
    """A server with this certificate: its address, and the requests that came through."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection.dup(), server_side=True) as wrapped:
                if request := wrapped.recv(1 << 16):
                    requests.append(request)
                    wrapped.sendall(WELL)
        except OSError:
            return

    with listening(serve) as address:
        yield address, requests


async def test_a_certificate_nobody_vouches_for_is_refused(certificate: tuple[Path, Path]) -> None:
    with tls(certificate) as (address, requests):
        outcome = await one_answer(f"https://{address}/")
        assert isinstance(outcome, Unavailable)
        assert "certificate" in outcome.reason
    assert requests == []


async def test_a_certificate_is_trusted_with_its_authority_and_for_its_own_name_only(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls(certificate) as (address, requests):
        assert isinstance(await one_answer(f"https://{address}/", ca_file=str(certificate[0])), Answer)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))  # as an installation adds its own
        assert isinstance(await one_answer(f"https://{address}/"), Answer)
        elsewhere = address.replace("127.0.0.1", "localhost")
        assert isinstance(await one_answer(f"https://{elsewhere}/"), Unavailable)
    assert len(requests) == 2
