"""Audiences as JSON."""

from datetime import datetime

from pydantic import Field, SecretStr

from api.v1.schemas.shape import Shape


class AudienceOut(Shape):
    """A named list of recipients, and how many there are."""

    id: int
    name: str
    created_at: datetime
    recipients: int


class RejectedLine(Shape):
    """A line that was not taken, and why; never what it said."""

    line: int
    reason: str = Field(examples=["a landline, which text messages do not reach"])


class ImportReportOut(Shape):
    """``read`` rows: each was added, a duplicate of one before it, or rejected."""

    read: int
    added: int
    duplicates: int
    rejected: int
    unread_columns: list[str]
    rejected_lines: list[RejectedLine]
    rejected_lines_left_out: int = Field(description="Rejected lines that did not find room in `rejected_lines`.")


class NumberIn(Shape):
    """A phone number, in any notation. In the body, so that it stands in no address and no log."""

    number: SecretStr = Field(max_length=100)


class OrphansIn(Shape):
    """How long recipients that no list holds are kept."""

    days: int = Field(ge=1, le=36_500)


class Erased(Shape):
    """How many recipients were erased."""

    erased: int
