"""Posts over libcurl, below what the contract sees: connections, certificates, proxies, forks, and what ends early."""

import asyncio
import gc
import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.curl_posts import LONGEST_ANSWER, LONGEST_IDLE, Answer, Posts
from adapters.transport import ForbiddenHost, Guard
from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Unavailable
from tests.adapters.scripted import Answer as Scripting
from tests.adapters.scripted import Reset, Scripted
from tests.adapters.sockets import free_address, listening

SECRET = "c2VjcmV0"
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def posts_to(url: str, *, allowed: frozenset[str] | None = None, limit: int = 4, **changes: Any) -> Posts:
    settings: dict[str, Any] = {
        "call_seconds": 2.0,
        "headers": {"Authorization": f"Basic {SECRET}"},
        "secrets": (SECRET,),
    }
    return Posts(url, Guard(allowed), limit=limit, **(settings | changes))


async def answer_of(posts: Posts, form: bytes = b"a=b") -> Answer | ChannelError:
    told: asyncio.Future[Answer | ChannelError] = asyncio.get_running_loop().create_future()
    posts.post("1", form, lambda _, outcome: told.set_result(outcome))
    async with asyncio.timeout(5):
        return await told


async def one_answer(url: str, **changes: Any) -> Answer | ChannelError:
    posts = posts_to(url, **changes)
    try:
        return await answer_of(posts)
    finally:
        posts.close()


@contextmanager
def counting(*answers: bytes) -> Iterator[tuple[str, list[int]]]:
    """A server that gives one connection these answers, and ends it at an empty one: what came, by connection."""
    seen: list[int] = []

    def serve(connection: socket.socket) -> None:
        number = len(seen)
        seen.append(0)
        for answer in answers:
            if not connection.recv(1 << 16):
                return
            seen[number] += 1
            if not answer:
                return
            connection.sendall(answer)

    with listening(serve) as address:
        yield f"http://{address}/", seen


WELL = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


async def test_a_post_is_never_sent_twice_although_libcurl_would() -> None:
    """Left to itself, libcurl sends the second one again on a new connection: the provider would get three."""
    with counting(WELL, b"") as (url, seen):
        posts = posts_to(url)
        assert isinstance(await answer_of(posts), Answer)
        lost = await answer_of(posts)
        assert isinstance(lost, OutcomeUnknown)
        posts.close()
        await asyncio.sleep(0.1)
    assert sum(seen) == 2


async def test_a_connection_that_ended_while_idle_is_not_used_again() -> None:
    with counting(WELL) as (url, seen):
        posts = posts_to(url)
        for pause in (1.2, 1.2, 0):
            assert isinstance(await answer_of(posts), Answer)
            await asyncio.sleep(pause)  # libcurl looks after its idle connections once a second
        posts.close()
    assert seen == [1, 1, 1]


async def test_a_connection_that_was_idle_for_long_is_not_trusted() -> None:
    made = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"
    with counting(made, made, made) as (url, seen):
        posts = posts_to(url)
        for pause in (0.0, 0.5, LONGEST_IDLE + 1.5):
            await asyncio.sleep(pause)
            answer = await answer_of(posts)
            assert isinstance(answer, Answer)
        posts.close()
    assert seen == [2, 1]


async def test_connections_are_kept_and_there_are_no_more_than_allowed(server: Scripted) -> None:
    server.script(*(Scripting(201, "{}") for _ in range(20)))
    ends: list[str] = []
    posts = posts_to(server.url, limit=2, call_seconds=5.0)
    for number in range(20):
        posts.post(str(number), b"a=b", lambda key, outcome: ends.append(key if isinstance(outcome, Answer) else ""))
    async with asyncio.timeout(5):
        while len(ends) < 20:
            await asyncio.sleep(0.01)
    posts.close()
    assert sorted(ends, key=int) == [str(number) for number in range(20)]
    assert len(server.requests) == 20


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_it_runs_on_either_loop(server: Scripted, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    server.script(Scripting(201, {"sid": "SM1"}, {"Retry-After": "7"}))
    with asyncio.Runner(loop_factory=loop) as runner:
        answer = runner.run(one_answer(server.url))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.headers["Retry-After"]) == (201, b'{"sid": "SM1"}', "7")


# What was surely not sent, and what may have been


@pytest.mark.parametrize("url", ["http://nobody.invalid/", f"http://{free_address()}/"])
async def test_without_a_connection_nothing_was_sent(url: str) -> None:
    assert isinstance(await one_answer(url), Unavailable)


async def test_a_tls_handshake_that_fails_or_hangs_was_not_a_request() -> None:
    with listening(lambda connection: connection.recv(1)) as address:
        assert isinstance(await one_answer(f"https://{address}/"), Unavailable)
    with listening(lambda _: time.sleep(0.8)) as address:
        assert isinstance(await one_answer(f"https://{address}/", call_seconds=0.6), Unavailable)


async def test_no_free_connection_in_time_is_unsent(server: Scripted) -> None:
    server.script(Scripting(201, after=1.2), Scripting(201))
    posts = posts_to(server.url, limit=1, call_seconds=1.0)
    both = await asyncio.gather(answer_of(posts), answer_of(posts))
    posts.close()
    assert [type(each) for each in both] == [OutcomeUnknown, Unavailable]
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["no address at all", "ftp://127.0.0.1/"])
async def test_an_address_that_is_none_is_misconfigured(url: str) -> None:
    assert isinstance(await one_answer(url), Misconfigured)


async def test_an_answer_in_drips_is_not_waited_for_beyond_the_limit(server: Scripted) -> None:
    server.script(Scripting(201, "x" * 100, drip=0.05))
    began = time.monotonic()
    assert isinstance(await one_answer(server.url, call_seconds=0.5), OutcomeUnknown)
    assert time.monotonic() - began < 0.7


