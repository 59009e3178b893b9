"""The stage: how the demo looks in a terminal. Calm: one heading an act, one line a promise, a bar a channel while it lasts."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from crisis.accounts.locks import LockState
from crisis.activations.drain import OpenPermit
from crisis.channels import Unit
from crisis.clock import OSLO
from crisis.deliveries import ledger
from crisis.deliveries.ledger import Line
from crisis.deliveries.states import DeliveryState
from crisis.demo.promises import Promise, Report
from crisis.locks.board import Board
from crisis.messages.plan import Preview
from crisis.messages.rendered import CHANNEL_NAMES

_BAR = 16
_ARRIVED = frozenset({DeliveryState.DELIVERED, DeliveryState.UNDELIVERED, DeliveryState.EXPIRED})
_UNITS = {Unit.CHARACTERS: "characters", Unit.WEIGHTED: "weighted characters", Unit.SEGMENTS: "parts"}
_LOCK_STYLES = {
    LockState.BREACHED: "red",
    LockState.NOT_ENFORCEABLE: "yellow",
    LockState.INSTRUCTED: "yellow",
    LockState.ACKNOWLEDGED: "green",
    LockState.HELD: "green",
    LockState.ACCESS_REVOKED: "green",
}


class Stage:
    """Draws on a console; ``quiet`` draws nothing."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console, self._quiet = console, quiet
        self._act = 0

    def act(self, title: str) -> None:
        """The next act begins."""
        self._act += 1
        self._print(Text(f"\n{self._act}  {title}", style="bold"))

    def say(self, line: str, style: str = "") -> None:
        """One sentence."""
        self._print(Padding(Text(line, style=style), (0, 0, 0, 3)))

    def quote(self, who: str, line: str) -> None:
        """What somebody writes, or is told."""
        said = Text.assemble((f"{who}: ", "dim"), (line, "italic"))
        self._print(Padding(said, (0, 0, 0, 3)))

    def promise(self, promise: Promise) -> None:
        """A promise, and whether it was kept."""
        mark, style = (Text("✓", "green"), "") if promise.kept else (Text("✗", "bold red"), "bold red")
        line = Table.grid(padding=(0, 1, 0, 0))
        line.add_row(mark, Text(promise.name, style).append(f"  {promise.evidence}", "dim"))
        self._print(Padding(line, (0, 0, 0, 3)))

    def locks(self, board: Board) -> None:
        """Each account, and what the lock is worth on it."""
        rows = [
            (
                named(row.outlet.channel),
                row.outlet.name,
                row.outlet.unit,
                Text(row.proof.words, _LOCK_STYLES.get(row.proof.state, "")),
            )
            for row in board.rows
        ]
        self._table(("Channel", "Account", "Unit", "Lock"), rows)

    def texts(self, previews: Sequence[Preview], limits: Mapping[str, int]) -> None:
        """How long the message is in each form and language, and what fits."""
        languages = list(dict.fromkeys(each.rendered.language_name for each in previews))
        lengths = {(each.channel, each.rendered.language_name): each.rendered.length for each in previews}
        rows = []
        for channel in dict.fromkeys(each.channel for each in previews):
            found = [lengths[channel, language] for language in languages]
            most = f"of {limits[channel]:,} " if channel in limits else ""
            rows.append((named(channel), *(f"{each.count:,}" for each in found), f"{most}{_UNITS[found[0].unit]}"))
        self._table(("Channel", *languages, ""), rows, right=languages)

    def standings(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        """Units' posts and how they stand."""
        self._table(("Channel", "Account", "Text", "Standing"), ((a, b, _short(c, 28), d) for a, b, c, d in rows))

    def lines(self, lines: Sequence[Line]) -> None:
        """Every delivery by channel, account and language, and their sum."""
        rows: list[tuple[object, ...]] = [
            (named(line.channel), line.account, line.language, f"{line.total:,}", in_words(line.counts))
            for line in lines
        ]
        whole = sum((line.counts for line in lines), Counter[DeliveryState]())
        rows.append((Text("In all", "bold"), "", "", Text(f"{whole.total():,}", "bold"), in_words(whole)))
        self._table(("Channel", "Account", "Language", "Total", "Standing"), rows, right=["Total"])

    def live(self) -> AbstractContextManager[Live | None]:
        """A picture that changes in place, and goes away at the end."""
        if self._quiet or not self._console.is_terminal:
            return nullcontext()
        return Live(console=self._console, transient=True, auto_refresh=False)

    def end(self, report: Report) -> None:
        """What was kept, and what was not."""
        broken, count = report.broken, len(report.promises)
        if not broken:
            self._print(Text(f"\nAll {count} promises kept, in {report.seconds:.0f} s.", style="bold green"))
            return
        self._print(Text(f"\n{count - len(broken)} of {count} promises kept. Not kept:", style="bold red"))
        for each in broken:
            self.promise(each)

    def _table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], right: Collection[str] = ()) -> None:
        self._print(Padding(_table(columns, rows, right), (0, 0, 0, 3)))

    def _print(self, renderable: RenderableType) -> None:
        if not self._quiet:
            self._console.print(renderable)


def locking(permits: Sequence[OpenPermit]) -> Group:
    """What the lock waits for."""
    rows = [(named(p.channel), p.account, _short(p.text), f"since {clock(p.opened_at)}") for p in permits]
    said = Text(f"   Locking: waiting for {len(permits)} in flight", style="yellow")
    return Group(said, Padding(_table(("Channel", "Account", "Text", ""), rows), (0, 0, 0, 3)))


def progress(lines: Sequence[Line]) -> Padding:
    """A bar per channel: what the provider accepted, then what it reported as arrived."""
    drawn = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    by_channel: dict[str, Counter[DeliveryState]] = {}
    for line in lines:
        by_channel.setdefault(line.channel, Counter()).update(line.counts)
    for channel, counts in by_channel.items():
        total = counts.total()
        arrived = sum(counts[state] for state in _ARRIVED)
        out = arrived + counts[DeliveryState.ACCEPTED] + counts[DeliveryState.SENT]
        said = f"{out:,} of {total:,} accepted" + (f", {arrived:,} reported on" if arrived else "")
        drawn.add_row(named(channel), ProgressBar(total=total, completed=out, width=_BAR), said)
    return Padding(drawn, (0, 0, 0, 3))


def named(channel: str) -> str:
    """What people call a channel."""
    return CHANNEL_NAMES.get(channel, channel.capitalize())


def clock(at: datetime) -> str:
    """The clock on the wall."""
    return at.astimezone(OSLO).strftime("%H:%M:%S")


def in_words(counts: Mapping[DeliveryState, int]) -> str:
    """``4,992 delivered, 8 not delivered``; the words alone where there is one state."""
    found = [(state, counts[state]) for state in DeliveryState if counts.get(state)]
    if len(found) == 1:
        return ledger.words(found[0][0])
    return ", ".join(f"{count:,} {ledger.words(state)}" for state, count in found)


def _short(text: str, most: int = 44) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Collection[str] = ()) -> Table:
    drawn = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for at, column in enumerate(columns):
        drawn.add_column(column, justify="right" if column in right else "left", no_wrap=at == 0, overflow="fold")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return drawn
