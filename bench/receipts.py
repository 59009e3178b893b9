"""Receipts: signed callbacks a second, each checked and committed before its answer, beside the usual way of taking them."""

import asyncio
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, median
from urllib.parse import urlencode

from sqlalchemy import text
from twilio.request_validator import RequestValidator

from bench.apart import PROVIDER, SENDER, apart, core
from bench.figure import Figure
from bench.ground import Ground, named
from bench.load import Load, load
from bench.rounds import Round, take
from bench.static import end, wait_for
from bench.stub import SID
from crisis.bootstrap import crisis_of, database_of
from crisis.db import no_bell
from crisis.embedded import commands
from crisis.embedded.port import free_port
from crisis.settings import Settings
from tests import factories

MUST, GOAL = 1.5, 4.0
P99_MUST, P99_GOAL = 1.0, 0.25
CONNECTIONS = 64
CALLBACKS, WARM_UP = 20_000, 2_000
"""Per round, each about another delivery; the reference takes half of them before and half after."""
UNDELIVERED_IN = 20
"""One in so many does not arrive, with an error code."""
PUBLIC_URL = "https://krise.fjordvik.kommune.no"
TOKEN = "token-of-the-benchmark"
ROOT = Path(__file__).resolve().parents[1]
PRODUCT, ENDPOINT = "api.app:create_app", "bench.endpoint:create_app"

# Every run meets the same table: what was sent has been accepted, nothing has been heard of it, and nothing lies about dead.
_RESET = (
    "TRUNCATE receipts",
    """UPDATE deliveries SET state = 'accepted', error_code = NULL, error = NULL, changed_at = now(),
           reference = 'SM' || lpad(to_hex(id), 32, '0')""",
    "VACUUM (FULL, ANALYZE) deliveries",
    "CHECKPOINT",
)
_STANDING = text(
    """
    SELECT count(*) FILTER (WHERE d.state = 'delivered' AND d.error_code IS NULL) AS delivered,
           count(*) FILTER (WHERE d.state = 'undelivered' AND d.error_code = '30003') AS undelivered,
           (SELECT count(*) FROM receipts WHERE applied_at IS NOT NULL) AS receipts
    FROM deliveries d WHERE d.id = ANY(:ids)
    """
)


def callbacks(ground: Ground, rounds: int) -> Sequence[Figure]:
    """S5: callbacks a second from one process of the API over 64 connections, and how long the slowest of a hundred take."""
    settings = ground.settings(public_url=PUBLIC_URL, twilio_auth_token=TOKEN)
    ids = asyncio.run(_broadcast(settings))
    requests = [_request(each) for each in ids]
    warm_up, measured, about = requests[:WARM_UP], requests[WARM_UP:], ids[WARM_UP:]
    half = len(measured) // 2
    speeds, usual = list[Load](), list[Load]()
    with _served(PRODUCT, ground, settings) as product, _served(ENDPOINT, ground, settings) as endpoint:

        def ask(port: int, first: int, last: int) -> Load:
            asyncio.run(_reset(settings))
            _storm(port, warm_up)
            found = _storm(port, measured[first:last])
            stands = asyncio.run(_standing(settings, about[first:last]))
            undelivered = sum(map(_undelivered, about[first:last]))
            kept = last - first + len(warm_up) if port == product else 0
            expected = {"delivered": last - first - undelivered, "undelivered": undelivered, "receipts": kept}
            if stands != expected:
                raise RuntimeError(f"After {last - first} receipts there should be {expected}; there are {stands}.")
            return found

        def measure() -> Round:
            before = ask(endpoint, 0, half)
            speeds.append(ask(product, 0, len(measured)))
            after = ask(endpoint, half, len(measured))
            usual.extend((before, after))
            return Round(speeds[-1].rate / mean((before.rate, after.rate)), (before.rate, after.rate))

        taken = take(measure, rounds)
    ours, theirs = (median(each.slowest() for each in loads) * 1000 for loads in (speeds, usual))
    detail = (
        f"{CONNECTIONS} connections, {CALLBACKS:,} signed callbacks, each about another delivery, none lost; {taken}"
    )
    return [
        Figure(
            *("S5", taken.value, "x FastAPI, one UPDATE each", MUST, detail),
            at_least=True,
            goal=GOAL,
            measured=f"{median(each.rate for each in speeds):,.0f} receipts/s",
            beside=f"FastAPI {taken.reference:,.0f} receipts/s",
            disturbed=taken.disturbed,
        ),
        Figure(
            *("S5 p99", ours / theirs, "x FastAPI, one UPDATE each", P99_MUST, "medians of the rounds above"),
            at_least=False,
            goal=P99_GOAL,
            measured=f"{ours:.1f} ms",
            beside=f"FastAPI {theirs:.1f} ms",
            disturbed=taken.disturbed,
        ),
    ]


