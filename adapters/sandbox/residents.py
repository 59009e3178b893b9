"""Residents: what people in the exercise write on "Facebook" and "X", and how many pass it on. Made by whoever runs the drill."""

import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.sandbox.faults import ID

MOST = 200


class ResidentPost(BaseModel):
    """One post by a resident, as put to ``/sandbox/residents/ID``. ``since`` is seconds since 1970, of when it was written."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=ID)]
    channel: Literal["facebook", "twitter"] = "facebook"
    who: Annotated[str, Field(max_length=200)]
    text: Annotated[str, Field(max_length=4000)]
    shares: Annotated[int, Field(ge=0)] = 0
    since: float = Field(default_factory=time.time)


class Residents:
    """What they have written, by id. Kept in memory: whoever put it there puts it there again after a restart."""

    def __init__(self) -> None:
        self._posts: dict[str, ResidentPost] = {}

    def put(self, post: ResidentPost) -> bool:
        """Show a post, or what has become of it. Doing so twice is harmless. False where there is room for no more."""
        if post.id not in self._posts and len(self._posts) >= MOST:
            return False
        self._posts[post.id] = post
        return True

    def remove(self, key: str) -> None:
        """Show it no more. It is not there: well."""
        self._posts.pop(key, None)

    def on(self, channel: str) -> list[ResidentPost]:
        """Those of a channel, the newest first."""
        return sorted((each for each in self._posts.values() if each.channel == channel), key=lambda each: -each.since)

    def all(self) -> list[ResidentPost]:
        """Every one."""
        return list(self._posts.values())

    def clear(self) -> None:
        """Show none."""
        self._posts.clear()
