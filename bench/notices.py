"""``python -m bench.notices``: a thousand units' leaders told of a lock by SMS and by e-mail, where every answer takes 0.3 s.

The real duty, engine and adapters against the sandbox in a process of its own, which takes letters as it takes text messages. Exits 1
if either takes a minute or more, or anybody was told twice or not at all.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from pydantic import SecretStr
from sqlalchemy import text

from bench.ground import ground
from crisis.activations.service import activate
from crisis.bootstrap import database_of, engine_for, notifications_of, sealers_of
from crisis.channel_set import close_all
from crisis.db import Database
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.notifications.contacts import ContactIn, add_contact
from crisis.notifications.models import Part
from crisis.settings import Settings
from tests.adapters.sandbox_server import SandboxServer
from tests.factories import DIRECTOR, OPERATOR

MUST = 60.0
"""Seconds, each way."""
_ACCOUNTS = text(
    """
    INSERT INTO accounts (channel, name, unit, address)
    SELECT 'facebook', 'account ' || n, 'unit ' || n, (1000000 + n)::text FROM generate_series(1, :units) AS n
    UNION ALL SELECT 'sms', 'Fjordvik', CAST(:editors AS text), 'Fjordvik'
    """
)
_EMAILS = text("SELECT count(*) FILTER (WHERE state = 'sent') AS sent, count(*) AS letters FROM emails")
_TEXTS = text("SELECT state, count(*) FROM deliveries GROUP BY state")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.notices", description="Tell everybody of a lock.")
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=0.3, help="until a provider answers")
    given = parser.parse_args()
    with ground() as place, SandboxServer() as sandbox:
        for provider in ("twilio", "mail"):
            sandbox.fault(provider, "latency", seconds=given.seconds)
        settings = place.settings(sandbox_url=sandbox.url, sandbox_token=SecretStr(sandbox.token))
        letters, texts = asyncio.run(_measure(settings, given.units))
        reached = {name: Counter(each["to"] for each in sandbox.records(name)) for name in ("twilio", "mail")}
    if wrong := {name: (len(found), found.total()) for name, found in reached.items() if set(found.values()) != {1}}:
        sys.exit(f"Some were told twice: {wrong}.")
    if missed := {name: len(found) for name, found in reached.items() if len(found) != given.units}:
        sys.exit(f"Not all {given.units} were told: {missed}.")
    print(
        f"{given.units:,} leaders, answers in {given.seconds:g} s: all told by e-mail {letters:.1f} s, "
        f"and by SMS {texts:.1f} s, after the activation; must: < {MUST:.0f} s each"
    )
    return 0 if max(letters, texts) < MUST else 1


async def _measure(settings: Settings, units: int) -> tuple[float, float]:
    """Seconds from the activation until everybody has a letter, and a text message."""
    db = database_of(settings)
    await _settle_in(db, settings, units)
    await activate(db, DIRECTOR, Mode.EXERCISE, "bench")
    duty = notifications_of(Mode.EXERCISE, settings.without_secrets(), db)
    engine = engine_for(Mode.EXERCISE, settings, db, slices=False)
    try:
        letters, texts = await asyncio.gather(
            _until(lambda: _letters(duty.round, db, units)), _until(lambda: _texts(engine.deliver, db, units))
        )
    finally:
        await close_all(engine.channels)
        await db.close()
    return letters, texts


async def _settle_in(db: Database, settings: Settings, units: int) -> None:
    _, sealer = sealers_of(settings)
    async with db.transaction() as session:
        await session.execute(_ACCOUNTS, {"units": units, "editors": settings.editors_unit})
    for n in range(1, units + 1):
        told = ContactIn(f"leader {n}", Part.LEADER, phone=f"+47 4{n:07d}", email=f"leader{n}@fjordvik.test")
        await add_contact(
            *(db, OPERATOR, f"unit {n}", told), sealer=sealer, region="NO", editors_unit=settings.editors_unit
        )


async def _letters(tell: Callable[[], Awaitable[bool]], db: Database, units: int) -> bool:
    await tell()
    async with db.transaction() as session:
        found = (await session.execute(_EMAILS)).one()
    return bool(found.sent == found.letters == units)


async def _texts(deliver: Callable[[Lane], Awaitable[object]], db: Database, units: int) -> bool:
    await deliver(Lane.SMS)
    async with db.transaction() as session:
        found = {row[0]: row[1] for row in await session.execute(_TEXTS)}
    return found == {"accepted": units}


async def _until(is_done: Callable[[], Awaitable[bool]]) -> float:
    """Seconds. Exits when it takes thrice what it may."""
    began = time.perf_counter()
    while not await is_done():
        if time.perf_counter() - began > 3 * MUST:
            sys.exit(f"Not everybody was told after {3 * MUST:.0f} s.")
        await asyncio.sleep(0.05)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
