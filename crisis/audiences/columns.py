"""Columns: which cell of a recipients' file holds the number, and which the language."""

from dataclasses import dataclass
from typing import Self

from crisis import sheet
from crisis.errors import Invalid
from crisis.said import Said

NUMBER = frozenset({"number", "nummer", "mobil", "phone", "telefon"})
LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where to look in a line."""

    number: int
    language: int | None
    separator: str
    header: bool
    """Whether the first line names the columns; if not, it is a recipient like the others."""
    unread: tuple[str, ...] = ()
    """Columns of the file that are neither read nor stored."""

    @classmethod
    def of(cls, first: str) -> Self:
        """Understand the first line: the columns' names, or the first of a bare list of numbers.

        Raises :class:`Invalid` where no column, or more than one, is the number. Never quotes a cell that has digits: it may
        be a number.
        """
        separator = sheet.delimiter(first)
        names = [cell.strip().casefold() for cell in sheet.cells(first, separator)]
        found = [at for at, name in enumerate(names) if name in NUMBER]
        if not found and len(names) == 1:
            return cls(0, None, separator, header=False)
        known = ", ".join(sorted(NUMBER))
        if not found:
            raise Invalid(
                Said(
                    "No column holds the number: the first line must name the columns, one of them {known}. Nothing was imported. "
                    "A file with nothing but numbers, one a line, needs no first line.",
                    known=known,
                )
            )
        if len(found) > 1 or names.count(LANGUAGE) > 1:
            raise Invalid(
                Said(
                    "Which column to read cannot be told: one column alone may be called {known}, and one {language}. "
                    "Nothing was imported. Rename or take away the others.",
                    known=known,
                    language=LANGUAGE,
                )
            )
        language = names.index(LANGUAGE) if LANGUAGE in names else None
        unread = tuple(
            f"column {at + 1}" if any(c.isdigit() for c in name) or not name else name
            for at, name in enumerate(names)
            if at not in {found[0], language}
        )
        return cls(found[0], language, separator, header=True, unread=unread)
