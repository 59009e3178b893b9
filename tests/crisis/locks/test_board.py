"""The board: everything read from the database in a few statements, sorted by what needs a person, with totals that add up."""

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import event, text

from crisis import clock
from crisis.accounts import service as accounts
from crisis.accounts.locks import LockState
from crisis.activations.models import Activation
from crisis.activations.service import stand_down
from crisis.bootstrap import Crisis
from crisis.channel_access import Access, Right
from crisis.locks import board
from crisis.locks.board import Board
from crisis.locks.evidence import Kind, NeedKind
from crisis.locks.reading import Around
from crisis.mode import Mode
from tests import factories
from tests.factories import DIRECTOR, OPERATOR

OLA = Access((Right("1", "Ola", ("MANAGE",)),)).to_json()
NOBODY = Access().to_json()


async def put(crisis: Crisis, table: str, **values: Any) -> int:
    """A row of a table, as whoever looks after it writes it; its id."""
    given = {name: json.dumps(each) if isinstance(each, dict) else each for name, each in values.items()}
    marks = ", ".join(
        f"CAST(:{name} AS jsonb)" if isinstance(each, dict) else f":{name}" for name, each in values.items()
    )
    statement = f"INSERT INTO {table} ({', '.join(given)}) VALUES ({marks}) RETURNING id"
    async with crisis.db.transaction() as session:
        return int((await session.execute(text(statement), given)).scalar_one())


async def read(crisis: Crisis, activation: Activation, **more: Any) -> Board:
    async with crisis.db.transaction() as session:
        return await board.read(session, activation, Around(crisis.settings, crisis.capabilities), **more)


def kinds(found: Board, account: int) -> set[Kind]:
    proof = found.proof_of(account)
    assert proof is not None
    return {each.kind for each in proof.evidence}


async def told(crisis: Crisis, activation: Activation, unit: str, name: str, **more: Any) -> tuple[int, int]:
    """A contact who was told of the lock; theirs and the notification's number."""
    contact = await put(crisis, "contacts", unit=unit, name=name, part="leader")
    notification = await put(
        crisis,
        "notifications",
        **{"mode": "actual", "activation_id": activation.id, "contact_id": contact, "kind": "lock", **more},
    )
    return contact, notification


async def test_every_kind_of_fact_is_found_and_the_most_urgent_account_is_first(crisis: Crisis) -> None:
    unit = {name: f"{name}en" for name in ("brudd", "sperret", "svart", "varslet", "alene", "planlagt")}
    ids = {
        name: await factories.account(crisis, "facebook", unit=said, name=name.capitalize())
        for name, said in unit.items()
    }
    page = await factories.account(crisis, "website", name="Krisesiden")
    activation = await factories.activation(crisis.db)
    mine: Mapping[str, Any] = {"mode": "actual", "activation_id": activation.id}
    now = clock.now()
    await put(crisis, "breaches", **mine, account_id=ids["brudd"], reference="7", text="Åpent", posted_at=now)
    lever = {"saved": OLA, "found": NOBODY, "state": "pulled", "pulled_at": now}
    await put(crisis, "levers", **mine, account_id=ids["sperret"], **lever)
    await put(crisis, "watches", **mine, account_id=ids["sperret"], looked_at=now, next_at=now + timedelta(minutes=1))
    await told(crisis, activation, unit["brudd"], "Berit")
    await told(
        crisis,
        activation,
        unit["svart"],
        "Siv",
        acknowledged_at=now,
        acknowledged_by="Siv",
        acknowledged_way="link",
    )
    _, notification = await told(crisis, activation, unit["varslet"], "Vegard")
    mail = {"subject": "Lås", "text": "Lås", "message_id": "1@fjordvik.test", "state": "sent", "sent_at": now}
    await put(crisis, "emails", mode="actual", notification_id=notification, **mail)
    await put(crisis, "schedules", **mine, account_id=ids["planlagt"], listed_at=now)
    planned = {"reference": "3", "text": "Lesetips", "state": "left", "due_at": now + timedelta(hours=1)}
    await put(crisis, "planned_posts", **mine, account_id=ids["planlagt"], **planned)

    found = await read(crisis, activation)
    states = {row.outlet.name: row.proof.state for row in found.rows}
    assert states == {
        "Brudd": LockState.BREACHED,
        "Sperret": LockState.ACCESS_REVOKED,
        "Svart": LockState.ACKNOWLEDGED,
        "Varslet": LockState.INSTRUCTED,
        "Alene": LockState.NOT_ENFORCEABLE,
        "Planlagt": LockState.NOT_ENFORCEABLE,
        "Krisesiden": LockState.HELD,
    }
    assert [row.outlet.name for row in found.rows[:3]] == ["Brudd", "Planlagt", "Alene"]
    assert [row.proof.needs[0].kind for row in found.needing] == [
        NeedKind.BREACH,
        NeedKind.PLANNED_SOON,
        NeedKind.NOBODY,
    ]
    assert sum(found.totals.values()) == len(found.rows) == 7
    assert next(iter(found.totals)) is LockState.BREACHED
    assert kinds(found, ids["sperret"]) >= {Kind.GATE, Kind.LEVER_PULLED, Kind.SEEN}
    assert kinds(found, ids["varslet"]) >= {Kind.TOLD_EMAIL}
    assert kinds(found, page) >= {Kind.OURS}
    assert (found.coverage.watched, found.coverage.blind, found.coverage.oldest_look) == (1, 0, now)
    assert [row.outlet.name for row in found.of(unit="svarten")] == ["Svart"]
    assert len(found.of(state=LockState.HELD)) == 1
    assert [row.outlet.name for row in (await read(crisis, activation, unit="svarten")).rows] == ["Svart"]


