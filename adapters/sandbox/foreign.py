"""Foreign posts: what somebody put on an account past every service, in the platform's own window or with another tool."""

from typing import Annotated, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field

from adapters.sandbox.exchange import Asked


class ForeignPost(BaseModel):
    """One of them, as put to ``/sandbox/posts/<id>``."""

    model_config = ConfigDict(extra="forbid")

    provider: str
    account: Annotated[str, Field(min_length=1, max_length=200)]
    """The page's id, the user's id, the sender, the site's name."""
    text: Annotated[str, Field(min_length=1, max_length=4000)]
    title: Annotated[str, Field(max_length=200)] = ""
    author: Annotated[str, Field(max_length=200)] = ""
    """Who, where the platform tells."""
    link: Annotated[str, Field(max_length=2000)] | None = None
    age_seconds: Annotated[float, Field(ge=0)] = 0.0
    """How long it has been out already."""
    due_in_seconds: float | None = None
    """It is not out: it waits inside the platform for this long."""


@runtime_checkable
class TakesForeign(Protocol):
    """A stand-in that somebody can post at without any service of ours."""

    def take_foreign(self, post: ForeignPost, asked: Asked) -> str:
        """Put it there, and return its reference. Raises :class:`ValueError` where there is no such thing there."""
        ...


@runtime_checkable
class HasRights(Protocol):
    """A stand-in where others have rights on an account."""

    def set_rights(self, account: str, rights: object, asked: Asked) -> None:
        """Let exactly these have rights there. Raises :class:`ValueError` for what cannot be so."""
        ...

    def rights(self, account: str) -> object:
        """Who has them now."""
        ...
