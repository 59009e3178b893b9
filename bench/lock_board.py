"""``python -m bench.lock_board``: reading the lock board of 1,000 accounts (or ``--accounts``), each with all there can be of it,
and the whole page as a browser gets it. Prints the median of ten.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from api.desk.assets import Assets
from api.desk.lock_view import PAGE, Narrowing, View, context
from api.desk.pages import Pages
from bench.ground import ground
from crisis.activations.models import Activation
from crisis.bootstrap import Crisis, crisis_of
from crisis.db import no_bell
from crisis.locks import board, certificate
from crisis.locks.board import Board
from crisis.locks.reading import Around
from crisis.settings import Settings
from tests import factories

ROUNDS = 10
_FILL = """
    INSERT INTO accounts (channel, name, unit, address)
    SELECT 'facebook', 'Konto ' || n, 'enhet ' || (n / 4), 'a' || n FROM generate_series(1, :accounts) n;
    INSERT INTO contacts (unit, name, part)
    SELECT 'enhet ' || n, 'Person ' || n || p, p FROM generate_series(0, :accounts / 4) n, unnest(ARRAY['leader', 'deputy']) p;
    INSERT INTO notifications (mode, activation_id, contact_id, kind, acknowledged_at, acknowledged_by, acknowledged_way)
    SELECT 'actual', 1, id, 'lock', CASE WHEN id % 2 = 0 THEN now() END, name, 'link' FROM contacts;
    INSERT INTO emails (mode, notification_id, subject, text, message_id, state, sent_at)
    SELECT 'actual', id, 'x', 'x', id || '@x.test', 'sent', now() FROM notifications;
    INSERT INTO watches (mode, activation_id, account_id, looked_at, next_at)
    SELECT 'actual', 1, id, now(), now() + interval '1 hour' FROM accounts;
    INSERT INTO schedules (mode, activation_id, account_id, listed_at) SELECT 'actual', 1, id, now() FROM accounts;
    INSERT INTO levers (mode, activation_id, account_id, state, saved, found, pulled_at)
    SELECT 'actual', 1, id, 'pulled', CAST(:saved AS jsonb), CAST(:found AS jsonb), now() FROM accounts WHERE id % 3 = 0;
    INSERT INTO planned_posts (mode, activation_id, account_id, reference, text, due_at, state)
    SELECT 'actual', 1, id, 'p' || id, 'Lesetips', now() + interval '1 hour', 'unscheduled' FROM accounts;
    INSERT INTO breaches (mode, activation_id, account_id, reference, text, posted_at)
    SELECT 'actual', 1, id, 'b' || id, 'Innlegg', now() FROM accounts WHERE id % 50 = 0
"""
_SAVED = '{"rights": [{"id": "1", "name": "Ola", "rights": ["MANAGE"], "can_publish": true, "is_removable": true}], "facts": {}}'
_FOUND = '{"rights": [], "facts": {}}'


async def fill(crisis: Crisis, accounts: int) -> Activation:
    """An activation with everything that is read of it."""
    activation = await factories.activation(crisis.db)
    values = {"accounts": accounts, "saved": _SAVED, "found": _FOUND}
    async with crisis.db.transaction() as session:
        for statement in _FILL.split(";"):
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            await session.execute(text(statement), wanted)
    return activation


async def median(what: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await what()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def measure(settings: Settings, accounts: int) -> None:
    """Fill, read and render."""
    crisis = crisis_of(settings, bell=no_bell)
    activation = await fill(crisis, accounts)
    around = Around(settings, crisis.capabilities)

    async def read() -> Board:
        async with crisis.db.transaction() as session:
            return await board.read(session, activation, around)

    async def certify() -> None:
        async with crisis.db.transaction() as session:
            await certificate.read(session, activation.id, around)

    found = await read()
    assert sum(found.totals.values()) == accounts
    pages = Pages(settings.templates_dir, Assets(settings.templates_dir / "static", settings.browser_dir))
    render = pages.renderer("nb")

    async def block() -> str:
        return render(PAGE, "standing", **context(View.of(found, Narrowing()), render))

    print(f"{accounts:,} accounts: {', '.join(f'{count:,} {state}' for state, count in found.totals.items())}")
    print(f"reading the board        {await median(read):8.1f} ms")
    print(f"rendering its first page {await median(block):8.1f} ms, {len((await block()).encode()) / 1024:.0f} kB")
    print(f"reading the certificate  {await median(certify):8.1f} ms")
    await crisis.db.close()


def main() -> None:
    """Measure on a private PostgreSQL."""
    parser = argparse.ArgumentParser(description=Path(__file__).stem)
    parser.add_argument("--accounts", type=int, default=1000)
    given = parser.parse_args()
    with ground() as made:
        asyncio.run(measure(made.settings(), given.accounts))


if __name__ == "__main__":
    main()
