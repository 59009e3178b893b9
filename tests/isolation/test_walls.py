"""Promise P4: no exercise reaches the public. The whole job is done with live credentials and live addresses in the settings
and a tripwire at those addresses; then again with each of the two walls taken away.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from adapters import CHANNELS
from crisis.accounts.models import Account
from crisis.activations import gate
from crisis.activations.service import ActivationLocked
from crisis.bootstrap import Crisis, openers_for, setup_for
from crisis.broker import DELIVER, SWEEP, celery_app, queue_of
from crisis.channels import AccountRef, Bulk, ChannelSetup, Misconfigured, Outgoing
from crisis.deliveries.book import Openers
from crisis.deliveries.engine import Engine
from crisis.deliveries.pace import Pace
from crisis.drills import service as drills
from crisis.drills.states import InjectState
from crisis.embedded import commands, environment
from crisis.embedded.readiness import works
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.roles import Actor, Role
from crisis.settings import Settings
from tests import factories
from tests.crisis.drills.stage import LEADER, SHA256, book, inject
from tests.faults.stack import Process, Stack, until
from tests.isolation.conftest import LIVE_PAGE, LIVE_SECRETS
from tests.isolation.tripwire import Tripwire

PEOPLE = 40
MARKER = "ØVELSE ØVELSE ØVELSE"
LIBRARY = Actor("Biblioteket", Role.UNIT, "biblioteket")
PROVIDERS = ("graph", "x", "twilio", "wordpress")


@dataclass(frozen=True)
class Job:
    """A whole exercise: who is told what, and the unit's post that met the lock."""

    activation: int
    blocked_post: int


async def job(crisis: Crisis, tripwire: Tripwire, mode: Mode = Mode.EXERCISE) -> Job:
    """Activate, refuse a unit's post, and send an alert to every channel and to an audience."""
    for channel in ("website", "facebook", "twitter", "sms"):
        await factories.account(crisis, channel, address="Fjordvik" if channel == "sms" else "1000")
    await factories.account(crisis, "wordpress", address=f"{tripwire.url}/wp")
    library = await factories.account(crisis, "facebook", unit="biblioteket", address="4242")
    audience = await factories.audience(crisis, PEOPLE)
    activation = await factories.activation(crisis.db, mode)
    with pytest.raises(ActivationLocked):
        await crisis.posts.publish(LIBRARY, library, "Barselkafé i morgen", mode=mode)
    (post,) = await crisis.posts.list(LIBRARY, mode=mode)
    assert post.state == "blocked"
    approved = await factories.approved_alert(crisis, activation.id, audience_id=audience)
    assert approved.deliveries == {"website": 1, "wordpress": 1, "facebook": 1, "twitter": 1, "sms": PEOPLE}
    return Job(activation.id, post.id)


async def states(crisis: Crisis) -> Counter[tuple[str, str]]:
    """How many deliveries of each channel are in which state."""
    statement = text(
        "SELECT a.channel, d.state, count(*) FROM deliveries d JOIN accounts a ON a.id = d.account_id GROUP BY 1, 2"
    )
    async with crisis.db.transaction() as session:
        return Counter({(channel, state): count for channel, state, count in await session.execute(statement)})


ALL_OUT = {
    ("website", "accepted"): 1,
    ("wordpress", "accepted"): 1,
    ("facebook", "accepted"): 1,
    ("twitter", "accepted"): 1,
    ("sms", "accepted"): PEOPLE,
    ("facebook", "blocked"): 1,
}


@pytest.fixture
def worker(stack: Stack) -> Iterator[Process]:
    """An exercise worker that was handed the whole environment, secrets and all. The other tests are without one."""
    process = stack.worker(mode=Mode.EXERCISE, concurrency=2)
    yield process
    process.kill()


@pytest.mark.usefixtures("worker")
async def test_an_exercise_does_the_whole_job_and_nothing_of_it_gets_out(
    stack: Stack, crisis: Crisis, tripwire: Tripwire
) -> None:
    await job(crisis, tripwire)

    async def done() -> bool:
        return await states(crisis) == ALL_OUT

    await until(done, seconds=30, pause=0.2, what="the exercise did not do its job")
    assert tripwire.touched == []
    check_the_sandbox(stack)
    public = stack.settings.crisis_page_dir
    assert [path.name for path in public.rglob("*")] == ["index.html"]
    assert (public / "index.html").read_bytes() == LIVE_PAGE
    page = (stack.settings.exercise_page_dir / "index.html").read_text(encoding="utf-8")
    assert MARKER in page
    assert "Skred ved Moen" in page
    async with crisis.db.transaction() as session:
        assert not await gate.is_locked(session, Mode.ACTUAL), "an exercise holds nobody's real posts"


def check_the_sandbox(stack: Stack) -> None:
    """All of it came there, marked, and to no number that anybody has."""
    records = {name: stack.sandbox.records(name, "create") for name in PROVIDERS}
    assert {name: len(found) for name, found in records.items()} == {
        "graph": 1,
        "x": 1,
        "twilio": PEOPLE,
        "wordpress": 1,
    }
    for record in (record for found in records.values() for record in found):
        said = " ".join(re.sub(r"<[^>]+>", " ", record["text"]).split())
        assert said.startswith(MARKER), record
    assert len({record["to"] for record in records["twilio"]}) == PEOPLE
    assert all(record["to"].startswith("+999") for record in records["twilio"])
    assert "+47" not in str(records)


