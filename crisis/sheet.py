"""A sheet: a CSV file from outside, read block by block within the caps, so that no file can fill the memory.

Whoever reads one gets lines without their ends. What makes the whole file unusable is found as early as can be: where the
file can be read twice, :func:`check` goes through all of it first, before anything is done with a single line.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from crisis.errors import Invalid
from crisis.said import Said
from crisis.settings import Settings

_BLOCK = 1 << 20  # bytes
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TELLING = 0.75
_UTF8_MARK = b"\xef\xbb\xbf"


@contextmanager
def opened(source: BinaryIO | Path) -> Iterator[BinaryIO]:
    """The file as a stream of bytes. A stream is handed through and left open. Raises :class:`Invalid` for no such file."""
    if not isinstance(source, Path):
        yield source
        return
    try:
        stream = source.open("rb")
    except OSError as error:
        raise Invalid(
            Said("The file {file} cannot be read: {why}.", file=str(source), why=error.strerror or "")
        ) from None
    with stream:
        yield stream


def lines(stream: BinaryIO, settings: Settings) -> Iterator[bytes]:
    """Every line, the byte order mark and the line ends taken off. Raises :class:`Invalid` as :func:`check` does."""
    for block in _blocks(stream, settings):
        whole = block.removesuffix(b"\n")
        yield from (line.removesuffix(b"\r") for line in whole.split(b"\n"))


def check(stream: BinaryIO, settings: Settings) -> None:
    """Go through a stream that can be rewound, and rewind it; do nothing with one that cannot.

    Raises :class:`Invalid` when it is not UTF-8 text, holds NUL bytes, or is larger, has more lines or a longer line than
    ``csv_max_bytes``, ``csv_max_rows`` (and a header) and ``csv_max_line`` allow.
    """
    if stream.seekable():
        start = stream.tell()
        for _ in _blocks(stream, settings):
            pass
        stream.seek(start)


def delimiter(header: str) -> str:
    """What separates the cells: a comma, or the semicolon that Excel writes in Norwegian, or a tab."""
    return next((mark for mark in ",;\t" if mark in header), ",")


def cells(line: str, separator: str) -> list[str]:
    """One line's cells. Raises :class:`csv.Error` where a quote is not closed on the line."""
    if '"' not in line:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator, strict=True))


def too_many_rows(settings: Settings) -> Invalid:
    """The refusal of a file with more rows than ``csv_max_rows``."""
    return Invalid(
        Said(
            "The file has more than {most:,} rows, and no more are read at a time. Nothing was imported. "
            "Split it, or raise CRISIS_CSV_MAX_ROWS.",
            most=settings.csv_max_rows,
        )
    )


def _blocks(stream: BinaryIO, settings: Settings) -> Iterator[bytes]:
    """Blocks of whole lines, checked. The last line may lack its end; no other block does."""
    size = count = 0
    rest = b""
    while data := stream.read(_BLOCK):
        if size == 0:
            _check_encoding(data)
            data = data.removeprefix(_UTF8_MARK)
        size += len(data)
        if size > settings.csv_max_bytes:
            raise Invalid(
                Said(
                    "The file is larger than {most:,} bytes. Nothing was imported. "
                    "Split it, or raise CRISIS_CSV_MAX_BYTES.",
                    most=settings.csv_max_bytes,
                )
            )
        if (at := data.find(b"\0")) >= 0:
            line = count + data.count(b"\n", 0, at) + 1
            raise Invalid(
                Said(
                    "Line {line} holds a NUL byte, which no text has: the file is damaged or not a CSV file. "
                    "Nothing was imported. Save it again as CSV, UTF-8.",
                    line=line,
                )
            )
        data = rest + data
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        _check_lengths(data, count, settings)
        count += data.count(b"\n")
        if count > settings.csv_max_rows + 1:
            raise too_many_rows(settings)
        if cut:
            yield data[:cut]
    if rest:
        yield rest


def _check_encoding(start: bytes) -> None:
    halves = start[:1024:2], start[1:1024:2]  # of Latin text in UTF-16, one is nothing but NUL, the other has none
    fewest, most = sorted(half.count(b"\0") / max(1, len(half)) for half in halves)
    if start.startswith(_UTF16_MARKS) or most - fewest > _TELLING:
        raise Invalid(
            Said("The file is UTF-16, not UTF-8. Nothing was imported. Save it again as “CSV UTF-8” and import that.")
        )


def _check_lengths(data: bytes, before: int, settings: Settings) -> None:
    """No run of bytes without a line end is longer than the cap. Looks at one place per cap's length, not at every line."""
    most = settings.csv_max_line
    begin = 0
    while len(data) - begin > most:
        end = data.rfind(b"\n", begin, begin + most + 1)
        if end < 0:
            line = before + data.count(b"\n", 0, begin) + 1
            raise Invalid(
                Said(
                    "Line {line} is longer than {most:,} bytes: the file is not a CSV file with one row a line. "
                    "Nothing was imported. Check where the lines end, or raise CRISIS_CSV_MAX_LINE.",
                    line=line,
                    most=most,
                )
            )
        begin = end + 1
