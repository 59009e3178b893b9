"""Units' posts as JSON."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.schemas.shape import Number, Shape
from crisis import clock
from crisis.activations.models import Activation
from crisis.mode import Mode
from crisis.posts.decisions import AT_ONCE_MOST
from crisis.posts.fate import TOLD, Fate, fate_of
from crisis.posts.standing import Standing


class PostIn(Shape):
    """A post for one of the unit's own accounts. Without ``publish_at`` it goes out at once."""

    account_id: Number
    text: str = Field(max_length=100_000, examples=["Biblioteket er åpent til kl. 19 i dag."])
    title: str = Field(default="", max_length=1000)
    publish_at: datetime | None = None
    audience_id: Number | None = None
    instead_of: Number | None = Field(
        default=None, description="The blocked post it was written from, which is dropped for it."
    )
    mode: Mode = Mode.ACTUAL


class OriginOut(Shape):
    """Where a post was scheduled inside its platform before the lock took it out of there."""

    planned_id: int
    url: str | None
    author: str | None
    state: str = Field(description="``unscheduled``: it lies there as a draft. ``left``: it may still go out there.")


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
    since: datetime = Field(
        description="The last time that anything about it changed: when it was blocked, or went out."
    )
    delivery_id: int = Field(description="The first of its deliveries: what a person checks and decides about.")
    fate: Fate = Field(description="What became of it, most of all of what was under way when the lock fell.")
    told: str = Field(description="The same in a sentence.")
    release_at: datetime | None = Field(
        description="When it goes out because its owner published it after it had been blocked; until then it can be taken back."
    )
    pointer_id: int | None = Field(description="The web editors' text that it publishes, if it does.")
    instead_of: int | None
    rewritten_as: int | None = Field(description="The post that took its place.")
    origin: OriginOut | None

    @classmethod
    def of(cls, post: Standing, lock: Activation | None) -> Self:
        """From the domain's. ``lock``: the activation that holds its account, if one does."""
        values = {name: getattr(post, name) for name in cls.model_fields if name not in {"fate", "told", "origin"}}
        fate = fate_of(post, lock, clock.now())
        origin = None if post.origin is None else OriginOut.model_validate(post.origin)
        return cls(**values, fate=fate, told=TOLD[fate], origin=origin)


class DecisionIn(Shape):
    """What the owner says about posts that the lock stopped."""

    post_ids: list[Number] = Field(min_length=1, max_length=AT_ONCE_MOST)
    publish: bool = Field(default=False, description="To let them go out. Without it they are dropped.")


class DecidedOut(Shape):
    """What came of it."""

    posts: list[PostOut]
    left: list[int] = Field(description="Posts that were not blocked any more: nothing was done with them.")
