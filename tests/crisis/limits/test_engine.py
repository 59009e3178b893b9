"""Limits as a worker meets them: the real engine, over real sockets, to a provider that refuses, throttles, or fails one of two
senders; and two processes under one limit.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crisis.bootstrap import engine_for
from crisis.cli import screen, status
from crisis.deliveries.engine import Engine
from crisis.lanes import Lane
from crisis.limits import service
from crisis.limits.breaker import WELL_SECONDS
from crisis.limits.pace import COLD_CONCURRENCY
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.deliveries.workbench import Workbench
from tests.crisis.limits.provider import SID, TOKEN, Provider
from tests.factories import EDITOR, OPERATOR

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


def pointed(settings: Settings, url: str, sid: str, token: str, **more: Any) -> Settings:
    """A worker's settings, with every provider at this address."""
    return Settings(
        **settings.model_dump()
        | {
            "graph_url": f"{url}/graph",
            "x_url": f"{url}/x",
            "twilio_url": f"{url}/twilio",
            "twilio_account_sid": sid,
            "twilio_auth_token": token,
            "x_consumer_key": "key",
            "x_consumer_secret": "secret",
            "sms_settle_seconds": 0.0,
            "call_seconds": 2.0,
            "sms_concurrency": 32,
            "public_url": "http://127.0.0.1:9",
        }
        | more
    )


async def ended(engine: Engine) -> None:
    for channel in engine.channels.values():
        await channel.close()


@pytest.fixture
async def worker(settings: Settings, bench: Workbench, server: SandboxServer) -> AsyncIterator[Engine]:
    server.clear()
    engine = engine_for(Mode.ACTUAL, pointed(settings, server.url, server.account_sid, server.token), bench.db)
    yield engine
    await ended(engine)


async def flow(bench: Workbench, account: int) -> Any:
    async with bench.db.transaction() as session:
        return (await session.execute(text("SELECT * FROM flows WHERE account_id = :id"), {"id": account})).one()


def creates(server: SandboxServer) -> int:
    return sum(each["method"] == "POST" for each in server.requests("twilio"))


# A provider that refuses everything


async def test_a_provider_that_fails_is_left_alone_told_of_and_holds_up_nobody(
    bench: Workbench, worker: Engine, server: SandboxServer
) -> None:
    server.fault("twilio", "5xx_before", match={"verb": "create"})
    ids = await bench.everywhere(server.url, people=300)
    begun = time.monotonic()
    sms = asyncio.create_task(worker.deliver(Lane.SMS))
    public = await worker.deliver(Lane.PUBLIC)
    assert (public["accepted"], public.total()) == (4, 4)
    assert time.monotonic() - begun < 5, "the website, Facebook and X wait for no SMS"
    await sms
    assert 0 < creates(server) < 20
    (trouble,) = (await status.read(bench.crisis, None, exercise=False))["troubles"]
    assert (trouble["channel"], trouble["state"]) == ("sms", "open")
    assert trouble["sentences"]["nb"].startswith("SMS (nettredaksjonen sms) svarer ikke siden kl. ")
    with screen.console.capture() as shown:
        screen.show(status.drawn(await status.read(bench.crisis, None, exercise=False)))
    assert "svarer ikke siden kl." in " ".join(shown.get().split())
    # It is tried again by one call at a time, and no more than that.
    calls = creates(server)
    await bench.pass_time(61)
    await worker.deliver(Lane.SMS)
    assert creates(server) == calls + 1
    # Well again: everybody gets it, nobody twice.
    server._ask("DELETE", "faults")
    for _ in range(6):
        await bench.pass_time(61)
        await worker.sweep_and_deliver()
    assert await bench.states(ids) == {"accepted": len(ids)}
    counts = server.counts()["twilio"]
    assert (counts["create"], counts["distinct_keys"], counts["repeats"]) == (300, 300, 0)
    assert (await status.read(bench.crisis, None, exercise=False))["troubles"] == []


# A storm of 429


