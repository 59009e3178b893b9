"""The screen: plain tables and sentences. Users' text is shown as it is, and nothing in it can steer the terminal."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crisis.messages.rendered import CHANNEL_NAMES

WIDE = 110  # columns of a window that has room for everything

console = Console(highlight=False)
"""Standard output. Errors go to standard error, in ``app.py``."""


def say(*lines: str, style: str = "") -> None:
    """Sentences, wrapped at the window's width."""
    for line in lines:
        console.print(text(line, style))


def show(renderable: Any) -> None:
    """A table, or whatever Rich can draw. A line that must not be broken (a link) may go over the window's edge."""
    console.print(renderable, crop=False)


def show_json(value: Any) -> None:
    """One JSON document. Times are ISO 8601 in UTC."""
    console.file.write(json.dumps(value, ensure_ascii=False, indent=1, default=_plain) + "\n")


def show_json_line(value: Any) -> None:
    """One JSON document on one line, for streams of them."""
    console.file.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")
    console.file.flush()


def text(value: object, style: str = "") -> Text:
    """Text without markup, and without characters that would move the cursor or change colours."""
    spaced = str(value).replace("\N{NO-BREAK SPACE}", " ")  # printable, whatever Python says
    kept = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in spaced)
    return Text(kept, style=style)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Collection[str] = (),
    wrap: Collection[str] = (),
    spare: Collection[str] = (),
) -> Padding:
    """A table without lines. ``right`` names the columns that hold figures, ``wrap`` those whose words may go on below,
    ``spare`` those that a narrow window does without. A column with nothing in it is left out.
    """
    given = [[cell if isinstance(cell, Text) else text(cell) for cell in row] for row in rows]
    narrow = console.width < WIDE
    used = [
        at for at, name in enumerate(columns) if any(row[at].plain for row in given) and not (narrow and name in spare)
    ]
    drawn = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for at in used:
        drawn.add_column(
            columns[at], justify="right" if columns[at] in right else "left", no_wrap=columns[at] not in wrap
        )
    for row in given:
        drawn.add_row(*(row[at] for at in used))
    return Padding(drawn, (0, 0, 0, 2), expand=False)


def under(first: object, second: object) -> Text:
    """Two lines of one cell, the second in the background."""
    return text(first).append("\n").append_text(text(second, "dim"))


def channel_name(channel: str) -> str:
    """What people call a channel."""
    return CHANNEL_NAMES.get(channel, channel.capitalize())


def many(count: int, noun: str, plural: str = "") -> str:
    """``1 post``, ``2 posts``, ``5,000 recipients``."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def shortened(value: str, most: int) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(value.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def counted(counts: Mapping[str, int]) -> str:
    """``4,990 delivered, 10 not delivered``; the words alone where there is only one kind."""
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count:,} {words}" for words, count in counts.items())


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
