"""Moves: a trigger that holds every change of a delivery's state against ``states.MOVES``, and keeps a list of them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from crisis.db import Database
from crisis.deliveries.states import MOVES, DeliveryState

Move = tuple[DeliveryState, DeliveryState]

_ON = (
    "CREATE TABLE moves_made (id bigserial PRIMARY KEY, delivery_id bigint, old text, new text, repeated bool)",
    """
    CREATE FUNCTION check_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' OR (OLD.id, OLD.mode, OLD.lane, OLD.rendition_id, OLD.created_at)
                IS DISTINCT FROM (NEW.id, NEW.mode, NEW.lane, NEW.rendition_id, NEW.created_at) THEN
            RAISE EXCEPTION 'delivery % was deleted or made another', OLD.id;
        END IF;
        IF OLD.account_id <> NEW.account_id
                AND (NEW.state <> 'leased' OR NEW.moved_from IS DISTINCT FROM coalesce(OLD.moved_from, OLD.account_id)) THEN
            RAISE EXCEPTION 'delivery % went to another account otherwise than by a claim for its standby', OLD.id;
        END IF;
        IF OLD.state <> NEW.state THEN
            IF NOT (OLD.state || '>' || NEW.state = ANY(ARRAY[{allowed}])) THEN
                RAISE EXCEPTION 'forbidden move of delivery %: % to %', OLD.id, OLD.state, NEW.state;
            END IF;
            INSERT INTO moves_made (delivery_id, old, new, repeated) VALUES (OLD.id, OLD.state, NEW.state, NEW.repeated);
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER check_move BEFORE UPDATE OR DELETE ON deliveries FOR EACH ROW EXECUTE FUNCTION check_move()",
)
_OFF = (
    "DROP TRIGGER IF EXISTS check_move ON deliveries",
    "DROP FUNCTION IF EXISTS check_move",
    "DROP TABLE IF EXISTS moves_made",
)
_MADE = text("SELECT old, new FROM moves_made WHERE CAST(:id AS bigint) IS NULL OR delivery_id = :id ORDER BY id")


def allowed() -> Iterator[Move]:
    """Every move of the table."""
    return ((old, new) for old, following in MOVES.items() for new in following)


class Moves:
    """What the guarded database has seen."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @classmethod
    @asynccontextmanager
    async def guarding(cls, db: Database) -> AsyncIterator["Moves"]:
        """Guard the database until the end of the block."""
        pairs = ", ".join(f"'{old}>{new}'" for old, new in allowed())
        await _run(db, [*_OFF, *(statement.replace("{allowed}", pairs) for statement in _ON)])
        try:
            yield cls(db)
        finally:
            await _run(db, _OFF)

    async def made(self, delivery_id: int | None = None) -> list[Move]:
        """The moves of one delivery, or of all, in order."""
        async with self._db.transaction() as session:
            rows = await session.execute(_MADE, {"id": delivery_id})
            return [(DeliveryState(row.old), DeliveryState(row.new)) for row in rows]


async def _run(db: Database, statements: tuple[str, ...] | list[str]) -> None:
    async with db.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