@pytest.mark.parametrize("kind", ["429", "429_no_header"])
async def test_in_a_storm_of_throttling_the_rate_falls_and_nothing_is_lost_or_repeated(
    bench: Workbench, worker: Engine, server: SandboxServer, kind: str
) -> None:
    account = await factories.account(bench.crisis, "sms", address="Fjordvik")
    ids = await bench.alert(people=400)
    server.fault("twilio", kind, share=0.5, seed=1, seconds=1, match={"verb": "create"})
    await worker.deliver(Lane.SMS)
    held = await flow(bench, account)
    assert held.state == "closed", "throttling opens no breaker"
    assert held.concurrency is not None
    assert held.per_second is not None
    throttled = sum(each["status"] == 429 for each in server.requests("twilio"))
    assert 0 < throttled < len(ids) / 2, "half of them would be throttled if it went on as fast"
    assert (await bench.states(ids))["dead"] == 0
    (trouble,) = (await status.read(bench.crisis, None, exercise=False))["troubles"]
    assert "har bedt oss vente" in trouble["sentences"]["nb"] or "saktere enn vanlig" in trouble["sentences"]["nb"]
    server._ask("DELETE", "faults")
    for _ in range(40):
        await bench.pass_time(20)
        await worker.deliver(Lane.SMS)
        if await bench.states(ids) == {"accepted": len(ids)}:
            break
    assert await bench.states(ids) == {"accepted": len(ids)}
    counts = server.counts()["twilio"]
    assert (counts["create"], counts["distinct_keys"], counts["repeats"]) == (400, 400, 0)
    assert not any(row.repeated for row in await bench.rows(ids))


# The standby

PEOPLE, ROUNDS = 120, 14


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
async def carrying(settings: Settings, bench: Workbench, provider: Provider) -> AsyncIterator[Engine]:
    engine = engine_for(Mode.ACTUAL, pointed(settings, provider.url, SID, TOKEN), bench.db)
    yield engine
    await ended(engine)


@pytest.mark.parametrize("accepts", [False, True])
async def test_the_standby_carries_the_broadcast_and_gives_it_back_once_the_first_is_well(
    bench: Workbench, carrying: Engine, provider: Provider, *, accepts: bool
) -> None:
    first = await factories.account(bench.crisis, "sms", name="first", address="Fjordvik")
    standby = await factories.account(bench.crisis, "sms", name="reserve", address="Reserve")
    await service.set_standby(bench.db, OPERATOR, standby, standby_for=first)
    people = await factories.audience(bench.crisis, PEOPLE)
    activation = await factories.activation(bench.db)

    async def approved(number: int) -> None:
        said = {"nb": {**factories.SLIDE["nb"], "headline": f"Skred nummer {number}: Gå ut nå"}}
        draft = await factories.alert(bench.crisis, activation.id, audience_id=people, contents=said)
        await bench.crisis.desk.approve(EDITOR, draft.id)

    provider.refuses["Fjordvik"] = accepts
    await approved(0)
    await carrying.sweep_and_deliver()
    by_account = Counter((row.account_id, row.state) for row in await bench.rows())
    assert 0 < provider.calls["Fjordvik"] <= 2 * COLD_CONCURRENCY
    assert by_account[standby, "accepted"] >= PEOPLE - 2 * COLD_CONCURRENCY
    assert {state for account, state in by_account if account == standby} == {"accepted"}
    assert {row.moved_from for row in await bench.rows() if row.account_id == standby} == {first}
    (trouble,) = (await status.read(bench.crisis, None, exercise=False))["troubles"]
    assert trouble["sentences"]["nb"].endswith("reserve sender i stedet.")
    assert await turns(bench) == ["divert_account"]
    # Well again; more is to be sent all the time. It goes back after a minute of being well, and not before.
    provider.refuses.clear()
    carried = [True]
    for number in range(1, ROUNDS + 1):
        before = provider.calls.copy()
        await approved(number)
        await carrying.sweep_and_deliver()
        carried.append((await flow(bench, first)).diverted)
        if carried[-1] == carried[-2]:
            assert (provider.calls - before)["Reserve" if carried[-1] else "Fjordvik"] >= PEOPLE - 2 * COLD_CONCURRENCY
        await bench.pass_time(6)
    assert carried == sorted(carried, reverse=True), "to and fro once"
    assert not carried[-1]
    assert sum(carried) * 6 >= WELL_SECONDS - 6
    assert await turns(bench) == ["divert_account", "return_account"]
    for _ in range(3):
        await bench.pass_time(61)
        await carrying.sweep_and_deliver()
    rows = {row.id: row for row in await bench.rows()}
    assert Counter(row.state for row in rows.values()) == {"accepted": (1 + ROUNDS) * PEOPLE}
    sent = Counter(int(record.key) for record in provider.records())
    assert set(sent) == set(rows)
    twice = {each for each, count in sent.items() if count > 1}
    assert twice <= {each for each, row in rows.items() if row.repeated}
    assert sum(row.repeated for row in rows.values()) <= 2 * COLD_CONCURRENCY


