"""``python -m bench.levers``: a thousand pages locked at their platform, and given back, where every answer takes 0.3 s.

The real Facebook adapter against the sandbox in a process of its own. Each page takes three looks and changes, of one or several
calls. Exits 1 if either way takes a minute or more, or anything is not as it should be afterwards.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter

from pydantic import SecretStr
from sqlalchemy import text

from bench.ground import ground
from crisis.activations.service import activate, stand_down
from crisis.bootstrap import channels_for, database_of, openers_for
from crisis.db import Database
from crisis.levers.duty import Levers
from crisis.mode import Mode
from crisis.settings import Settings
from tests.adapters.sandbox_server import SandboxServer
from tests.factories import DIRECTOR

MUST = 60.0
"""Seconds, each way."""
_ACCOUNTS = text(
    """
    INSERT INTO accounts (channel, name, unit, address)
    SELECT 'facebook', 'account ' || n, 'unit ' || n % 100, (1000000 + n)::text FROM generate_series(1, :accounts) AS n
    """
)
_STATES = text("SELECT state, count(*) FROM levers GROUP BY state")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.levers", description="Lock many accounts at their platform.")
    parser.add_argument("--accounts", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=0.3, help="until the platform answers")
    given = parser.parse_args()
    with ground() as place, SandboxServer() as sandbox:
        sandbox.fault("graph", "latency", seconds=given.seconds)
        settings = place.settings(sandbox_url=sandbox.url, sandbox_token=SecretStr(sandbox.token))
        taken, back = asyncio.run(_measure(settings, given.accounts))
        requests = int(sandbox.counts()["graph"]["requests"])
    ok = max(taken, back) < MUST
    calls = f"{requests:,} calls of {given.seconds:g} s"
    print(
        f"{given.accounts:,} accounts, {calls}: locked in {taken:.1f} s, given back in {back:.1f} s; must: < {MUST:.0f} s each"
    )
    return 0 if ok else 1


async def _measure(settings: Settings, accounts: int) -> tuple[float, float]:
    db, channels = database_of(settings), channels_for(Mode.EXERCISE, settings)
    admin = openers_for(Mode.EXERCISE, settings).admin
    levers = Levers(db, Mode.EXERCISE, channels, admin, editors_unit=settings.editors_unit)
    try:
        async with db.transaction() as session:
            await session.execute(_ACCOUNTS, {"accounts": accounts})
        activation = (await activate(db, DIRECTOR, Mode.EXERCISE, "bench")).activation
        taken = await _until(db, levers, "pulled", accounts)
        await stand_down(db, DIRECTOR, activation.id)
        back = await _until(db, levers, "restored", accounts)
    finally:
        await channels.close()
        await db.close()
    return taken, back


async def _until(db: Database, levers: Levers, state: str, accounts: int) -> float:
    """Seconds until the levers of all are there. Exits when the work is done and they are not."""
    began = time.perf_counter()
    while await levers.round():
        pass
    lasted = time.perf_counter() - began
    async with db.transaction() as session:
        found = Counter({row.state: row.count for row in await session.execute(_STATES)})
    if found != {state: accounts}:
        sys.exit(f"After {lasted:.1f} s: {dict(found)}, and not {accounts} {state}.")
    return lasted


if __name__ == "__main__":
    sys.exit(main())
