"""The table: every figure a row, printed as soon as it is known, for a terminal or as Markdown to paste."""

from collections.abc import Sequence

from bench.figure import Figure

HEADINGS = ("", "measured", "beside, in the same run", "ratio", "must", "goal", "verdict")
WIDTHS = (8, 24, 32, 30, 11, 11, 8)
"""Columns of a terminal; a longer cell pushes the rest of its line to the right."""
INDENT = " " * (WIDTHS[0] + 1)


def heading(*, markdown: bool = False) -> str:
    """The first lines."""
    return f"{_row(HEADINGS)}\n{'|---' * len(HEADINGS)}|" if markdown else _aligned(HEADINGS)


def row(figure: Figure, *, markdown: bool = False) -> str:
    """The figure's line, and in a terminal what else is to be known about it below."""
    if markdown:
        return _row(figure.cells())
    noise = (
        f"; {figure.disturbed} rounds stayed disturbed: measure again on a quiet machine" if figure.disturbed else ""
    )
    return f"{_aligned(figure.cells())}\n{INDENT}{figure.detail}{noise}"


def notes(figures: Sequence[Figure]) -> str:
    """What stands below a Markdown table: how each figure was made."""
    return "\n".join(
        f"- **{figure.name}**: {figure.detail}"
        + (f"; **{figure.disturbed} rounds stayed disturbed**" if figure.disturbed else "")
        for figure in figures
    )


def _aligned(cells: Sequence[str]) -> str:
    return " ".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def _row(cells: Sequence[str]) -> str:
    return "".join(f"| {cell} " for cell in cells) + "|"
