"""Impatience: somebody says that it is well again, so what failed and waits is tried at once. Only what surely was not processed."""

from dataclasses import dataclass

from sqlalchemy import text

from crisis.audit import chain
from crisis.db import Database, kick
from crisis.errors import NotFound
from crisis.lanes import Lane
from crisis.limits import service as limits
from crisis.mode import Mode
from crisis.roles import Act, Actor, require

_MODE = text("SELECT mode FROM messages WHERE id = :message")
_NOW = text(
    """
    UPDATE deliveries SET due_at = now() WHERE id IN (
        SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
        WHERE v.message_id = :message AND d.state = 'retry_wait' ORDER BY d.id FOR UPDATE OF d SKIP LOCKED)
    RETURNING lane, account_id
    """
)


@dataclass(frozen=True, slots=True)
class TriedAgain:
    """What is tried at once."""

    message_id: int
    deliveries: int


async def try_again(db: Database, actor: Actor, message_id: int) -> TriedAgain:
    """Try again now what of a message failed and waits; an account whose breaker is open finds out by it whether that is mended.

    What is out, or may be, is left alone. Asking again is harmless. Raises :class:`crisis.errors.NotFound`.
    """
    require(actor, Act.DECIDE_DELIVERY)
    async with db.transaction() as session:
        mode = (await session.execute(_MODE, {"message": message_id})).scalar_one_or_none()
        if mode is None:
            raise NotFound("message", message_id)
        rows = (await session.execute(_NOW, {"message": message_id})).all()
        for account_id in sorted({row.account_id for row in rows}):
            await limits.try_now(session, account_id)
        for lane in sorted({row.lane for row in rows}):
            kick(session, Mode(mode), Lane(lane))
        if rows:
            subject = f"message:{message_id}"
            await chain.append(session, actor, "try_again", subject, mode=Mode(mode), deliveries=len(rows))
    return TriedAgain(message_id, len(rows))
