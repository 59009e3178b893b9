import asyncio
import io
import logging
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from crisis.audiences.importer import ImportReport, import_recipients
from crisis.audiences.service import count, get_by_name, list_audiences
from crisis.db import Database
from crisis.errors import Conflict, CrisisError, Invalid, NotAllowed, Unready
from crisis.roles import Actor, Role
from crisis.sealing import Sealer
from crisis.settings import Settings

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


class Importer:
    """Imports bytes, texts, files and streams; keeps what was rejected and how far it came."""

    def __init__(self, db: Database, actor: Actor, settings: Settings) -> None:
        self._db, self.actor, self.settings = db, actor, settings
        self.sealer = Sealer(settings.numbers_key, purpose="numbers")
        self.rejected: list[tuple[int, str]] = []
        self.progress: list[tuple[int, int]] = []

    async def __call__(
        self, source: str | bytes | Path | io.RawIOBase, name: str = "Alle", *, replace: bool = False, **changed: int
    ) -> ImportReport:
        self.rejected.clear()
        self.progress.clear()
        content = bytes(source, "utf-8") if isinstance(source, str) else source
        return await import_recipients(
            self._db,
            self.actor,
            name,
            io.BytesIO(content) if isinstance(content, bytes) else content,  # type: ignore[arg-type]
            sealer=self.sealer,
            settings=self.settings.model_copy(update=changed),
            replace=replace,
            on_progress=lambda *far: self.progress.append(far),
            on_rejected=lambda *line: self.rejected.append(line),
        )

    async def numbers(self, name: str = "Alle") -> dict[str, str | None]:
        """The opened numbers of an audience, with their languages."""
        rows = text(
            "SELECT r.number, r.fingerprint, r.last_two, r.language FROM recipients r "
            "JOIN memberships m ON m.recipient_id = r.id JOIN audiences a ON a.id = m.audience_id WHERE a.name = :name"
        )
        async with self._db.transaction() as session:
            found = (await session.execute(rows, {"name": name})).all()
        opened = {self.sealer.open(row.number, row.fingerprint): row for row in found}
        assert all(number.endswith(row.last_two) for number, row in opened.items())
        return {number: row.language for number, row in opened.items()}

    async def refused(self, source: str | bytes | Path | io.RawIOBase, **changed: int) -> str:
        """The reason a file was refused, after looking that nothing was done."""
        with pytest.raises(Invalid) as raised:
            await self(source, "Alle", replace=False, **changed)
        async with self._db.transaction() as session:
            for table in ("audiences", "recipients", "memberships", "audit"):
                assert (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
        return str(raised.value)


@pytest.fixture
def load(db: Database, editor: Actor, settings: Settings) -> Importer:
    return Importer(db, editor, settings)


async def test_a_number_counts_once_in_whatever_notation(load: Importer, db: Database) -> None:
    rows = [
        "+4790000001",
        "900 00 001",
        "0047 90-00-00-01",
        "4790000001",
        "٩٠٠٠٠٠٠١",
        "\u200f+47 900 00 001\u200e",
        "90000002",
    ]
    assert await load("\n".join(["number", *rows])) == ImportReport(read=7, added=2, duplicates=5, rejected=0)
    assert await load.numbers() == {"+4790000001": None, "+4790000002": None}
    async with db.transaction() as session:
        audience = await get_by_name(session, " Alle ")
        assert await count(session, audience.id) == 2


@pytest.mark.parametrize("header", ["number", "nummer", "Mobil", "PHONE", "telefon", '"number"', "\ufeffnumber"])
async def test_the_column_goes_by_several_names(load: Importer, header: str) -> None:
    assert await load(f"{header},language\n90000001,NN\n90000002,\n90000003\n") == ImportReport(3, 3, 0, 0)
    assert await load.numbers() == {"+4790000001": "nn", "+4790000002": None, "+4790000003": None}


async def test_a_bare_list_of_numbers_needs_no_header(load: Importer) -> None:
    assert await load("90000001\r\n\r\n  \r\n90000002") == ImportReport(2, 2, 0, 0)


async def test_what_a_norwegian_spreadsheet_writes_is_read_and_nothing_else_of_it_is_kept(
    load: Importer, db: Database
) -> None:
    content = "Navn;Språk;Telefon;language\nBjørn Ås;norsk;900 00 001;nb\n".encode("latin-1")
    report = await load(content)
    assert (report.added, report.unread_columns) == (1, ("navn", "språk"))
    async with db.transaction() as session:
        (kept,) = (await session.execute(text("SELECT r::text FROM recipients r"))).scalars()
    assert "Bj" not in kept


async def test_every_rejected_line_is_reported_with_its_number_and_without_the_phone_number(load: Importer) -> None:
    lines = [
        "number,language",
        "90000001,nb",
        "22222222,nb",
        ",nb",
        '"90000002,nb',
        "90000003,90000003",
        "112,",
        "Ola,nb",
        "x",
    ]
    assert await load("\n".join(lines)) == ImportReport(read=8, added=1, duplicates=0, rejected=7)
    assert load.rejected == [
        (3, "a landline, which text messages do not reach"),
        (4, "no number"),
        (5, "a quote that is not closed on the line"),
        (6, "a language that is not a code such as nb, nn or en"),
        (7, "a short or emergency number, not a person's mobile"),
        (8, "letters, where a phone number was expected"),
        (9, "letters, where a phone number was expected"),
    ]


async def test_batches_add_up_and_progress_is_told(load: Importer) -> None:
    rows = [f"9{n:07d}" for n in range(10_000, 16_000)]
    content = "number\n" + "\n".join([*rows, *rows]) + "\n"
    assert await load(content) == ImportReport(read=12_000, added=6_000, duplicates=6_000, rejected=0)
    assert load.progress == sorted(load.progress)
    assert load.progress[-1] == (len(content), 12_000)
    assert len(load.progress) == 3
    assert len(await load.numbers()) == 6_000


async def test_an_audience_is_replaced_only_when_asked_and_as_a_whole(load: Importer, db: Database) -> None:
    await load("90000001\n90000002\n")
    with pytest.raises(Conflict, match="There is an audience 'Alle' already"):
        await load("90000003\n")
    with pytest.raises(Invalid, match="No usable number"):
        await load("22222222\n", replace=True)
    with pytest.raises(Invalid, match="NUL"):
        await load("number\n90000003\n" + "90000004\n" * 20_000 + "\0\n", replace=True)
    assert set(await load.numbers()) == {"+4790000001", "+4790000002"}
    async with db.transaction() as session:
        before = (await get_by_name(session, "Alle")).id
    assert (await load("90000002\n90000003\n", replace=True)).added == 2
    assert set(await load.numbers()) == {"+4790000002", "+4790000003"}
    async with db.transaction() as session:
        (audience,) = await list_audiences(session)
        assert (audience.id, audience.recipients) == (before, 2)
        actions = (await session.execute(text("SELECT action FROM audit ORDER BY seq"))).scalars().all()
    assert actions == ["import_audience", "replace_audience"]


async def test_readers_see_the_old_list_until_the_new_one_is_whole(load: Importer, db: Database) -> None:
    await load("90000001\n90000002\n90000003\n")
    seen: list[int] = []
    finished = asyncio.Event()

    async def look() -> None:
        while not finished.is_set():
            async with db.transaction() as session:
                seen.append((await list_audiences(session))[0].recipients)

    looking = asyncio.create_task(look())
    await load("\n".join(f"9{n:07d}" for n in range(10_000, 30_000)), replace=True)
    finished.set()
    await looking
    assert set(seen) <= {3, 20_000}
    assert seen.count(3) > 3


async def test_people_on_two_lists_are_kept_once_and_the_last_language_given_holds(
    load: Importer, db: Database
) -> None:
    await load("number,language\n90000001,nn\n90000002,en\n")
    await load("number,language\n90000001,\n90000002,se\n", "Skred")
    assert await load.numbers() == await load.numbers("Skred") == {"+4790000001": "nn", "+4790000002": "se"}
    async with db.transaction() as session:
        assert (await session.execute(text("SELECT count(*) FROM recipients"))).scalar_one() == 2


async def test_two_imports_at_once_both_succeed(
    load: Importer, db: Database, editor: Actor, settings: Settings
) -> None:
    rows = [f"9{n:07d}" for n in range(10_000, 17_000)]
    second = Importer(db, editor, settings)
    reports = await asyncio.gather(load("\n".join(rows)), second("\n".join(reversed(rows)), "Skred"))
    assert [report.added for report in reports] == [7_000, 7_000]


async def test_the_loop_goes_on_while_a_file_is_read(load: Importer) -> None:
    longest, last, finished = 0.0, time.perf_counter(), asyncio.Event()

    async def watch() -> None:
        nonlocal longest, last
        while not finished.is_set():
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

    watching = asyncio.create_task(watch())
    await load("\n".join(f"9{n:07d}" for n in range(10_000, 40_000)))
    finished.set()
    await watching
    assert longest < 0.5


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "No usable number", id="empty"),
        pytest.param("number\n", "No usable number", id="a header alone"),
        pytest.param("number\n22222222\n112\n", "2 of 2 rows rejected", id="nothing usable"),
        pytest.param("navn,by\nOla,Tolga\n", "No column holds the number", id="no number column"),
        pytest.param("90000001,nb\n90000002,nn\n", "No column holds the number", id="two columns without a header"),
        pytest.param(
            "mobil,telefon\n90000001,22222222\n", "Which column to read cannot be told", id="two number columns"
        ),
        pytest.param('"number\n90000001\n', "quote that is not closed", id="a broken header"),
        pytest.param("number\n90000001\n".encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param("number\n90000001\n".encode("utf-16-be"), "UTF-16", id="UTF-16 without a mark"),
        pytest.param("number\n90000001\n90000002\0\n", "Line 3 holds a NUL byte", id="NUL"),
        pytest.param("number\n90000001\n" + "9" * 4097, "Line 3 is longer than 4,096 bytes", id="a long line"),
        pytest.param(
            "number\n" + "90000001\n" * 200_000 + "9" * 4097,
            "Line 200002 is longer than 4,096 bytes",
            id="a long line, late",
        ),
        pytest.param("number\n" + "90000001\n" * 200_000 + "\0", "Line 200002 holds a NUL", id="NUL, late"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_and_nothing_is_done(
    load: Importer, content: str | bytes, said: str
) -> None:
    reason = await load.refused(content)
    assert said in reason
    assert "90000001" not in reason


async def test_a_line_of_exactly_the_longest_length_is_read(load: Importer) -> None:
    line = "90000001".ljust(4096)
    assert (await load(f"number\r\n{line}\n{line}\n")).read == 2


async def test_the_caps_of_the_settings_hold(load: Importer) -> None:
    three = "number\n90000001\n90000002\n90000003\n"
    assert "more than 2 rows" in await load.refused(three, csv_max_rows=2)
    assert "more than 2 rows" in await load.refused(three.removeprefix("number\n"), csv_max_rows=2)
    assert "larger than 33 bytes" in await load.refused(three, csv_max_bytes=len(three) - 1)
    assert (await load(three, csv_max_rows=3, csv_max_bytes=len(three))).added == 3


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


async def test_no_number_is_in_the_log_the_audit_or_the_database(
    load: Importer, db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await load("number\n90012345\n22212345\n90012345,9001234\n", "Skred")
    async with db.transaction() as session:
        kept = list((await session.execute(text("SELECT record FROM audit"))).scalars())
        kept += (await session.execute(text("SELECT r::text FROM recipients r"))).scalars()
    assert "12345" not in "".join(kept) + caplog.text + str(load.rejected)


async def test_without_the_key_nothing_is_imported(load: Importer) -> None:
    load.sealer = Sealer(None, purpose="numbers")
    with pytest.raises(Unready, match="CRISIS_NUMBERS_KEY"):
        await load("90000001\n")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b"])
async def test_an_audience_needs_a_name(load: Importer, name: str) -> None:
    with pytest.raises(Invalid, match="needs a name"):
        await load("90000001\n", name)


async def test_a_unit_may_not_import(load: Importer) -> None:
    load.actor = Actor("Biblioteket", Role.UNIT, "kultur")
    with pytest.raises(NotAllowed):
        await load("90000001\n")


async def test_a_reader_of_rejections_that_fails_undoes_the_import(
    db: Database, editor: Actor, settings: Settings
) -> None:
    class Stop(CrisisError):
        pass

    def stop(_line: int, _reason: str) -> None:
        raise Stop

    sealer = Sealer(settings.numbers_key, purpose="numbers")
    with pytest.raises(Stop):
        await import_recipients(
            db, editor, "Alle", io.BytesIO(b"90000001\n112\n"), sealer=sealer, settings=settings, on_rejected=stop
        )
    async with db.transaction() as session:
        assert await list_audiences(session) == []