async def test_one_persons_word_counts_for_every_account_of_the_unit_and_for_no_other(crisis: Crisis) -> None:
    mine = [await factories.account(crisis, each, unit="biblioteket") for each in ("facebook", "twitter")]
    other = await factories.account(crisis, "facebook", unit="skolen")
    activation = await factories.activation(crisis.db)
    await told(crisis, activation, "biblioteket", "Kari", acknowledged_at=clock.now(), acknowledged_way="telephone")
    found = await read(crisis, activation)
    proofs = {row.outlet.id: row.proof for row in found.rows}
    assert {proofs[each].state for each in mine} == {LockState.ACKNOWLEDGED}
    assert proofs[other].state is LockState.NOT_ENFORCEABLE


async def test_another_activation_and_another_mode_say_nothing_here(crisis: Crisis) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket")
    first = await factories.activation(crisis.db)
    await told(crisis, first, "biblioteket", "Kari", acknowledged_at=clock.now(), acknowledged_way="link")
    await stand_down(crisis.db, DIRECTOR, first.id)
    second = await factories.activation(crisis.db)
    exercise = await factories.activation(crisis.db, Mode.EXERCISE)
    for activation in (second, exercise):
        proof = (await read(crisis, activation)).proof_of(account)
        assert proof is not None
        assert proof.state is LockState.NOT_ENFORCEABLE


async def test_the_board_of_an_activation_has_the_accounts_that_were_in_use_then(crisis: Crisis) -> None:
    before = await factories.account(crisis, "facebook", unit="a", name="Stengt før")
    during = await factories.account(crisis, "facebook", unit="b", name="Stengt under")
    await accounts.close_account(crisis.db, OPERATOR, before)
    activation = await factories.activation(crisis.db)
    await accounts.close_account(crisis.db, OPERATOR, during)
    over = await stand_down(crisis.db, DIRECTOR, activation.id)
    await factories.account(crisis, "facebook", unit="c", name="Åpnet etter")
    found = await read(crisis, over)
    assert [row.outlet.name for row in found.rows] == ["Stengt under"]
    assert found.rows[0].proof.state is LockState.RESTORED


async def test_a_thousand_accounts_take_no_more_statements_than_one_and_are_read_at_once(crisis: Crisis) -> None:
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    await factories.account(crisis, "facebook", unit="enhet-0")
    activation = await factories.activation(crisis.db)
    event.listen(crisis.db.engine.sync_engine, "before_cursor_execute", note)
    await read(crisis, activation)
    of_one = len(statements)
    async with crisis.db.transaction() as session:
        await session.execute(
            text(
                """
                INSERT INTO accounts (channel, name, unit, address)
                SELECT 'facebook', 'Konto ' || n, 'enhet-' || (n / 4), 'a' || n FROM generate_series(1, 999) n
                """
            )
        )
    statements.clear()
    began = time.perf_counter()
    found = await read(crisis, activation)
    took = time.perf_counter() - began
    assert len(statements) == of_one
    assert sum(found.totals.values()) == 1000
    assert took < 2, f"{took:.2f} s; 0.05 s when the machine is quiet"
