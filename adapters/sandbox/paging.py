"""One page of a list, as WordPress cuts it, and the headers that say how much there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

MOST, USUAL = 100, "10"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """A page of it."""

    items: Sequence[T]
    headers: list[tuple[bytes, bytes]]
    is_too_far: bool = False
    """There are fewer pages than that."""


def paged(found: Sequence[T], query: Mapping[str, str]) -> Shown[T] | None:
    """The page that is asked for; nothing where the numbers cannot be meant."""
    per_page, page = query.get("per_page", USUAL), query.get("page", "1")
    if not (per_page.isdigit() and page.isdigit()) or not 1 <= int(per_page) <= MOST or int(page) < 1:
        return None
    size, pages = int(per_page), -(-len(found) // int(per_page))
    begin = (int(page) - 1) * size
    headers = [(b"x-wp-total", str(len(found)).encode()), (b"x-wp-totalpages", str(pages).encode())]
    return Shown(found[begin : begin + size], headers, is_too_far=int(page) > max(1, pages))
