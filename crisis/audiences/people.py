"""People: numbers that are kept without being on a list, each sealed and once, however many places name them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audiences.service import hold_recipients
from crisis.sealing import Sealer

_KEEP = text(
    """
    INSERT INTO recipients (number, fingerprint, last_two)
    SELECT * FROM unnest(CAST(:numbers AS bytea[]), CAST(:fingerprints AS bytea[]), CAST(:last_twos AS text[]))
    ON CONFLICT (fingerprint) DO UPDATE SET last_two = excluded.last_two
    RETURNING id, fingerprint
    """
)


async def keep(session: AsyncSession, sealer: Sealer, numbers: Sequence[str]) -> Mapping[str, int]:
    """The recipient of each of these numbers (E.164), made where there is none yet. Nobody comes on a list by it.

    Holds the recipients until the transaction ends, so that none is erased before whoever asks has named it.
    """
    by_fingerprint = {sealer.fingerprint(number): number for number in numbers}
    if not by_fingerprint:
        return {}
    await hold_recipients(session)
    values = {
        "numbers": [sealer.seal(number, fingerprint) for fingerprint, number in by_fingerprint.items()],
        "fingerprints": list(by_fingerprint),
        "last_twos": [number[-2:] for number in by_fingerprint.values()],
    }
    return {by_fingerprint[bytes(row.fingerprint)]: row.id for row in await session.execute(_KEEP, values)}
