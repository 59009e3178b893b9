"""A file without end: it is refused in seconds, and in little memory."""

import io
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crisis.audiences.importer.loading import Importer

GIGABYTE = 1 << 30
MEGABYTE = 1 << 20


class Stream(io.RawIOBase):
    """A file that is made while it is read: ``head`` and then ``fill`` over and over, ``size`` bytes in all."""

    def __init__(self, head: bytes, fill: bytes, size: int, *, seekable: bool = False) -> None:
        self._head, self._fill, self._size, self._at, self._seekable = (
            head,
            fill * (MEGABYTE // len(fill)),
            size,
            0,
            seekable,
        )
        self.read_so_far = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "a whole file must never be asked for"
        piece = self._head[self._at : self._at + size]
        if not piece:
            begin = (self._at - len(self._head)) % len(self._fill)
            piece = self._fill[begin : begin + min(size, self._size - self._at)]
        self._at += len(piece)
        self.read_so_far += len(piece)
        return piece


def _line(*, seekable: bool) -> Stream:
    return Stream(b"number\n90000001\n", b"9", GIGABYTE, seekable=seekable)


def _rows(*, seekable: bool) -> Stream:
    return Stream(b"number\n", b"90000001\n90000002\n", GIGABYTE, seekable=seekable)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda: _line(seekable=False), "Line 3 is longer than 4,096 bytes", id="a gigabyte in one line"),
        pytest.param(lambda: _line(seekable=True), "Line 3 is longer than 4,096 bytes", id="the same, seekable"),
        pytest.param(lambda: _rows(seekable=True), "more than 10,000,000 rows", id="a gigabyte of rows"),
        pytest.param(
            lambda: Stream(b"number\n", b"9" * 1023 + b"\n", 2 * GIGABYTE, seekable=True),
            "larger than 1,073,741,824 bytes",
            id="two gigabytes",
        ),
        pytest.param(lambda: Stream(b"\xff\xfe", b"9\0", GIGABYTE), "UTF-16", id="a gigabyte of UTF-16"),
        pytest.param(lambda: Stream(b"number\n", b"\0", GIGABYTE), "NUL", id="a gigabyte of NUL"),
    ],
)
async def test_a_gigabyte_is_refused_in_seconds_and_in_little_memory(
    load: Importer, make: Callable[[], Stream], said: str
) -> None:
    stream = make()
    tracemalloc.start()
    began = time.perf_counter()
    try:
        reason = await load.refused(stream)
        taken, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert said in reason
    assert taken < 5
    assert peak < 20 * MEGABYTE
    assert stream.read_so_far <= GIGABYTE + MEGABYTE


async def test_a_sparse_file_of_a_gigabyte_is_refused(load: Importer, tmp_path: Path) -> None:
    file = tmp_path / "sparse.csv"
    with file.open("wb") as stream:
        stream.write(b"number\n90000001\n")
        stream.truncate(GIGABYTE)
    assert "NUL byte" in await load.refused(file)
    assert "cannot be read" in await load.refused(tmp_path / "none.csv")
    assert "cannot be read" in await load.refused(tmp_path)
