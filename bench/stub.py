"""The stub: a provider that answers as Twilio does and does nothing, so that what is measured is the sender.

nginx where there is one (its one worker pinned like everything else here), else a small server of ours on uvloop and
httptools, in a process of its own. Both answer every POST with 201, the same length of JSON and a message id never given
before, and count what they accepted.
"""

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import httptools
import uvloop

from bench.apart import PROVIDER, core, pin
from crisis.embedded.port import free_port

SID = "AC" + "0" * 32
_ANSWER = (
    '{"account_sid":"%s","api_version":"2010-04-01","body":"Crisis","date_created":"Thu, 24 Aug 2023 05:01:45 +0000",'
    '"date_sent":null,"date_updated":"Thu, 24 Aug 2023 05:01:45 +0000","direction":"outbound-api","error_code":null,'
    '"error_message":null,"from":"Fjordvik","messaging_service_sid":null,"num_media":"0","num_segments":"1","price":null,'
    '"price_unit":null,"sid":"SM%s","status":"queued","subresource_uris":{"media":"/2010-04-01/Accounts/%s/Media.json"},'
    '"to":"+4740000000","uri":"/2010-04-01/Accounts/%s/Messages.json"}'
)
_NGINX = """
daemon off; worker_processes 1; {pinned} pid {folder}/pid; error_log {folder}/error warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; default_type application/json; keepalive_timeout 300s; keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /accepted {{ stub_status; }}
    location / {{ return 201 '{answer}'; }}
  }}
}}
"""


def answer(number: int) -> bytes:
    """What a stub of ours writes when it has accepted its ``number``-th message."""
    return _whole(b"201 Created", _body() % number)


class Stub:
    """A running stub. ``made_of`` says which, for the reader of the figures."""

    def __init__(self, url: str, made_of: str) -> None:
        self.url, self.made_of = url, made_of
        self._asked = 0

    def accepted(self) -> int:
        """How many requests it has accepted since it started."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{self.url}/accepted", timeout=10
        ) as got:
            words = got.read().decode().split()
        self._asked += 1
        # stub_status: "... server accepts handled requests <accepts> <handled> <requests> ...", our questions included
        return int(words[0]) if len(words) == 1 else int(words[words.index("requests") + 3]) - self._asked


@contextlib.contextmanager
def stub(folder: Path, delay_seconds: float = 0.0) -> Iterator[Stub]:
    """A stub for as long as the block runs. Only ours can be slow, so with a delay it is always ours."""
    nginx = shutil.which("nginx")
    if nginx and not delay_seconds:
        with _nginx(nginx, folder) as running:
            yield running
        return
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, delay_seconds), daemon=True)
    process.start()
    there.close()
    try:
        yield Stub(f"http://127.0.0.1:{here.recv()}", "uvloop and httptools")
    finally:
        here.close()  # it ends when this does, also if we are killed
        process.join(5)


@contextlib.contextmanager
def _nginx(program: str, folder: Path) -> Iterator[Stub]:
    port, home = free_port(), folder / "nginx"
    home.mkdir(exist_ok=True)
    answer = _ANSWER % (SID, "$request_id", SID, SID)
    place = core(PROVIDER)
    pinned = "" if place is None else f"worker_cpu_affinity {1 << place:b};"
    conf = _NGINX.format(folder=home, port=port, answer=answer, pinned=pinned)
    (home / "conf").write_text(conf, encoding="utf-8")
    process = subprocess.Popen([program, "-p", str(home), "-c", str(home / "conf")], start_new_session=True)
    found = Stub(f"http://127.0.0.1:{port}", "nginx")
    try:
        _wait(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _wait(found: Stub, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            found.accepted()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _serve(there: Connection, delay_seconds: float) -> None:
    pin(PROVIDER)
    uvloop.run(_listen(there, delay_seconds))


async def _listen(there: Connection, delay_seconds: float) -> None:
    loop, closed = asyncio.get_running_loop(), asyncio.Event()
    body = _body()
    accepted = 0

    def reply(transport: asyncio.Transport, *, post: bool) -> None:
        nonlocal accepted
        accepted += post
        content, status = (body % accepted, b"201 Created") if post else (b"%d" % accepted, b"200 OK")
        if not transport.is_closing():
            transport.write(_whole(status, content))

    class Provider(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)
            self.parser = httptools.HttpRequestParser(self)

        def data_received(self, data: bytes) -> None:
            self.parser.feed_data(data)

        def on_message_complete(self) -> None:
            post = self.parser.get_method() == b"POST"
            if post and delay_seconds:
                loop.call_later(delay_seconds, lambda: reply(self.transport, post=True))
            else:
                reply(self.transport, post=post)

    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=4096)
    there.send(server.sockets[0].getsockname()[1])
    loop.add_reader(there.fileno(), closed.set)
    await closed.wait()


def _body() -> bytes:
    return (_ANSWER % (SID, "%s", SID, SID)).encode().replace(b"%s", b"%032x")


def _whole(status: bytes, content: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(content),
        content,
    )
