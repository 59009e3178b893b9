"""A file of numbers: which are read, which lines are rejected, and which files are refused whole."""

import pytest
from sqlalchemy import text

from crisis.audiences.importer import ImportReport
from crisis.audiences.service import count, get_by_name
from crisis.db import Database
from tests.crisis.audiences.importer.loading import Importer


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
