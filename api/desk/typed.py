"""Typed: what somebody typed into a field that is no text, and how a field shows it."""

from datetime import datetime

from crisis import clock


def number(said: object, digits: int = 9) -> int:
    """A whole number of at most so many digits (9 fit PostgreSQL's integer, 18 its bigint); 0 for what is none: no row has it."""
    text = str(said or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else 0


def moment(said: str) -> datetime | None:
    """What a ``datetime-local`` field says, on the clocks in Norway. Raises ``ValueError``."""
    return datetime.fromisoformat(said).replace(tzinfo=clock.OSLO) if said.strip() else None


def local(at: datetime | None) -> str:
    """A time as a ``datetime-local`` field has it."""
    return at.astimezone(clock.OSLO).strftime("%Y-%m-%dT%H:%M") if at else ""
