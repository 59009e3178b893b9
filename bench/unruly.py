"""The unruly provider: Twilio as it is on its worst day, for as many recipients as a region has, in a process of its own.

It takes messages, lists them and calls back, and a share of all calls goes wrong, in ways that a sender cannot tell from
each other. It is a lean one: some thirty bytes a recipient and no object, so that its own weight does not hide the sender's.

::

    POST Messages.json                   create, with faults; what is created is remembered by recipient
    GET  Messages.json?To=               list, newest first, with faults: what reconcile reads
    GET  Messages.json?From=             the same of the sender, a page at a time: what the watch reads

Its judge asks it over a pipe: for the count of everything, for what it took twice, and to call back about what was to be late.
"""

import asyncio
import multiprocessing
import random
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from multiprocessing.connection import Connection
from typing import Any, cast
from urllib.parse import parse_qs, unquote_plus

import orjson
import uvloop

from bench.callbacks import Callbacks, Storm
from bench.conversation import Conversation
from bench.people import number_of
from bench.stub import SID

FAULTS = (
    "throttled",
    "failing_before",
    "failing_after",
    "silent_before",
    "silent_after",
    "dropped_before",
    "dropped_after",
    "garbage_before",
    "garbage_after",
)
"""429; 503, no answer, a closed connection, and a 201 with no message in it: before the message was taken, and after."""
REJECTED_CODE = 21614
_GARBAGE = b"<html><body>It works!</body></html>"
_PREFIX = len(number_of(0)) - 7


@dataclass(frozen=True, slots=True)
class Temper:
    """How unruly it is. Shares are of all calls, or of what is said."""

    faults: float = 0.02
    """Of calls, reads included; each kind of fault equally often."""
    rejected: float = 0.001
    """Of recipients: a landline, whatever is tried."""
    hidden: float = 0.05
    """Of messages that were taken and not answered for: the list does not show them, and they are called back about late. Nobody
    can know that they went out, so they are sent once more, flagged."""
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What it has done so far."""

    creates: int
    """Calls that would create, whatever came of them."""
    accepted: int
    """Messages taken."""
    recipients: int
    """Different recipients among them."""
    rejected: int
    """Different recipients that were refused."""
    faults: dict[str, int]
    reads: int
    storm: dict[str, int]
    texts: int
    """Different texts. There should be one."""


class Unruly:
    """A running one, as its judge sees it."""

    def __init__(self, connection: Connection, port: int) -> None:
        self._connection, self.url = connection, f"http://127.0.0.1:{port}"

    def standing(self) -> Standing:
        """What it has done so far."""
        return cast("Standing", self._ask("standing"))

    def release(self) -> None:
        """Let what was to be late come now."""
        self._ask("release")

    def repeats(self) -> dict[int, int]:
        """Our ids of the deliveries of which it took more than one message, and how many it took."""
        return cast("dict[int, int]", self._ask("repeats"))

    def _ask(self, what: str) -> object:
        self._connection.send(what)
        if not self._connection.poll(60):
            raise RuntimeError("The unruly provider does not answer its judge.")
        return self._connection.recv()


@contextmanager
def unruly(people: int, temper: Temper, storm: Storm) -> Iterator[tuple[Unruly, int]]:
    """One for ``people`` recipients, and its process id."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(there, people, temper, storm), daemon=True
    )
    process.start()
    there.close()
    try:
        yield Unruly(here, here.recv()), process.pid or 0
    finally:
        here.close()  # it ends when this does, also if we are killed
        process.join(5)