async def test_without_the_first_wall_the_transport_refuses_the_live_addresses(
    stack: Stack, crisis: Crisis, tripwire: Tripwire
) -> None:
    await job(crisis, tripwire)
    setup = replace(
        setup_for(Mode.EXERCISE, stack.settings),
        graph_url=f"{tripwire.url}/graph",
        x_url=f"{tripwire.url}/x",
        twilio_url=f"{tripwire.url}/twilio",
    )
    stand_in = openers_for(Mode.EXERCISE, stack.settings)

    def live(account: Account) -> AccountRef:
        return replace(stand_in.account(account), address=account.address)

    await run(crisis, Mode.EXERCISE, setup, Openers(live, stand_in.number))
    assert tripwire.touched == []
    found = await states(crisis)
    assert found["website", "accepted"] == 1
    del found["website", "accepted"], found["facebook", "blocked"]
    # Each was refused on this side of the socket; some may not even have been begun.
    refused = found.pop(("sms", "retry_wait"))
    assert (refused + found.pop(("sms", "ready"), 0), refused > 0) == (PEOPLE, True)
    assert found == {(channel, "retry_wait"): 1 for channel in ("facebook", "twitter", "wordpress")}
    assert [stack.sandbox.records(name) for name in PROVIDERS] == [[], [], [], []]


async def test_without_the_first_wall_a_mailing_to_many_is_refused_as_one_call_is(
    stack: Stack, tripwire: Tripwire
) -> None:
    """The bulk path has a client of its own, over another library: it is behind the same wall."""
    tripwire.touched.clear()
    setup = replace(setup_for(Mode.EXERCISE, stack.settings), twilio_url=f"{tripwire.url}/twilio")
    account = AccountRef(1, "sms", "nettredaksjonen", "Fjordvik")
    text = Outgoing("1", Mode.EXERCISE, "alert", "nb", "", f"{MARKER} Skred ved Moen", to="+99900000001")
    walled = CHANNELS["sms"](setup)
    assert isinstance(walled, Bulk)
    with pytest.raises(Misconfigured):
        walled.mailing(account, text, lambda *_: None)
    with pytest.raises(Misconfigured):
        await walled.publish(account, text)
    await walled.close()
    assert tripwire.touched == []
    free = CHANNELS["sms"](replace(setup, allowed_hosts=None))  # and the tripwire is where it would have gone
    assert isinstance(free, Bulk)
    free.mailing(account, text, lambda *_: None).send("1", str(text.to), None)
    await until(lambda: reached(tripwire), seconds=5, pause=0.05, what="nothing would have gone out in bulk")
    await free.close()


async def reached(tripwire: Tripwire) -> bool:
    return any("/twilio/" in line for line in tripwire.touched)


async def test_without_the_first_wall_the_page_of_an_exercise_is_not_written_where_the_public_reads(
    stack: Stack,
) -> None:
    public = stack.settings.crisis_page_dir
    with pytest.raises(Misconfigured):
        CHANNELS["website"](replace(setup_for(Mode.EXERCISE, stack.settings), public_dir=public))
    assert {path: path.read_bytes() for path in public.rglob("*")} == {public / "index.html": LIVE_PAGE}


async def test_without_the_transports_guard_the_exercise_still_knows_no_live_address(
    stack: Stack, crisis: Crisis, tripwire: Tripwire
) -> None:
    await job(crisis, tripwire)
    setup = replace(setup_for(Mode.EXERCISE, stack.settings), allowed_hosts=None)
    await run(crisis, Mode.EXERCISE, setup, openers_for(Mode.EXERCISE, stack.settings))
    assert tripwire.touched == []
    assert await states(crisis) == ALL_OUT
    check_the_sandbox(stack)


async def test_the_tripwire_is_where_the_same_job_would_go_if_it_were_no_exercise(
    stack: Stack, crisis: Crisis, tripwire: Tripwire
) -> None:
    await job(crisis, tripwire, Mode.ACTUAL)
    setup = replace(setup_for(Mode.ACTUAL, stack.settings), public_dir=stack.home / "exercise" / "elsewhere")
    await run(crisis, Mode.ACTUAL, setup, openers_for(Mode.ACTUAL, stack.settings))
    for where in ("/graph/", "/x/", "/twilio/", "/wp"):
        assert any(where in line for line in tripwire.touched), f"nothing would have gone to {where}"
    assert [stack.sandbox.records(name) for name in PROVIDERS] == [[], [], [], []]


async def run(crisis: Crisis, mode: Mode, setup: ChannelSetup, openers: Openers) -> None:
    """One pass over the lanes of the messages, with channels built from this setup."""
    channels = {name: build(setup) for name, build in CHANNELS.items()}
    pace = Pace(concurrency=8, batch=50, lease_seconds=10, call_seconds=setup.call_seconds)
    paces: Mapping[Lane, Pace] = dict.fromkeys(Lane, pace)
    engine = Engine(crisis.db, mode, channels, openers, paces, drain_seconds=5)
    for lane in Lane:
        await engine.deliver(lane)
    for channel in channels.values():
        await channel.close()


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
        assert any("standby" in " ".join(member.cmdline()) for member in family)
        for member in family:
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


async def test_the_database_refuses_a_delivery_of_another_mode_than_its_text(
    crisis: Crisis, tripwire: Tripwire
) -> None:
    await job(crisis, tripwire)
    become_actual = (
        "UPDATE deliveries SET mode = 'actual'",
        "UPDATE renditions SET mode = 'actual'",
        """INSERT INTO deliveries (mode, lane, rendition_id, account_id, recipient_id)
           SELECT 'actual', lane, rendition_id, account_id, NULL FROM deliveries WHERE lane = 'sms' LIMIT 1""",
        """INSERT INTO deliveries (mode, lane, rendition_id, account_id)
           SELECT NULL, lane, rendition_id, account_id FROM deliveries WHERE lane = 'sms' LIMIT 1""",
    )
    for statement in become_actual:
        with pytest.raises(IntegrityError):
            async with crisis.db.transaction() as session:
                await session.execute(text(statement))
