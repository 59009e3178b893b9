"""Document: what a report consists of, before anybody decides how it looks. All its texts are data to whoever renders it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``tone``: nothing, ``strong``, or ``quiet``."""

    text: str
    tone: str = ""
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: Sequence[str]
    numbered: bool = False
    kind: str = "bullets"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are."""

    rows: Sequence[tuple[str, str]]
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """The first column says what a row is about. ``right``: columns of figures, from 0."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    widths: Sequence[float] = ()
    """Shares of the page's width, where they should not be equal."""
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture of figures, and the same in words."""

    caption: str
    svg: str
    alternative: str
    kind: str = "plot"

    @property
    def picture(self) -> Markup:
        """The picture, for a page: our own drawing, in which every text is escaped already."""
        return Markup(self.svg)  # noqa: S704 - as above


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody's own words, as they were, under who or what they are from."""

    label: str
    text: str
    about: str = ""
    kind: str = "passage"


Block = Paragraph | Bullets | Facts | Table | Plot | Passage


@dataclass(frozen=True, slots=True)
class Section:
    """``key`` is its address on the page. ``parts`` are sections in it, one level down."""

    key: str
    heading: str
    blocks: Sequence[Block] = ()
    parts: Sequence["Section"] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report in one language."""

    language: str
    title: str
    subtitle: str
    mark: str
    """In front and on every page of what is an exercise's; empty in a real crisis."""
    municipality: str
    contents: str
    """The heading of the list of sections."""
    page: str
    """What "page" is called."""
    sections: Sequence[Section] = field(default_factory=tuple)

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    def section(self, key: str) -> Section:
        """One of its sections. Raises :class:`KeyError`."""
        found = next((each for each in self.sections if each.key == key), None)
        if found is None:
            raise KeyError(key)
        return found
