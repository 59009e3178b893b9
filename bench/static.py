"""A static file's server: nginx where it is installed, else the least that could answer, on uvloop. On one core, like its rival."""

import asyncio
import multiprocessing
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import httptools
import uvloop

from bench.apart import SENDER, core, pin
from crisis.embedded.port import free_port

START_SECONDS = 30.0
_NGINX = """
daemon off; worker_processes 1; {pinned} pid {folder}/pid; error_log {folder}/error warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; types {{ text/html html; }} default_type text/html; charset utf-8; server_tokens off;
  keepalive_requests 1000000000; sendfile on; tcp_nopush on;
  open_file_cache max=100 inactive=60s; open_file_cache_valid 1s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096; root {root}; index index.html;
    location / {{
      try_files $uri $uri/ =404;
      add_header Cache-Control "public, max-age=15"; add_header X-Content-Type-Options nosniff;
    }}
  }}
}}
"""


@contextmanager
def static(folder: Path, root: Path) -> Iterator[tuple[str, int]]:
    """Serve ``root`` for as long as the block runs: what serves it, and its port."""
    program = shutil.which("nginx")
    if program is None:
        with _ours(root / "index.html") as port:
            yield "the least server on uvloop", port
        return
    port, home = free_port(), folder / "nginx-static"
    home.mkdir(exist_ok=True)
    place = core(SENDER)
    pinned = "" if place is None else f"worker_cpu_affinity {1 << place:b};"
    conf = home / "conf"
    conf.write_text(_NGINX.format(folder=home, port=port, root=root, pinned=pinned), encoding="utf-8")
    process = subprocess.Popen([program, "-p", str(home), "-c", str(conf)], start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/", process)
        yield "nginx", port
    finally:
        end(process)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return when ``url`` answers. Raises :class:`RuntimeError` when the process ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5):
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{url} did not answer: {error}") from error
            time.sleep(0.05)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End it, by force if it takes longer than some seconds."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _ours(page: Path) -> Iterator[int]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, page.read_bytes()), daemon=True)
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()
        process.join(5)


def _serve(there: Connection, body: bytes) -> None:
    pin(SENDER)
    uvloop.run(_listen(there, body))


async def _listen(there: Connection, body: bytes) -> None:
    loop, closed = asyncio.get_running_loop(), asyncio.Event()
    whole = b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n%s' % (
        len(body),
        body,
    )
    unchanged = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'

    class Page(asyncio.Protocol):
        write: Callable[[bytes], None]

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.write = cast("asyncio.Transport", transport).write
            self.parser = httptools.HttpRequestParser(self)
            self.known = False

        def data_received(self, data: bytes) -> None:
            self.parser.feed_data(data)

        def on_header(self, name: bytes, value: bytes) -> None:
            self.known |= name.lower() == b"if-none-match" and value == b'"1"'

        def on_message_complete(self) -> None:
            self.write(unchanged if self.known else whole)
            self.known = False

    server = await loop.create_server(Page, "127.0.0.1", 0, backlog=4096)
    there.send(server.sockets[0].getsockname()[1])
    loop.add_reader(there.fileno(), closed.set)
    await closed.wait()