@pytest.mark.parametrize("is_announced", [True, False])
async def test_an_answer_of_fifty_megabytes_costs_no_memory(is_announced: bool) -> None:
    sent: list[int] = []

    def serve(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        length = b"Content-Length: 52428800\r\n" if is_announced else b""
        try:
            connection.sendall(b"HTTP/1.1 201 Created\r\n" + length + b"\r\n")
            for _ in range(800):
                connection.sendall(b" " * (1 << 16))
                sent.append(1 << 16)
        except OSError:
            return

    with listening(serve) as address:
        outcome = await one_answer(f"http://{address}/")
    assert isinstance(outcome, OutcomeUnknown)
    assert str(LONGEST_ANSWER) in outcome.reason
    assert sum(sent) < 20_000_000, "it was read on"  # what the kernel's buffers took, at most


@pytest.mark.parametrize("answer", [b"\x00\x01 what?\r\n\r\n", b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{"])
async def test_garbage_and_half_an_answer_are_unknown(answer: bytes) -> None:
    with counting(answer) as (url, _):
        assert isinstance(await one_answer(url), OutcomeUnknown)


async def test_no_error_shows_a_secret(server: Scripted) -> None:
    server.script(Reset())
    for url in (server.url, f"http://crisis:{SECRET}@nobody.invalid/{SECRET}"):
        outcome = await one_answer(url)
        assert isinstance(outcome, ChannelError)
        assert SECRET not in repr(outcome) + str(outcome)
    posts = posts_to(server.url)
    assert SECRET not in repr(posts)
    posts.close()


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
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key, folder = ec.generate_private_key(ec.SECP256R1()), tmp_path_factory.mktemp("tls")
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fjordvik")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return folder / "cert.pem", folder / "key.pem"


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


# What ends early


async def test_what_is_abandoned_is_not_told_and_leaves_the_others_alone(server: Scripted) -> None:
    server.script(Scripting(201, after=0.3), Scripting(201, after=0.3))
    told: list[str] = []
    posts = posts_to(server.url)
    gone = posts.post("gone", b"a=b", lambda key, _: told.append(key))
    posts.post("stays", b"a=b", lambda key, _: told.append(key))
    await asyncio.sleep(0.1)
    posts.abandon(gone)
    posts.abandon(gone)
    await asyncio.sleep(0.5)
    assert told == ["stays"]
    posts.close()


async def test_one_told_may_abandon_another_that_has_ended_in_the_same_turn(server: Scripted) -> None:
    server.script(*(Scripting(201) for _ in range(4)))
    told: list[str] = []
    posts = posts_to(server.url)

    def ended(key: str, _: Answer | ChannelError) -> None:
        told.append(key)
        for post in started:
            posts.abandon(post)

    started = [posts.post(str(number), b"a=b", ended) for number in range(3)]
    time.sleep(0.3)  # noqa: ASYNC251 - all three are answered before the loop looks
    async with asyncio.timeout(2):
        while not told:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert len(told) == 1
    assert isinstance(await answer_of(posts), Answer)
    posts.close()


async def test_closing_tells_everybody_once_what_it_means(server: Scripted) -> None:
    server.script(Scripting(201, after=0.5))
    told: dict[str, list[Answer | ChannelError]] = {"asked": [], "waits": []}
    posts = posts_to(server.url, limit=1)
    for key in ("asked", "waits"):
        posts.post(key, b"a=b", lambda key, outcome: told[key].append(outcome))
    await asyncio.sleep(0.2)
    posts.close()
    posts.close()
    assert [type(each) for each in told["asked"]] == [OutcomeUnknown]
    assert [type(each) for each in told["waits"]] == [Unavailable]
    with pytest.raises(Unavailable):
        posts.post("late", b"a=b", lambda *_: None)
    await asyncio.sleep(0.6)
    assert {len(each) for each in told.values()} == {1}


async def test_one_that_fails_to_take_its_answer_in_takes_no_other_with_it(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    server.script(Scripting(201), Scripting(201))
    posts = posts_to(server.url)
    posts.post("bad", b"a=b", lambda *_: 1 / 0)
    assert isinstance(await answer_of(posts), Answer)
    await asyncio.sleep(0.1)
    posts.close()
    assert "bad could not be taken in" in caplog.text


def test_a_loop_that_ended_without_closing_leaks_nothing(server: Scripted) -> None:
    descriptors = Path(f"/proc/{os.getpid()}/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not list a process's descriptors")

    async def left_open() -> None:
        posts = posts_to(server.url)
        await answer_of(posts)
        posts.post("left", b"a=b", lambda *_: None)
        await asyncio.sleep(0.05)

    def kept() -> int:
        return len(list(descriptors.iterdir()))

    server.script(*(Scripting(201) for _ in range(40)))
    asyncio.run(left_open())
    gc.collect()
    time.sleep(0.2)
    before = kept()
    for _ in range(10):
        asyncio.run(left_open())
    gc.collect()
    time.sleep(0.3)
    assert kept() <= before + 2


def test_a_fork_makes_its_own_and_leaves_its_parents_alone(server: Scripted) -> None:
    server.script(*(Scripting(201) for _ in range(3)))
    with asyncio.Runner() as runner:
        posts = runner.run(opened(server.url))
        runner.run(asked(posts))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                posts.close()
                del posts
                gc.collect()
                code = (
                    0 if isinstance(asyncio.new_event_loop().run_until_complete(one_answer(server.url)), Answer) else 2
                )
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert isinstance(runner.run(asked(posts)), Answer)
        posts.close()
    assert len(server.requests) == 3


async def opened(url: str) -> Posts:
    return posts_to(url)


async def asked(posts: Posts) -> Answer | ChannelError:
    return await answer_of(posts)
