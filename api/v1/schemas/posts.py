"""Units' posts as JSON."""

from datetime import datetime

from pydantic import Field

from api.v1.schemas.shape import Number, Shape
from crisis.mode import Mode


class PostIn(Shape):
    """A post for one of the unit's own accounts. Without ``publish_at`` it goes out at once."""

    account_id: Number
    text: str = Field(max_length=100_000, examples=["Biblioteket er åpent til kl. 19 i dag."])
    title: str = Field(default="", max_length=1000)
    publish_at: datetime | None = None
    audience_id: Number | None = None
    mode: Mode = Mode.ACTUAL


class PostOut(Shape):
    """A post and how it stands: ``counts`` is ``{state: deliveries}``."""

    id: int
    account_id: int
    channel: str
    account: str
    unit: str
    title: str
    text: str
    publish_at: datetime
    created_by: str
    created_at: datetime
    state: str
    counts: dict[str, int]
    error: str | None
    url: str | None
