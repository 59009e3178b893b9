"""Idempotency keys: a request that is made twice is done once, and gets the same answer both times.

::

    begin    None: do it, then finish in the same transaction.  Answer: it was done; give this.
    finish   keep the answer

A second request with the same key waits in :func:`begin` until the first one's transaction has ended. If that rolled back,
nothing was done, and the second does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.errors import Conflict, Invalid
from crisis.tokens.models import IdempotencyKey

KEY_MOST = 255  # characters, as the draft of the HTTP header's standard suggests no less
_WAIT = text("SELECT set_config('lock_timeout', :wait, true)")
_WAIT_NO_MORE = text("SET LOCAL lock_timeout TO DEFAULT")
_BEGIN = text(
    """
    INSERT INTO idempotency_keys (token_id, key, request) VALUES (:token, :key, :request)
    ON CONFLICT DO NOTHING RETURNING true
    """
)
_LOCK_NOT_AVAILABLE = "55P03"  # SQLSTATE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: HTTP status and JSON body."""

    status: int
    body: Mapping[str, Any]


async def begin(
    session: AsyncSession, token_id: int, key: str, request_digest: bytes, *, wait_seconds: float = 15.0
) -> Answer | None:
    """Claim a key for this request, or get the answer that the same request got before.

    ``request_digest`` is the SHA-256 of method, path and body. Waits for a request with the same key that is under way.
    Raises :class:`Conflict` when the key was used for another request, when the one under way takes longer than
    ``wait_seconds``, and when it ended without an answer; :class:`Invalid` for a key that is none.
    """
    if not 0 < len(key) <= KEY_MOST or not key.isprintable():
        raise Invalid(f"An idempotency key has 1 to {KEY_MOST} printable characters. Nothing was done.")
    if await _claim(session, token_id, key, request_digest, wait_seconds):
        return None
    held = (await session.execute(_row(token_id, key))).scalar_one_or_none()
    if held is None:
        raise Conflict("The first request with this idempotency key was purged meanwhile. Send it again.")
    if held.request != request_digest:
        raise Conflict(
            "This idempotency key was used for another request. Nothing was done. Use a new key for a new request."
        )
    if held.status is None or held.answer is None:
        raise Conflict(
            "The first request with this idempotency key ended without an answer: it may have been done. "
            "Look before you send it again with a new key."
        )
    return Answer(held.status, held.answer)


async def finish(session: AsyncSession, token_id: int, key: str, answer: Answer) -> None:
    """Keep the answer, in the transaction that began the key or a later one."""
    row = update(IdempotencyKey).where(IdempotencyKey.token_id == token_id, IdempotencyKey.key == key)
    await session.execute(row.values(status=answer.status, answer=dict(answer.body)))


async def purge(session: AsyncSession, *, older_than: timedelta = timedelta(hours=24)) -> int:
    """Drop keys nobody will send again; returns how many."""
    rows = await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < func.now() - older_than))
    return int(rows.rowcount)  # type: ignore[attr-defined]


async def _claim(session: AsyncSession, token_id: int, key: str, request_digest: bytes, wait_seconds: float) -> bool:
    await session.execute(_WAIT, {"wait": f"{wait_seconds * 1000:.0f}ms"})
    try:
        claimed = await session.execute(_BEGIN, {"token": token_id, "key": key, "request": request_digest})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise Conflict(
            "The first request with this idempotency key is still being answered. Nothing was done twice. Try again shortly."
        ) from None
    await session.execute(_WAIT_NO_MORE)
    return claimed.scalar_one_or_none() is not None


def _row(token_id: int, key: str) -> Select[IdempotencyKey]:
    return select(IdempotencyKey).where(IdempotencyKey.token_id == token_id, IdempotencyKey.key == key)
