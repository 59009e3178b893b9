"""Batches: a recipients' file in pieces, each number parsed, fingerprinted and sealed. Blocking; meant for a thread."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from crisis import sheet
from crisis.audiences import numbers
from crisis.audiences.columns import Columns
from crisis.errors import Invalid
from crisis.said import Said
from crisis.sealing import Sealer
from crisis.settings import Settings

SIZE = 5_000
"""Lines in a batch: one statement, some tens of milliseconds of parsing."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(slots=True)
class Batch:
    """Rows as the database takes them: one list per column. A number is in it once."""

    read: int = 0
    """Rows seen: accepted, repeated within the batch, and rejected. Empty lines are no rows."""
    size: int = 0
    """Bytes they took in the file."""
    rejected: list[tuple[int, str]] = field(default_factory=list)
    """Line number and reason; never what the line said."""
    numbers: list[bytes] = field(default_factory=list)
    fingerprints: list[bytes] = field(default_factory=list)
    last_twos: list[str] = field(default_factory=list)
    languages: list[str | None] = field(default_factory=list)


class Batches:
    """The batches of one stream, in order, by :meth:`next`."""

    def __init__(self, stream: BinaryIO, sealer: Sealer, settings: Settings) -> None:
        self._lines = enumerate(sheet.lines(stream, settings), start=1)
        self._sealer, self._settings = sealer, settings
        self._rows = 0
        self._columns: Columns | None = None

    @property
    def unread(self) -> tuple[str, ...]:
        """The file's columns that are not read."""
        return self._columns.unread if self._columns else ()

    def next(self) -> Batch | None:
        """The next batch, or ``None`` after the last. Raises :class:`Invalid` when the file as a whole cannot be used."""
        piece = list(islice(self._lines, SIZE))
        if not piece:
            return None
        batch = Batch(size=sum(len(line) + 1 for _, line in piece))
        seen: set[bytes] = set()
        for at, columns, text in self._rows_of(piece):
            batch.read += 1
            try:
                self._add(batch, seen, columns, text)
            except Invalid as fault:
                batch.rejected.append((at, fault.summary))
        return batch

    def _rows_of(self, piece: list[tuple[int, bytes]]) -> Iterator[tuple[int, Columns, str]]:
        for at, line in piece:
            text = _decoded(line)
            if not text.strip(' ,;\t\r"'):
                continue
            if self._columns is None:
                self._columns = _columns(text)
                if self._columns.header:
                    continue
            self._rows += 1
            if self._rows > self._settings.csv_max_rows:
                raise sheet.too_many_rows(self._settings)
            yield at, self._columns, text

    def _add(self, batch: Batch, seen: set[bytes], columns: Columns, text: str) -> None:
        try:
            cells = sheet.cells(text, columns.separator)
        except csv.Error:
            raise Invalid(Said("a quote that is not closed on the line")) from None
        if columns.number >= len(cells):
            raise Invalid(Said("no number: fewer cells than the first line"))
        e164 = numbers.parse(cells[columns.number], self._settings.phone_region)
        language = _language(cells, columns.language)
        fingerprint = self._sealer.fingerprint(e164)
        if fingerprint in seen:
            return
        seen.add(fingerprint)
        batch.numbers.append(self._sealer.seal(e164, fingerprint))
        batch.fingerprints.append(fingerprint)
        batch.last_twos.append(e164[-2:])
        batch.languages.append(language)


def _decoded(line: bytes) -> str:
    """UTF-8, or what old spreadsheets write: only digits and codes are read out of it, and those are the same in both."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _columns(first: str) -> Columns:
    try:
        return Columns.of(first)
    except csv.Error:
        raise Invalid(Said("The first line has a quote that is not closed. Nothing was imported.")) from None


def _language(cells: list[str], at: int | None) -> str | None:
    value = cells[at].strip().casefold() if at is not None and at < len(cells) else ""
    if value and not _LANGUAGE.fullmatch(value):
        raise Invalid(Said("a language that is not a code such as nb, nn or en"))
    return value or None
