"""The audit log as JSON."""

import json
from typing import Any, Self

from pydantic import AwareDatetime, Field

from api.v1.schemas.shape import Shape


class EntryOut(Shape):
    """One act on record. ``record`` is the text that was hashed, byte for byte; the rest is read out of it."""

    seq: int
    at: AwareDatetime
    actor: str
    role: str
    action: str
    subject: str
    mode: str | None
    detail: dict[str, Any]
    record: str
    hash: str = Field(description="SHA-256 in hex of the previous entry's hash followed by `record`.")

    @classmethod
    def of(cls, entry: tuple[int, str, bytes]) -> Self:
        """From the chain's."""
        _, record, digest = entry
        return cls(**json.loads(record), record=record, hash=digest.hex())


class VerdictOut(Shape):
    """Whether the whole log is as it was written; ``fault`` names the first entry that does not hold."""

    holds: bool
    entries: int
    head: str = Field(description="`SEQ:HASH`. Keep it elsewhere, and give it back as `head` later.")
    fault: str | None
