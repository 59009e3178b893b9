"""Cost: about what the text messages of a revision cost, out of the counts that the approval writes by."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """``parts`` is text message parts, all recipients together; ``kroner`` is what they come to at the price of a part (NOK)."""

    parts: int
    kroner: Decimal


def of(by_language: Mapping[str | None, int], parts: Mapping[str, int], price: Decimal) -> Cost:
    """``by_language``: recipients by the language they are registered with. ``parts``: how many parts the text has in each language
    it is written in, the primary first; whoever has none of these gets the primary. ``price`` is of one part, in NOK.
    """
    primary = next(iter(parts.values()), 0)
    total = sum(people * parts.get(language or "", primary) for language, people in by_language.items())
    return Cost(total, total * price)