async def turns(bench: Workbench) -> list[str]:
    """How often the traffic went over, on record."""
    async with bench.db.transaction() as session:
        records = await session.scalars(text("SELECT record FROM audit ORDER BY seq"))
        actions = [json.loads(record)["action"] for record in records]
    return [action for action in actions if action in {"divert_account", "return_account"}]


# Two processes


async def two_processes(settings: Settings, server: SandboxServer, **more: Any) -> None:
    """Let two sender processes of their own send what is due, beginning together."""
    held = pointed(settings, server.url, server.account_sid, server.token, senders_per_host=2, sms_batch=20, **more)
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    for name in held.model_fields_set - {"ceilings"}:
        value = getattr(held, name)
        plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        if plain is not None and not isinstance(plain, tuple | dict):
            env[f"CRISIS_{name.upper()}"] = str(plain)
    if held.ceilings:
        env["CRISIS_CEILINGS"] = ",".join(f"{channel}={rate}" for channel, rate in held.ceilings.items())
    command = [sys.executable, "-m", "tests.crisis.limits.sending"]
    running = [await asyncio.create_subprocess_exec(*command, env=env, cwd=ROOT) for _ in range(2)]
    async with asyncio.timeout(60):
        assert [await each.wait() for each in running] == [0, 0]


async def test_two_processes_have_no_more_in_flight_together_than_was_set(
    settings: Settings, bench: Workbench, server: SandboxServer
) -> None:
    server.clear()
    account = await factories.account(bench.crisis, "sms", address="Fjordvik")
    ids = await bench.alert(people=120)
    await service.set_limit(bench.db, OPERATOR, account, concurrency=6, per_second=None)
    server.fault("twilio", "latency", seconds=0.15, match={"verb": "create"})
    await two_processes(settings, server)
    assert await bench.states(ids) == {"accepted": len(ids)}
    records = server.records("twilio")
    turns = sorted(
        [(each["accepted_mono"], 1) for each in records] + [(each["published_mono"], -1) for each in records]
    )
    at_once = max(accumulate(step for _, step in turns))
    assert at_once <= 6
    assert at_once > 3, "and not one after the other"


@pytest.mark.parametrize("set_for", ["the account", "the channel"])
async def test_two_processes_go_no_faster_together_than_was_set(
    settings: Settings, bench: Workbench, server: SandboxServer, set_for: str
) -> None:
    server.clear()
    account = await factories.account(bench.crisis, "sms", address="Fjordvik")
    ids = await bench.alert(people=100)
    ceilings = {}
    if set_for == "the account":
        await service.set_limit(bench.db, OPERATOR, account, concurrency=None, per_second=25)
    else:
        ceilings = {"ceilings": {"sms": 25.0}}
    await two_processes(settings, server, **ceilings)
    assert await bench.states(ids) == {"accepted": len(ids)}
    at = sorted(each["accepted_mono"] for each in server.records("twilio"))
    for begun in at:
        within = sum(begun <= each < begun + 2 for each in at)
        assert within <= 2 * 25 + 13 + 7, (
            "two seconds' worth, what half a quiet second saves up, and what was on its way"
        )
    assert at[-1] - at[0] > (100 - 13) / 25 * 0.9
    assert at[-1] - at[0] < 100 / 25 * 3, "and not much slower"
