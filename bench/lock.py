"""The lock: what an activation's commit costs beside the smallest commit there is, and that it does not grow with the town."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import text

from bench.apart import apart
from bench.figure import Figure
from bench.ground import Ground
from bench.rounds import Round, Rounds, percentile, take
from crisis.activations.service import activate, stand_down
from crisis.db import Database
from crisis.mode import Mode
from tests.factories import DIRECTOR

SIZES = ((1_000, 10_000), (10_000, 100_000))
"""Accounts, and units' posts that are waiting."""
COMMITS = 1_000
"""Of which the 99th percentile is the tenth from the top: of fewer it would be a hiccup or two of the disk."""
MUST, GOAL = 5.0, 2.0
FLAT_MUST, FLAT_GOAL = 2.0, 1.25
"""The larger municipality's p99 beside the smaller one's."""

_SCRATCH = text("CREATE TABLE scratch (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL)")
_ONE_ROW = text("INSERT INTO scratch (title) VALUES (:title)")
_ACCOUNTS = text(
    """
    INSERT INTO accounts (channel, name, unit, address)
    SELECT 'facebook', 'account ' || n, 'unit ' || n % 100, n::text FROM generate_series(1, :accounts) AS n
    """
)
# A town has not moved in all at once: what the filling left to do is not done beneath the commits that are measured.
_SETTLED = (text("VACUUM (ANALYZE)"), text("CHECKPOINT"))
# Half of the posts are due and half are not: the lock holds them all, and touches none.
_POSTS = text(
    """
    WITH held AS (
        INSERT INTO posts (mode, account_id, text, language, publish_at, created_by)
        SELECT 'actual', a.id, repeat('x', 200), 'nb', now() + (n % 2) * interval '1 day', 'bench'
        FROM generate_series(1, :posts) AS n
        JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM accounts) a ON a.place = 1 + n % :accounts
        RETURNING id, account_id, publish_at
    ), rendition AS (
        INSERT INTO renditions (mode, post_id, channel, language, kind, title, text, length, thread, issued_at)
        SELECT 'actual', id, 'facebook', 'nb', 'post', '', repeat('x', 200), 200, '', now() FROM held
        RETURNING id, post_id
    )
    INSERT INTO deliveries (mode, lane, gated, rendition_id, account_id, due_at)
    SELECT 'actual', 'unit', true, rendition.id, held.account_id, held.publish_at
    FROM rendition JOIN held ON held.id = rendition.post_id
    """
)


@dataclass(frozen=True, slots=True)
class _Size:
    """What was found at one size: seconds, at the 99th percentile, of an activation and of a commit of one row."""

    rounds: Rounds
    activation: float
    row: float


def commits(ground: Ground, rounds: int) -> Sequence[Figure]:
    """S6: p99 of the activation's commit against p99 of a commit of one row, at both sizes, the worse one; and whether it grows."""
    (small, large), found = SIZES, [_at(ground, *size, rounds) for size in SIZES]
    worst = max(found, key=lambda each: each.rounds.value)
    disturbed = sum(each.rounds.disturbed for each in found)
    sizes = "; ".join(
        f"{accounts:,} accounts, {posts:,} held posts: {each.rounds.value:.2f} x ({each.rounds})"
        for (accounts, posts), each in zip(SIZES, found, strict=True)
    )
    growth = found[1].rounds.value / found[0].rounds.value
    return (
        Figure(
            *("S6", worst.rounds.value, "x one row's commit, p99", MUST, f"{COMMITS} commits a round; {sizes}"),
            at_least=False,
            goal=GOAL,
            measured=f"{worst.activation * 1000:.2f} ms",
            beside=f"{worst.row * 1000:.2f} ms",
            disturbed=disturbed,
        ),
        Figure(
            *("S6 flat", growth, "x the smaller one's ratio", FLAT_MUST),
            f"{large[0]:,} accounts and {large[1]:,} held posts beside {small[0]:,} and {small[1]:,}",
            at_least=False,
            goal=FLAT_GOAL,
            measured=f"{found[1].rounds.value:.2f} x",
            beside=f"{found[0].rounds.value:.2f} x",
            disturbed=disturbed,
        ),
    )


def _at(ground: Ground, accounts: int, posts: int, rounds: int) -> _Size:
    url = ground.database()
    apart(_fill, url, accounts, posts, place=None)
    lasted, least = list[float](), list[float]()

    def measure() -> Round:
        activations, rows = apart(_commit, url, place=None)
        lasted.append(percentile(activations, 0.99))
        least.append(percentile(rows, 0.99))
        return Round(lasted[-1] / least[-1], [percentile(rows, 0.5)])

    return _Size(take(measure, rounds), median(lasted), median(least))


async def _fill(url: str, accounts: int, posts: int) -> None:
    db = Database(url)
    async with db.transaction() as session:
        await session.execute(_SCRATCH)
        await session.execute(_ACCOUNTS, {"accounts": accounts})
        await session.execute(_POSTS, {"accounts": accounts, "posts": posts})
    await _again(db)
    async with db.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for settled in _SETTLED:
            await alone.execute(settled)
    await db.close()


async def _commit(url: str) -> tuple[list[float], list[float]]:
    """Seconds of each activation and of each one-row commit, one after the other, over the same pool."""
    db = Database(url)
    activations, rows = list[float](), list[float]()

    async def one_row() -> None:
        async with db.transaction() as session:
            await session.execute(_ONE_ROW, {"title": "Kvikkleireskred ved Moen"})

    for number in range(COMMITS + COMMITS // 10):
        row = await _timed(one_row)
        activation = await _timed(lambda: activate(db, DIRECTOR, Mode.ACTUAL, "Kvikkleireskred ved Moen"))
        await _again(db)
        if number >= COMMITS // 10:  # statements prepared, connections made
            activations.append(activation)
            rows.append(row)
    await db.close()
    return activations, rows


async def _again(db: Database) -> None:
    """Activate if nothing is, and stand down, so that the next one is a first one; what is overdue is blocked by it."""
    held = await activate(db, DIRECTOR, Mode.ACTUAL, "Kvikkleireskred ved Moen")
    await stand_down(db, DIRECTOR, held.activation.id)


async def _timed(act: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await act()
    return time.perf_counter() - began
