"""Promise P4 in the processes of an exercise: they hold no secret, and without a mode of their own they do nothing for real."""

import re
from pathlib import Path

import pytest

from crisis.bootstrap import Crisis
from crisis.broker import DELIVER, SWEEP, celery_app, queue_of
from crisis.drills import service as drills
from crisis.drills.states import InjectState
from crisis.embedded import commands, environment
from crisis.embedded.child import wait_until_named
from crisis.embedded.readiness import works
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings
from tests.crisis.drills.stage import LEADER, SHA256, book, inject
from tests.faults.stack import Process, Stack, command_of, until
from tests.isolation.conftest import LIVE_SECRETS
from tests.isolation.job import PROVIDERS, job, states
from tests.isolation.tripwire import Tripwire


async def test_the_exercise_worker_of_crisis_up_has_no_secret_in_any_of_its_processes(
    stack: Stack, tmp_path: Path
) -> None:
    files = tmp_path / "secrets"
    files.mkdir()
    for name, value in LIVE_SECRETS.items():
        (files / name).write_text(value)
    given = {**stack.environment, "CRISIS_SECRETS_DIR": str(files)}
    bare = environment.for_exercise(given, stack.settings)
    process = stack.run(commands.worker(Mode.EXERCISE, 2), bare)
    try:
        stack.until(process, lambda: works(stack.settings, Mode.EXERCISE) and len(process.family()) > 3)
        family = process.family()
        assert any("standby" in command_of(member) for member in family)
        for member in family:
            wait_until_named(member)
            held = str(member.environ())  # as the system has it: /proc/<pid>/environ
            assert "CRISIS_SANDBOX_URL" in held
            for name, value in LIVE_SECRETS.items():
                assert value not in held, f"{name} is in the environment of {member.cmdline()}"
            assert str(files) not in held
    finally:
        process.kill()


async def test_what_makes_drills_go_has_no_secret_in_its_process_and_none_of_a_whole_environments_either(
    stack: Stack, crisis: Crisis, tripwire: Tripwire
) -> None:
    """Started as `crisis up` starts it, it was handed none; handed all of them, it drops them, and does its work."""
    bare = environment.for_exercise(stack.environment, stack.settings)
    for given in (bare, stack.environment):
        process = stack.run(commands.conductor(stack.home), given)
        try:
            if given is bare:
                assert not [name for name, value in LIVE_SECRETS.items() if value in str(process.family()[0].environ())]
            await starts_and_ends(crisis)
        finally:
            process.kill()
    assert tripwire.touched == []


async def starts_and_ends(crisis: Crisis) -> None:
    """A drill is begun, and its one inject comes."""
    drill = await drills.start(crisis.db, LEADER, book([inject("I0")], []), sha256=SHA256)

    async def fired() -> bool:
        async with crisis.db.transaction() as session:
            return (await drills.picture(session, drill.id)).injects[0].state is InjectState.FIRED

    await until(fired, seconds=20, pause=0.1, what="the inject did not come")
    async with crisis.db.transaction() as session:
        is_over = (await drills.get(session, drill.id)).state.is_over
    if not is_over:
        await drills.stop(crisis.db, LEADER, drill.id, "nok")


@pytest.mark.parametrize("said", [None, "", "live", "ACTUAL", "drill"])
async def test_a_worker_whose_mode_is_lost_or_unknown_serves_exercises_and_raises_an_alarm(
    stack: Stack, crisis: Crisis, tripwire: Tripwire, said: str | None
) -> None:
    given = {name: value for name, value in stack.environment.items() if name != "CRISIS_WORKER_MODE"}
    found = Settings(**{} if said is None else {"worker_mode": said})
    assert (found.worker_mode, found.is_mode_said) == (Mode.EXERCISE, False)
    if said not in {None, "live"}:
        return  # the rest is the same for each, and a process takes seconds
    await job(crisis, tripwire, Mode.ACTUAL)
    more = {} if said is None else {"CRISIS_WORKER_MODE": said}
    process = stack.run(commands.worker(Mode.EXERCISE, 1), given, **more)
    try:
        stack.until(process, lambda: works(stack.settings, Mode.EXERCISE))
        assert "This worker was not told its mode" in process.said()
        assert "CRITICAL exercise" in process.said()
    finally:
        process.kill()
    assert tripwire.touched == []
    assert {state for _, state in await states(crisis)} == {"ready", "blocked"}


async def test_a_task_without_a_mode_or_of_another_mode_is_an_alarm_and_is_not_done(
    stack: Stack, crisis: Crisis, tripwire: Tripwire, worker: Process
) -> None:
    await job(crisis, tripwire, Mode.ACTUAL)
    app = celery_app(stack.settings)
    queue = queue_of(Mode.EXERCISE, Lane.PUBLIC)
    for name, arguments in ((DELIVER, []), (DELIVER, ["actual", "public"]), (DELIVER, ["drill", "sms"]), (SWEEP, [])):
        app.send_task(name, args=arguments, queue=queue)
    app.close()

    async def alarms() -> bool:
        return len(re.findall(r"CRITICAL exercise .*It was not done", worker.said())) >= 4

    await until(alarms, seconds=15, what=worker.said())
    for mode in ("None", "'actual'", "'drill'"):
        assert f"A task of mode {mode} came to the worker of exercise" in worker.said()
    assert {state for _, state in await states(crisis)} == {"ready", "blocked"}
    assert tripwire.touched == []
    assert [stack.sandbox.records(name) for name in PROVIDERS] == [[], [], [], []]
