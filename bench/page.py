"""The page: the crisis page from the application, the fallback, beside the same file served as it should be: by nginx."""

import http.client
import os
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from statistics import median

from bench.apart import PROVIDER, SENDER, apart, core
from bench.figure import Figure
from bench.ground import Ground, named
from bench.load import Load, load
from bench.rounds import Round, take
from bench.static import end, static, wait_for
from crisis import clock
from crisis.bootstrap import channels_for
from crisis.channels import AccountRef, Outgoing
from crisis.embedded import commands
from crisis.embedded.port import free_port
from crisis.mode import Mode
from crisis.settings import Settings

MUST, GOAL = 0.35, 0.55
CONNECTIONS = 100
ANSWERS, WARM_UP = 40_000, 2_000
"""Per round, server and kind."""
MESSAGES = 12
"""On the page: as much as a long night makes of it."""
ACCOUNT = AccountRef(1, "website", "nettredaksjonen", "https://krise.fjordvik.kommune.no")


def fallback(ground: Ground, rounds: int) -> Sequence[Figure]:
    """S8: answers a second from one process of the application beside one worker of nginx: the page, and "not changed"."""
    settings = ground.settings(public_dir=ground.folder / "page")
    apart(_publish, settings, place=None)
    with static(ground.folder, settings.crisis_page_dir) as theirs, _application(ground, settings) as port:
        ours = ("the application", port)
        return [_beside(name, status, ours, theirs, rounds) for name, status in (("S8", 200), ("S8 304", 304))]


def _beside(name: str, status: int, ours: tuple[str, int], theirs: tuple[str, int], rounds: int) -> Figure:
    speeds = list[Load]()
    here, there = _request(ours[1], "/crisis-page/", status), _request(theirs[1], "/", status)

    def measure() -> Round:
        before = _ask(theirs[1], there, status)
        speeds.append(_ask(ours[1], here, status))
        after = _ask(theirs[1], there, status)
        return Round(2 * speeds[-1].rate / (before.rate + after.rate), [before.rate, after.rate])

    taken = take(measure, rounds)
    p99 = median(each.slowest() for each in speeds) * 1000
    size = _size(ours[1], "/crisis-page/")
    return Figure(
        *(name, taken.value, f"x {theirs[0]} static", MUST),
        f"{CONNECTIONS} connections, a page of {size:,} bytes, not packed; p99 {p99:.1f} ms; {taken}",
        at_least=True,
        goal=GOAL,
        measured=f"{median(each.rate for each in speeds):,.0f} answers/s",
        beside=f"{theirs[0]} {taken.reference:,.0f} answers/s",
        disturbed=taken.disturbed,
    )


def _ask(port: int, request: bytes, status: int) -> Load:
    """Ask ``ANSWERS`` times from the other core, after as many as it takes to be warm."""
    apart(load, "127.0.0.1", port, [request] * WARM_UP, CONNECTIONS, place=PROVIDER).demand(status)
    found = apart(load, "127.0.0.1", port, [request] * ANSWERS, CONNECTIONS, place=PROVIDER)
    found.demand(status)
    return found


def _request(port: int, path: str, status: int) -> bytes:
    """What a reader sends; one who has the page already says which."""
    known = ""
    if status == 304:
        with _open(port, path) as answer:
            known = f"If-None-Match: {answer.headers['ETag']}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: krise.fjordvik.kommune.no\r\n{known}\r\n".encode()


def _size(port: int, path: str) -> int:
    with _open(port, path) as answer:
        return len(answer.read())


def _open(port: int, path: str) -> http.client.HTTPResponse:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(f"http://127.0.0.1:{port}{path}", timeout=10)


@contextmanager
def _application(ground: Ground, settings: Settings) -> Iterator[int]:
    """The API as the image starts it, on one core."""
    port, place = free_port(), core(SENDER)
    pin = ["taskset", "-c", str(place)] if place is not None else []
    command = [*pin, *commands.api("127.0.0.1", port, "WARNING")]
    process = subprocess.Popen(command, env=os.environ | named(settings), cwd=ground.folder)
    try:
        wait_for(f"http://127.0.0.1:{port}/crisis-page/", process)
        yield port
    finally:
        end(process)


async def _publish(settings: Settings) -> None:
    """A page with a night's messages, by the product's own adapter."""
    website = channels_for(Mode.ACTUAL, settings)["website"]
    text = "<p>Det har gått et kvikkleireskred ved Moen. Det er fare for flere skred. Gå ut av området.</p>" * 3
    began = clock.now() - timedelta(hours=MESSAGES)
    for number in range(MESSAGES):
        told = Outgoing(
            key=str(number),
            mode=Mode.ACTUAL,
            kind="alert" if number == 0 else "update",
            language="nb",
            title=f"Skred ved Moen: melding {number + 1}",
            text="",
            html=text,
            thread="1",
            issued_at=began + timedelta(hours=number),
        )
        await website.publish(ACCOUNT, told)
    await website.close()
