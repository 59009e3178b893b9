"""Pages: a list in pieces, by a cursor that says where the last piece ended."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.deps import LARGEST_ID
from crisis.errors import Invalid

LIMIT, LIMIT_MOST = 100, 500

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """A piece of a list."""

    items: list[Item]
    next: str | None
    """Give this as ``after`` to get the next piece; null at the end. Its inside is nobody's business."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece begins and how long it may be."""

    request: Request
    response: Response
    after: int
    limit: int

    @property
    def most(self) -> int:
        """One more than the limit: whether there is a next piece shows in the asking."""
        return self.limit + 1

    def page(self, rows: Sequence[Row], shape: Callable[[Row], Item], key: Callable[[Row], int]) -> Page[Item]:
        """The page of up to ``most`` rows that were found after this place; ``key`` is what they are ordered by."""
        shown = rows[: self.limit]
        following = _cursor(key(shown[-1])) if len(rows) > self.limit else None
        if following is not None:
            query = dict(self.request.query_params) | {"after": following, "limit": str(self.limit)}
            self.response.headers["Link"] = f'<{self.request.url.path}?{urlencode(query)}>; rel="next"'
        return Page(items=[shape(row) for row in shown], next=following)

    def cut(self, rows: Sequence[Row], shape: Callable[[Row], Item], key: Callable[[Row], int]) -> Page[Item]:
        """The page of a whole list in its own order, begun after the row whose key the cursor names."""
        at = next((at for at, row in enumerate(rows, start=1) if key(row) == self.after), 0) if self.after else 0
        return self.page(rows[at : at + self.most], shape, key)


async def _place(
    request: Request,
    response: Response,
    after: Annotated[str | None, Query(max_length=40, description="`next` of the piece before.")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MOST, description="How many at most.")] = LIMIT,
) -> Place:
    return Place(request, response, _position(after) if after else 0, limit)


At = Annotated[Place, Depends(_place)]


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(b"%d" % position).rstrip(b"=").decode()


def _position(cursor: str) -> int:
    try:
        found = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = int(found) if found.isdigit() else -1
    except (binascii.Error, ValueError):
        position = -1
    if not 0 <= position <= LARGEST_ID:
        raise Invalid("The cursor (after) is not one this list gave. Begin again without it.")
    return position
