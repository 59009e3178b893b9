"""Promise P4 where the mode is lost on the way: what does not say that it is actual is an exercise, and an alarm."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crisis.bootstrap import Crisis
from crisis.broker import DELIVER, SWEEP, celery_app, queue_of
from crisis.checkup.examination import examine
from crisis.checkup.findings import Level
from crisis.embedded.readiness import works
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.faults.judge import MARKER, STAND_IN_NUMBER, broadcast, states
from tests.faults.size import TIMEOUT, either
from tests.faults.stack import Process, Stack, until

pytestmark = pytest.mark.timeout(TIMEOUT)
PEOPLE = either(60, 2000)
STRAYED = either(10, 500)
LOST: tuple[str | None, ...] = (None, "drill", "Actual", "")
"""What a mode may become in a job of an older version, or of none of ours."""
OF_MODES = """
    SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
    WHERE conrelid = 'deliveries'::regclass AND contype IN ('c', 'f') AND pg_get_constraintdef(oid) LIKE '%mode%'
"""
Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def actual(stack: Stack) -> Process:
    return stack.worker(concurrency=2)


@pytest.fixture(scope="module")
def unsaid(stack: Stack) -> Iterator[Process]:
    """A worker that nobody told its mode, with every secret in its environment."""
    environment = {name: value for name, value in stack.environment.items() if name != "CRISIS_WORKER_MODE"}
    process = stack.run([sys.executable, "-m", "crisis", "worker", "--concurrency", "2"], environment)
    stack.until(process, lambda: works(stack.settings, Mode.EXERCISE))
    yield process
    process.kill()


@pytest.mark.fault(39)
async def test_a_job_that_lost_its_mode_is_an_alarm_and_is_not_done(
    stack: Stack, crisis: Crisis, actual: Process, unsaid: Process, record_property: Note
) -> None:
    app = celery_app(stack.settings)
    sent = 0
    for mode in Mode:
        for arguments in ([], *([mode_of_job, "sms"] for mode_of_job in LOST)):
            for name in (DELIVER, SWEEP):
                app.send_task(name, args=arguments[: 2 if name == DELIVER else 1], queue=queue_of(mode, Lane.PUBLIC))
                sent += 1
    app.close()

    async def alarms() -> bool:
        said = (actual.said(), unsaid.said())
        return [len(re.findall(r"CRITICAL .*It was not done", each)) for each in said] == [sent // 2, sent // 2]

    await until(alarms, seconds=30, what=f"{actual.said()}\n{unsaid.said()}")
    assert not await states(crisis)
    record_property("jobs without a mode", sent)
    record_property("alarms", sent)


@pytest.mark.fault(39)
@pytest.mark.usefixtures("actual")
async def test_a_worker_that_nobody_told_its_mode_does_exercises_and_nothing_else(
    stack: Stack, crisis: Crisis, unsaid: Process, record_property: Note
) -> None:
    await broadcast(crisis, Mode.EXERCISE, people=PEOPLE)

    async def done() -> bool:
        return set(await states(crisis)) == {"accepted"}

    await until(done, what=unsaid.said())
    texts = stack.drills.records("twilio", "create")
    assert len({record["to"] for record in texts}) == PEOPLE
    assert all(record["to"].startswith(STAND_IN_NUMBER) and MARKER in record["text"] for record in texts)
    assert stack.sandbox.records() == [], "an exercise reached the public's sandbox"
    record_property("sent to the exercises' sandbox", len(texts))
    record_property("sent to the public's", 0)


@pytest.mark.fault(39)
@pytest.mark.usefixtures("unsaid")
async def test_a_row_that_lost_its_mode_is_sent_to_nobody_and_the_checkup_says_so(
    stack: Stack, crisis: Crisis, actual: Process, record_property: Note
) -> None:
    family = actual.family()
    try:
        for process in family:  # nobody is to be quicker than the accident
            process.suspend()
        await broadcast(crisis, people=PEOPLE, channels=())
        for mode in ("NULL", "'drill'", "'exercise'"):
            with pytest.raises(IntegrityError):
                await stray(crisis, mode)
        async with a_bad_migration(crisis):
            strayed = await stray(crisis, "CASE id % 3 WHEN 0 THEN NULL WHEN 1 THEN 'drill' ELSE 'exercise' END")
            for process in family:
                process.resume()

            async def done() -> bool:
                async with crisis.db.transaction() as session:
                    waiting = "SELECT count(*) FROM deliveries WHERE mode = 'actual' AND state <> 'accepted'"
                    return not await session.scalar(text(waiting))

            await until(done, what="the others were held up")
            await asyncio.sleep(1)
            findings = await examine(stack.settings)
            (finding,) = (each for each in findings if each.part == "mode")
            assert finding.level is Level.WRONG
            assert str(STRAYED) in finding.found
            public = {int(record["key"]) for record in stack.sandbox.records("twilio", "create")}
            assert not public & strayed, "it reached the public"
            assert len(public) == PEOPLE - STRAYED
            assert all((record["to"] or "").startswith(STAND_IN_NUMBER) for record in stack.drills.records())
    finally:
        for process in family:
            process.resume()
    record_property("rows without a mode, or with another's", STRAYED)
    record_property("sent to the public", 0)


async def stray(crisis: Crisis, mode: str) -> set[int]:
    """Give the first deliveries another mode, in SQL; which."""
    many = "SELECT id FROM deliveries ORDER BY id LIMIT :many"
    async with crisis.db.transaction() as session:
        damage = text(f"UPDATE deliveries SET mode = {mode} WHERE id IN ({many}) RETURNING id")
        return set(await session.scalars(damage, {"many": STRAYED}))


@asynccontextmanager
async def a_bad_migration(crisis: Crisis) -> AsyncIterator[None]:
    """Without what the schema has against rows that lost their mode; and the schema as it was again, without such rows."""
    async with crisis.db.engine.begin() as connection:
        held = list(await connection.execute(text(OF_MODES)))
        assert len(held) >= 2, "the schema was to say what a delivery's mode may be, and that it is its text's"
        for constraint in held:
            await connection.execute(text(f"ALTER TABLE deliveries DROP CONSTRAINT {constraint.conname}"))
        await connection.execute(text("ALTER TABLE deliveries ALTER mode DROP NOT NULL"))
    try:
        yield
    finally:
        async with crisis.db.engine.begin() as connection:
            await connection.execute(
                text("UPDATE deliveries d SET mode = r.mode FROM renditions r WHERE r.id = d.rendition_id")
            )
            await connection.execute(text("ALTER TABLE deliveries ALTER mode SET NOT NULL"))
            for constraint in held:
                await connection.execute(
                    text(f"ALTER TABLE deliveries ADD CONSTRAINT {constraint.conname} {constraint.definition}")
                )
