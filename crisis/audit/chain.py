"""The chain: append an entry, and prove that none was altered, removed, reordered or cut off.

An entry's hash covers the previous entry's hash, so changing one breaks every later one. A database owner who rewrites the
whole chain and its head can only be found out by a head kept elsewhere: note the head that ``crisis audit verify`` prints,
and give it back with ``--head`` later.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis import clock
from crisis.mode import Mode
from crisis.roles import Actor, require_mode

GENESIS = bytes(32)
SYSTEM = "system"

_SEEN_HEAD = text("SELECT seq, hash FROM audit_head WHERE id = 1")
# One trip: an entry's number and the hash before it are known only under the head's lock, so the database puts the number into the
# record and hashes it. Whoever waited for the head goes on from what the other one left there.
_APPEND = text(
    """
    WITH head AS (
        UPDATE audit_head
        SET seq = seq + 1,
            hash = sha256(hash || convert_to(CAST(:before AS text) || (seq + 1) || CAST(:behind AS text), 'UTF8'))
        WHERE id = 1 RETURNING seq, hash
    )
    INSERT INTO audit (seq, record, hash)
    SELECT seq, CAST(:before AS text) || seq || CAST(:behind AS text), hash FROM head RETURNING seq
    """
)
_ALL = text("SELECT seq, record, hash FROM audit WHERE seq > :after ORDER BY seq LIMIT :most")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found: how many entries hold, the head, and the first fault if there is one."""

    entries: int
    head: str
    fault: str | None = None

    @property
    def holds(self) -> bool:
        """Every entry is as it was written."""
        return self.fault is None


async def append(
    session: AsyncSession,
    actor: Actor | None,
    action: str,
    subject: str,
    *,
    mode: Mode | None = None,
    **detail: Any,
) -> int:
    """Put an act on record in the caller's transaction; return its number.

    Locks the head until the transaction ends, so call it last. ``detail`` must be JSON and must hold no phone number.
    ``actor`` is ``None`` for what the engine does by itself.

    This is a wall, too: every act is on record in its own transaction, so what may not be put on record is not done. Raises
    :class:`crisis.errors.NotAllowed` for somebody who plays a part in a drill, where the entry is not the exercise's.
    """
    if actor is not None:
        require_mode(actor, mode)
    before = _json(
        {
            "action": action,
            "actor": actor.name if actor else SYSTEM,
            "at": clock.now().isoformat(timespec="milliseconds"),
            "detail": detail,
            "mode": mode.value if mode else None,
            "role": actor.role.value if actor else SYSTEM,
        }
    )
    values = {"before": before[:-1] + ',"seq":', "behind": f',"subject":{_json(subject)}}}'}
    return int((await session.execute(_APPEND, values)).scalar_one())


def _json(value: object) -> str:
    """As it is hashed: every name in its place, ``seq`` between ``role`` and ``subject``."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


async def entries(session: AsyncSession, after: int = 0, most: int = 1000) -> AsyncIterator[tuple[int, str, bytes]]:
    """Every entry after a number, in order, a page at a time."""
    while True:
        page = (await session.execute(_ALL, {"after": after, "most": most})).all()
        for row in page:
            yield row.seq, row.record, bytes(row.hash)
        if len(page) < most:
            return
        after = page[-1].seq


async def verify(session: AsyncSession, known_head: str | None = None) -> Verdict:
    """Recompute the whole chain and name the first entry that does not hold.

    ``known_head`` is ``SEQ:HASH`` as an earlier verification printed it; the chain must still contain it. What is appended
    meanwhile is no fault: the chain must reach the head there was at the beginning, and not go beyond the one at the end.
    """
    head = (await session.execute(_SEEN_HEAD)).one()
    expected, previous, seen = 1, GENESIS, known_head is None
    reached = head.seq == 0
    async for seq, record, digest in entries(session):
        fault = _fault(expected, previous, seq, record, digest)
        if fault:
            return Verdict(expected - 1, _head(expected - 1, previous), fault)
        previous, expected = digest, expected + 1
        seen = seen or _head(seq, digest) == known_head
        reached = reached or (seq, digest) == (head.seq, bytes(head.hash))
    last = expected - 1
    if last < head.seq:
        return Verdict(
            last, _head(last, previous), f"entry {last + 1} is missing: the log ends before its head ({head.seq})"
        )
    end = (await session.execute(_SEEN_HEAD)).one()
    if not reached or last > end.seq:
        return Verdict(last, _head(last, previous), f"the head ({end.seq}) is not the log's: one of them was rewritten")
    if not seen:
        return Verdict(
            last, _head(last, previous), f"the known head {known_head} is not in the chain: it was rewritten"
        )
    return Verdict(last, _head(last, previous))


def _head(seq: int, digest: bytes) -> str:
    return f"{seq}:{digest.hex()}"


def _fault(expected: int, previous: bytes, seq: int, record: str, digest: bytes) -> str | None:
    if seq != expected:
        return f"entry {expected} is missing: the next one is {seq}"
    try:
        said: Mapping[str, Any] = json.loads(record)
    except ValueError:
        return f"entry {seq} was altered: its record is not JSON"
    if said.get("seq") != seq:
        return f"entry {seq} was moved: its record says {said.get('seq')}"
    if hashlib.sha256(previous + record.encode()).digest() != digest:
        return f"entry {seq} was altered: its record does not give its hash"
    return None