def _storm(port: int, requests: Sequence[bytes]) -> Load:
    found = apart(load, "127.0.0.1", port, requests, CONNECTIONS, place=PROVIDER)
    found.demand(204)
    return found


def _undelivered(delivery: int) -> bool:
    return delivery % UNDELIVERED_IN == 0


def _request(delivery: int) -> bytes:
    """What Twilio sends about one delivery."""
    path = f"/receipts/actual/sms?delivery={delivery}"
    word, sid = "undelivered" if _undelivered(delivery) else "delivered", f"SM{delivery:032x}"
    fields = {
        **({"ErrorCode": "30003"} if _undelivered(delivery) else {}),
        "ApiVersion": "2010-04-01",
        "MessageStatus": word,
        "RawDlrDoneDate": "2611240315",
        "SmsSid": sid,
        "SmsStatus": word,
        "To": f"+474{delivery:07d}",
        "From": "Fjordvik",
        "MessageSid": sid,
        "AccountSid": SID,
    }
    body = urlencode(fields).encode()
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, fields)
    return (
        f"POST {path} HTTP/1.1\r\nHost: krise.fjordvik.kommune.no\r\nUser-Agent: TwilioProxy/1.1\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
        f"Accept: */*\r\nX-Home-Region: us1\r\nX-Twilio-Signature: {signature}\r\n"
        f"I-Twilio-Idempotency-Token: {sid}\r\n\r\n"
    ).encode() + body


@contextmanager
def _served(app: str, ground: Ground, settings: Settings) -> Iterator[int]:
    """An application on one core, the product's as the image starts it; its port."""
    port, place = free_port(), core(SENDER)
    pin = ["taskset", "-c", str(place)] if place is not None else []
    command = commands.api("127.0.0.1", port, "WARNING")
    if app != PRODUCT:
        command = [*commands.UVICORN, app, "--http", "httptools", "--port", str(port), "--log-level", "warning"]
    where = os.environ | named(settings) | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*pin, *command], env=where, cwd=ground.folder)
    try:
        wait_for(f"http://127.0.0.1:{port}/openapi.json", process)
        yield port
    finally:
        end(process)


async def _broadcast(settings: Settings) -> list[int]:
    """The ids of an approved alert's deliveries."""
    crisis = crisis_of(settings, bell=no_bell)
    await factories.account(crisis, "sms", address="Fjordvik")
    audience = await factories.audience(crisis, CALLBACKS + WARM_UP)
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id, audience_id=audience)
    async with crisis.db.transaction() as session:
        ids = list((await session.execute(text("SELECT id FROM deliveries ORDER BY id"))).scalars())
    await crisis.db.close()
    return ids


async def _reset(settings: Settings) -> None:
    db = database_of(settings)
    async with db.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in _RESET:
            await connection.execute(text(statement))
    await db.close()


async def _standing(settings: Settings, ids: Sequence[int]) -> dict[str, int]:
    db = database_of(settings)
    async with db.transaction() as session:
        row = (await session.execute(_STANDING, {"ids": list(ids)})).one()
    await db.close()
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