class _Provider:
    """What it knows and how it answers."""

    def __init__(self, people: int, temper: Temper, storm: Storm) -> None:
        self._temper, self._chance = temper, random.Random(temper.seed)
        self._taken, self._rejected = bytearray(people), bytearray(people)
        self._first, self._second = array("Q", bytes(8 * people)), array("Q", bytes(8 * people))
        """The serial numbers of the first and the second message to each recipient."""
        self._created, self._places = array("d", [0.0]), array("L", [0])
        """By serial number: when it was taken, and to whom."""
        self._hidden = set[int]()
        self._texts = set[str]()
        self.counts, self.faults = Counter[str](), Counter[str]()
        self.callbacks = Callbacks(people, storm, self._chance)

    def standing(self) -> Standing:
        """For the judge."""
        return Standing(
            self.counts["creates"],
            self.counts["accepted"],
            len(self._taken) - self._taken.count(0),
            len(self._rejected) - self._rejected.count(0),
            dict(self.faults),
            self.counts["reads"],
            self.callbacks.standing(),
            len(self._texts),
        )

    def repeats(self) -> dict[int, int]:
        """For the judge."""
        return {self.callbacks.deliveries[place]: times for place, times in enumerate(self._taken) if times > 1}

    def create(self, body: bytes) -> tuple[int, bytes] | None:
        """Status and body, ``(0, b"")`` to hang up, ``None`` never to answer."""
        self.counts["creates"] += 1
        form = {
            name: unquote_plus(value) for name, _, value in (piece.partition("=") for piece in body.decode().split("&"))
        }
        place = int(form["To"][_PREFIX:])
        fault = self._fault()
        if fault is None or fault.endswith("_after"):
            if self._is_rejected(place):
                self._rejected[place] = 1
                return 400, _error(400, REJECTED_CODE)
            self._take(place, form, answered=fault is None)
            if fault is None:
                return 201, _message(self.counts["accepted"], place, "", time.time())
        return _broken(fault)

    def read(self, query: str) -> tuple[int, bytes] | None:
        """The list of messages to one number, or of all, the newest first."""
        self.counts["reads"] += 1
        if (fault := self._fault()) is not None:
            return _broken(fault)
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if "To" not in asked:
            return 200, self._page(int(asked.get("Below", len(self._created))), int(asked.get("PageSize", 50)))
        place = int(asked["To"][_PREFIX:])
        text = next(iter(self._texts), "")
        serials = [each for each in (self._second[place], self._first[place]) if each and each not in self._hidden]
        shown = b",".join(_message(serial, place, text, self._created[serial]) for serial in serials)
        return 200, b'{"messages":[%s],"next_page_uri":null,"page":0,"page_size":50}' % shown

    def _page(self, below: int, size: int) -> bytes:
        serials = range(below - 1, max(below - 1 - size, 0), -1)
        text = next(iter(self._texts), "")
        shown = b",".join(
            _message(each, self._places[each], text, self._created[each])
            for each in serials
            if each not in self._hidden
        )
        last = serials[-1] if serials else 1
        path = f"/2010-04-01/Accounts/{SID}/Messages.json?PageSize={size}&Below={last}"
        following = orjson.dumps(path if last > 1 else None)
        return b'{"messages":[%s],"next_page_uri":%s,"page":0,"page_size":%d}' % (shown, following, size)

    def _take(self, place: int, form: dict[str, str], *, answered: bool) -> None:
        self.counts["accepted"] += 1
        serial = self.counts["accepted"]
        if self._taken[place]:
            self._second[place] = serial
        else:
            self._first[place] = serial
        self._taken[place] = min(255, self._taken[place] + 1)
        self._created.append(time.time())
        self._places.append(place)
        self._texts.add(form["Body"])
        hidden = not answered and self._chance.random() < self._temper.hidden
        if hidden:
            self._hidden.add(serial)
        self.callbacks.plan(form["StatusCallback"], place, serial, late=hidden)

    def _fault(self) -> str | None:
        if self._chance.random() >= self._temper.faults:
            return None
        fault = self._chance.choice(FAULTS)
        self.faults[fault] += 1
        return fault

    def _is_rejected(self, place: int) -> bool:
        return (place * 2_654_435_761) % 1_000_003 < self._temper.rejected * 1_000_003


def _broken(fault: str | None) -> tuple[int, bytes] | None:
    what = (fault or "").partition("_")[0]
    return {
        "throttled": (429, _error(429, 20429)),
        "failing": (503, _error(503, 20503)),
        "dropped": (0, b""),
        "garbage": (201, _GARBAGE),
        "silent": None,
    }[what]


def _error(status: int, code: int) -> bytes:
    return orjson.dumps({"code": code, "message": "Something is wrong", "status": status})


def _message(serial: int, place: int, text: str, created: float) -> bytes:
    at = format_datetime(datetime.fromtimestamp(created, UTC).replace(microsecond=0))
    shown: dict[str, Any] = {
        "account_sid": SID,
        "api_version": "2010-04-01",
        "body": text,
        "date_created": at,
        "date_sent": None,
        "date_updated": at,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "Fjordvik",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": f"SM{serial:032x}",
        "status": "queued",
        "to": number_of(place),
        "uri": f"/2010-04-01/Accounts/{SID}/Messages/SM{serial:032x}.json",
    }
    return orjson.dumps(shown)


def _serve(there: Connection, people: int, temper: Temper, storm: Storm) -> None:
    uvloop.run(_listen(there, people, temper, storm))


async def _listen(there: Connection, people: int, temper: Temper, storm: Storm) -> None:
    loop, closed = asyncio.get_running_loop(), asyncio.Event()
    provider = _Provider(people, temper, storm)

    def asked() -> None:
        try:
            what = there.recv()
        except EOFError:
            loop.remove_reader(there.fileno())
            closed.set()
            return
        if what == "release":
            provider.callbacks.release()
        there.send({"repeats": provider.repeats, "standing": provider.standing}.get(what, lambda: None)())

    server = await loop.create_server(lambda: Conversation(provider), "127.0.0.1", 0, backlog=4096)
    there.send(server.sockets[0].getsockname()[1])
    loop.add_reader(there.fileno(), asked)
    calling = asyncio.create_task(provider.callbacks.run())
    await closed.wait()
    calling.cancel()
