"""``python -m bench.scale``: what one, two and three sender processes do here, and what a message costs. Feeds ``docs/scale.md``.

No must: it is for whoever sizes an installation. Speed is that of the machine it runs on; bytes and the shares of processor time
hold elsewhere too. Sender processes share the cores with PostgreSQL and the provider's stand-in, as the table says.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass

import psutil
import psycopg

from bench import stub
from bench.broadcast import SENDER, Broadcasts
from bench.ground import Ground, ground
from bench.machine import machine
from bench.sending import deliver
from crisis.bootstrap import channels_for, database_of
from crisis.channels import AccountRef, Outgoing, Receipt, ReceiptStatus
from crisis.deliveries import receipts
from crisis.mode import Mode
from crisis.settings import Settings

PEOPLE, PROCESSES, RECEIPTS, CALLS = 60_000, (1, 2, 3), 500, 20
"""Recipients of each broadcast; sender processes; receipts a commit; messages whose bytes are counted."""
TABLES = ("recipients", "memberships", "deliveries", "attempts", "receipts")
_SIZES = """
    SELECT relname, pg_relation_size(oid), pg_indexes_size(oid), pg_total_relation_size(oid)
    FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One broadcast by so many processes."""

    processes: int
    rate: float
    """Messages a second, together."""
    sender_us: float
    """Processor time of the senders, in microseconds a message."""
    postgres_us: float
    wal: float
    """Bytes of write-ahead log a message, from claim to settled."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What else a message costs. Bytes, unless something else is said."""

    people: int
    broadcasts: Sequence[Broadcast]
    wire_out: float
    """Of a request, with its headers, as it leaves us."""
    wire_in: float
    wal_approval: float
    """Of write-ahead log, for each recipient of an approved alert."""
    wal_receipt: float
    receipts_us: float
    """Processor time of PostgreSQL for a receipt, in microseconds, in commits of ``RECEIPTS``."""
    tables: Mapping[str, tuple[float, float]]
    """Of heap and of indexes, for each recipient, when everything has been sent and told of."""
    bloat: Mapping[str, float]
    """What is lost to dead rows: size now beside the size after a full vacuum, of heap and indexes together."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.scale", description="What a message costs, and what N senders do."
    )
    parser.add_argument("--people", type=int, default=PEOPLE, help=f"recipients of a broadcast; {PEOPLE:,} unless told")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    given = parser.parse_args()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
    with ground() as place:
        here, cost = machine(place), _cost(place, given.people)
    if given.json:
        print(json.dumps({"machine": asdict(here), "cost": asdict(cost)}, indent=1))
    else:
        print(f"{here}\n")
        print("\n".join(_lines(cost)))
    return 0


def _cost(place: Ground, count: int) -> Cost:
    with stub.stub(place.folder) as provider:
        broadcasts = Broadcasts(place, provider, count, senders_per_host=max(PROCESSES))
        url = broadcasts.database_url
        waiting, found = broadcasts.approve(), list[Broadcast]()
        for processes in PROCESSES:
            found.append(_broadcast(place, broadcasts.settings, count, processes))
            broadcasts.check(waiting)
            wal = _wal(url)
            waiting = broadcasts.approve()
            approval = (_wal(url) - wal) / count
    wire = asyncio.run(_wire(broadcasts.settings, waiting.form["Body"]))
    used, wal = _postgres(place), _wal(url)
    told = asyncio.run(_tell(broadcasts.settings, count))
    receipts_us, wal_receipt = (_postgres(place) - used) / told * 1e6, (_wal(url) - wal) / told
    sizes = _sizes(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for table in TABLES:
            connection.execute(f"VACUUM (FULL, ANALYZE) {table}")
    tight = _sizes(url)
    rounds = {"recipients": 1, "memberships": 1, "receipts": told / count}
    per = {table: count * rounds.get(table, len(PROCESSES) + 1) for table in TABLES}
    return Cost(
        people=count,
        broadcasts=found,
        wire_out=wire[0],
        wire_in=wire[1],
        wal_approval=approval,
        wal_receipt=wal_receipt,
        receipts_us=receipts_us,
        tables={table: (heap / per[table], index / per[table]) for table, (heap, index, _) in sizes.items()},
        bloat={table: total / max(1, tight[table][2]) for table, (_, _, total) in sizes.items()},
    )


def _broadcast(place: Ground, settings: Settings, count: int, processes: int) -> Broadcast:
    used, wal = _postgres(place), _wal(_url(settings))
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_ready, range(processes)))  # everything imported
        began = time.perf_counter()
        done = [pool.submit(_send, settings) for _ in range(processes)]
        senders = sum(each.result() for each in done)
        seconds = time.perf_counter() - began
    return Broadcast(
        processes,
        count / seconds,
        senders / count * 1e6,
        (_postgres(place) - used) / count * 1e6,
        (_wal(_url(settings)) - wal) / count,
    )


def _ready(_number: int) -> None:
    time.sleep(0.5)  # so that each of the pool's processes gets one


def _send(settings: Settings) -> float:
    """Seconds of processor."""
    import uvloop  # noqa: PLC0415 - in the sender's own process

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(deliver(settings))[2]


async def _wire(settings: Settings, body: str) -> tuple[float, float]:
    """Bytes of a request and of its answer, from what a socket sees: the SMS as the product's channel sends it."""
    seen, answer, writers = 0, stub.answer(1), list[asyncio.StreamWriter]()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        writers.append(writer)
        while head := await _until_blank(reader):
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
            )
            seen += len(head) + len(await reader.readexactly(length))
            writer.write(answer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    channel = channels_for(Mode.ACTUAL, settings.model_copy(update={"twilio_url": f"http://127.0.0.1:{port}"}))["sms"]
    account = AccountRef(1, "sms", "nettredaksjonen", SENDER)
    for number in range(CALLS):
        out = Outgoing(
            str(1_000_000 + number), Mode.ACTUAL, "alert", "nb", "", body, to=f"+474{number:07d}", valid_seconds=3600
        )
        await channel.publish(account, out)
    await channel.close()
    for writer in writers:
        writer.close()
    server.close()
    await asyncio.sleep(0.1)  # so that those who read see the end
    return seen / CALLS, float(len(answer))


async def _until_blank(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def _tell(settings: Settings, count: int) -> int:
    """Let the provider say *delivered* of the first broadcast; how many receipts that were."""
    db = database_of(settings)
    with psycopg.connect(_url(settings)) as connection:
        sent = connection.execute(
            "SELECT id, reference FROM deliveries WHERE state = 'accepted' ORDER BY id LIMIT %s", [count]
        ).fetchall()
    for first in range(0, len(sent), RECEIPTS):
        some = [
            Receipt(reference, ReceiptStatus.DELIVERED, key=str(delivery), raw=_said(reference))
            for delivery, reference in sent[first : first + RECEIPTS]
        ]
        async with db.transaction() as session:
            await receipts.record(session, Mode.ACTUAL, "sms", some)
    await db.close()
    return len(sent)


def _said(reference: str) -> dict[str, str]:
    """What is kept of a callback of Twilio's."""
    word = {"MessageStatus": "delivered", "SmsStatus": "delivered", "RawDlrDoneDate": "2611240315"}
    return word | {"AccountSid": stub.SID, "MessageSid": reference, "SmsSid": reference, "ApiVersion": "2010-04-01"}


def _url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def _wal(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    return int(row[0]) if row else 0


def _postgres(place: Ground) -> float:
    """Seconds of processor that PostgreSQL has used: what is running, and what has ended."""
    seconds = 0.0
    server = psutil.Process(place.postgres_pid)
    for process in (server, *server.children(recursive=True)):
        try:
            seconds += sum(process.cpu_times()[: 4 if process == server else 2])
        except psutil.NoSuchProcess:
            continue
    return seconds


def _sizes(url: str) -> dict[str, tuple[int, int, int]]:
    with psycopg.connect(url) as connection:
        return {name: (heap, index, total) for name, heap, index, total in connection.execute(_SIZES, [list(TABLES)])}


def _lines(cost: Cost) -> Iterator[str]:
    yield f"{cost.people:,} recipients a broadcast"
    for each in cost.broadcasts:
        yield (
            f"{each.processes} sender process(es)   {each.rate:8,.0f} messages/s   senders {each.sender_us:4.0f} us, "
            f"PostgreSQL {each.postgres_us:4.0f} us of processor a message   log {each.wal:,.0f} bytes a message"
        )
    yield f"on the wire           {cost.wire_out:,.0f} bytes out, {cost.wire_in:,.0f} in, a message (HTTP, before TLS and TCP)"
    yield f"write-ahead log       {cost.wal_approval:,.0f} bytes a recipient at approval, {cost.wal_receipt:,.0f} a receipt"
    yield f"a receipt             {cost.receipts_us:,.0f} us of PostgreSQL's processor, {RECEIPTS} a commit"
    for table, (heap, index) in cost.tables.items():
        yield f"{table:21} {heap:,.0f} bytes of rows + {index:,.0f} of indexes each; {cost.bloat[table]:.2f} x its size after a full vacuum"


if __name__ == "__main__":
    sys.exit(main())
