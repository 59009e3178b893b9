"""Promise P4: no exercise reaches the public. The whole job is done with live credentials and live addresses in the settings
and a tripwire at those addresses; then again with each of the two walls taken away.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from adapters import CHANNELS
from crisis.accounts.models import Account
from crisis.activations import gate
from crisis.bootstrap import Crisis, openers_for, setup_for
from crisis.channels import AccountRef, Bulk, ChannelSetup, Misconfigured, Outgoing
from crisis.deliveries.book import Openers
from crisis.deliveries.engine import Engine
from crisis.deliveries.pace import Pace
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.faults.stack import Stack, until
from tests.isolation.conftest import LIVE_PAGE
from tests.isolation.job import ALL_OUT, MARKER, PEOPLE, PROVIDERS, check_the_sandbox, job, states
from tests.isolation.tripwire import Tripwire


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

    async def done() -> bool:  # where one call takes too long, the others wait for another pass
        await run(crisis, Mode.EXERCISE, setup, openers_for(Mode.EXERCISE, stack.settings))
        return await states(crisis) == ALL_OUT

    await until(done, seconds=30, pause=0.5, what="the exercise did not do its job")
    assert tripwire.touched == []
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
