"""The list that an import leaves: added to, replaced as a whole, and kept to those who may."""

import asyncio
import io
import logging
import time

import pytest
from sqlalchemy import text

from crisis.audiences.importer import ImportReport, import_recipients
from crisis.audiences.service import get_by_name, list_audiences
from crisis.db import Database
from crisis.errors import Conflict, CrisisError, Invalid, NotAllowed, Unready
from crisis.roles import Actor, Role
from crisis.sealing import Sealer
from crisis.settings import Settings
from tests.crisis.audiences.importer.loading import Importer


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
