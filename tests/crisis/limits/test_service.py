"""What people say about limits: who may, what is refused and changes nothing, who can stand by for whom, and what is set for
a whole channel.
"""

import asyncio
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text

from crisis.accounts.service import close_account
from crisis.bootstrap import ceilings_of
from crisis.channels import Misconfigured, Unavailable
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.lanes import Lane
from crisis.limits import ranges, service
from crisis.limits.pace import Ceiling
from crisis.limits.takes import Take
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.roles import MAY, Act, Actor, Role
from crisis.settings import Settings
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import LIBRARIAN, Workbench
from tests.crisis.limits.test_limiter import Process
from tests.factories import EDITOR, LANGUAGES, OPERATOR

IMPOSSIBLE = [0, -1, 1e9, math.nan, math.inf, -math.inf]


async def sms(bench: Workbench, name: str, **more: str) -> int:
    return await factories.account(bench.crisis, "sms", name=name, **more)


async def said(bench: Workbench) -> list[tuple[object, ...]]:
    """What was set, and how much is on record."""
    async with bench.db.transaction() as session:
        limits = await session.execute(text("SELECT * FROM account_limits ORDER BY account_id"))
        records = await session.execute(text("SELECT count(*) FROM audit"))
        return [*(tuple(row) for row in limits), tuple(records.one())]


async def wait_for(bench: Workbench, first: int, standby: int) -> None:
    await service.set_standby(bench.db, OPERATOR, standby, standby_for=first)


# Limits


@pytest.mark.parametrize("concurrency", [*IMPOSSIBLE, 1.5, 10_001])
async def test_an_impossible_concurrency_changes_nothing(bench: Workbench, concurrency: float) -> None:
    account = await sms(bench, "a")
    await service.set_limit(bench.db, OPERATOR, account, concurrency=5, per_second=5)
    before = await said(bench)
    with pytest.raises(Invalid, match=r"nothing was changed") as refused:
        await service.set_limit(bench.db, OPERATOR, account, concurrency=concurrency, per_second=7)
    assert "from 1 to 10,000" in refused.value.problems[0]
    assert await said(bench) == before


@pytest.mark.parametrize("per_second", [*IMPOSSIBLE, 0.009, 10_000.1])
async def test_an_impossible_rate_changes_nothing(bench: Workbench, per_second: float) -> None:
    account = await sms(bench, "a")
    before = await said(bench)
    with pytest.raises(Invalid) as refused:
        await service.set_limit(bench.db, OPERATOR, account, concurrency=None, per_second=per_second)
    assert "from 0.01 to 10,000" in refused.value.problems[0]
    assert await said(bench) == before


async def test_everything_that_is_wrong_is_said_at_once(bench: Workbench) -> None:
    account = await sms(bench, "a")
    with pytest.raises(Invalid) as refused:
        await service.set_limit(bench.db, OPERATOR, account, concurrency=0.5, per_second=-3)
    assert len(refused.value.problems) == 2


@given(st.floats(), st.floats())
def test_what_is_allowed_is_what_the_database_takes(concurrency: float, per_second: float) -> None:
    wrong = ranges.out_of_range(concurrency, per_second)
    takes = [
        math.isfinite(concurrency) and concurrency == int(concurrency) and 1 <= concurrency <= 10_000,
        0.01 <= per_second <= 10_000,
    ]
    assert len(wrong) == takes.count(False)


@pytest.mark.parametrize("words", ["", "mange", "nan", "inf", "-inf", "1,5", "١٢ stk", "\x00"])
def test_what_is_no_number_is_said_to_be_none(words: str) -> None:
    with pytest.raises(Invalid, match="must be a number"):
        ranges.read_number(words, "--concurrency")


@pytest.mark.parametrize("role", list(Role))
async def test_who_may_set_limits_may_name_a_standby_and_nobody_else(bench: Workbench, role: Role) -> None:
    first, other = await sms(bench, "first"), await sms(bench, "other")
    actor, before = Actor("Noen", role, factories.EDITORS), await said(bench)
    if role in MAY[Act.MANAGE_ACCOUNTS]:
        await service.set_limit(bench.db, actor, first, concurrency=3, per_second=None)
        await service.set_standby(bench.db, actor, other, standby_for=first)
        async with bench.db.transaction() as session:
            records = [
                json.loads(each) for each in await session.scalars(text("SELECT record FROM audit ORDER BY seq"))
            ]
        assert [(each["action"], each["actor"]) for each in records] == [("set_limit", "Noen"), ("set_standby", "Noen")]
        assert records[0]["detail"] == {"concurrency": 3, "per_second": None}
        return
    with pytest.raises(NotAllowed):
        await service.set_limit(bench.db, actor, first, concurrency=3, per_second=None)
    with pytest.raises(NotAllowed):
        await service.set_standby(bench.db, actor, other, standby_for=first)
    assert await said(bench) == before


async def test_there_is_nothing_to_say_about_an_account_that_is_not_there(bench: Workbench) -> None:
    only = await sms(bench, "a")
    with pytest.raises(NotFound):
        await service.set_limit(bench.db, OPERATOR, 4711, concurrency=1, per_second=None)
    for account, first in ((4711, only), (only, 4711)):
        with pytest.raises(NotFound):
            await service.set_standby(bench.db, OPERATOR, account, standby_for=first)


async def test_limits_and_the_standby_do_not_erase_each_other(bench: Workbench) -> None:
    first, standby = await sms(bench, "first"), await sms(bench, "reserve")
    await service.set_limit(bench.db, OPERATOR, standby, concurrency=4, per_second=2.5)
    await wait_for(bench, first, standby)
    await service.set_limit(bench.db, OPERATOR, standby, concurrency=None, per_second=2.5)
    async with bench.db.transaction() as session:
        found = await service.list_limits(session)
    assert {each: (row.concurrency, row.per_second, row.standby_for, row.standby) for each, row in found.items()} == {
        first: (None, None, None, standby),
        standby: (None, 2.5, first, None),
    }


# The standby


async def test_only_like_can_stand_by_for_like(bench: Workbench) -> None:
    first, standby, third = [await sms(bench, name) for name in ("first", "standby", "third")]
    page = await factories.account(bench.crisis, "facebook", name="siden")
    foreign = await sms(bench, "skolens", unit="skolen")
    closed = await sms(bench, "closed")
    await close_account(bench.db, OPERATOR, closed)
    bare = await sms(bench, "bare")
    await bench.run("UPDATE accounts SET address = NULL WHERE id = :id", id=bare)
    await wait_for(bench, first, standby)
    before = await said(bench)
    refused = [
        (first, first, "itself"),
        (page, third, "same unit's, on the same channel"),
        (foreign, third, "same unit's, on the same channel"),
        (closed, third, "closed"),
        (third, closed, "closed"),
        (bare, third, "not connected"),
        (third, standby, "itself a standby"),
        (first, third, "has a standby itself"),
        (third, first, "has a standby already"),
    ]
    for account, other, why in refused:
        with pytest.raises(Conflict, match=why):
            await wait_for(bench, other, account)
    assert await said(bench) == before


async def test_two_who_pair_the_same_accounts_at_once_make_no_chain(bench: Workbench) -> None:
    for round_ in range(5):
        one, two, three = [await sms(bench, f"{name} {round_}") for name in ("one", "two", "three")]
        answers = await asyncio.gather(wait_for(bench, one, two), wait_for(bench, two, three), return_exceptions=True)
        assert [type(each) for each in answers].count(Conflict) == 1, answers


async def test_a_standby_that_was_closed_or_is_not_connected_carries_nothing(bench: Workbench) -> None:
    first, standby = await sms(bench, "first"), await sms(bench, "reserve")
    await wait_for(bench, first, standby)
    process = Process(bench.db)
    await process.end(first, *[Unavailable("refused")] * 5)
    assert await process.takes() == (Take(divert={first: standby}),)
    await close_account(bench.db, OPERATOR, standby)
    await bench.run("UPDATE flows SET switched_at = now() - interval '2 minutes'")
    assert await process.takes() == (Take(skip=(first,)),)


async def test_a_standby_gets_no_deliveries_of_its_own(bench: Workbench) -> None:
    standby, first = await sms(bench, "reserve"), await sms(bench, "first")
    spare, page = [await factories.account(bench.crisis, "facebook", name=name) for name in ("spare", "page")]
    await wait_for(bench, first, standby)
    await wait_for(bench, page, spare)
    ids = await bench.alert(people=3)
    assert sorted(row.account_id for row in await bench.rows(ids)) == [first, first, first, page]


async def test_what_follows_goes_through_the_account_the_standby_stood_in_for(bench: Workbench) -> None:
    standby, first = await sms(bench, "reserve"), await sms(bench, "first")
    ids = await bench.alert(people=3)
    assert {row.account_id for row in await bench.rows(ids)} == {standby}, "the oldest, before anybody stands by"
    await wait_for(bench, first, standby)
    await bench.run("UPDATE deliveries SET account_id = :standby, moved_from = :first", standby=standby, first=first)
    await bench.send(Lane.SMS, Outlet("sms"))
    over = await drafts.write(bench.db, EDITOR, 1, Kind.ALL_CLEAR, factories.SLIDE, LANGUAGES, message_id=1)
    approved = await bench.crisis.desk.approve(EDITOR, over.id)
    after = await bench.rows(await bench.of_revision(approved.revision.id))
    assert [(row.account_id, row.moved_from) for row in after] == [(first, None)] * 3


async def test_a_unit_publishes_through_the_account_and_not_through_its_standby(bench: Workbench) -> None:
    first, standby = await bench.unit_account(name="bibliotek"), await bench.unit_account(name="reserve")
    await wait_for(bench, first, standby)
    with pytest.raises(Invalid, match="stands by for account"):
        await bench.crisis.posts.publish(LIBRARIAN, standby, "Lesestund")
    await bench.crisis.posts.publish(LIBRARIAN, first, "Lesestund")
    assert [row.account_id for row in await bench.rows()] == [first]


# Mended


async def test_new_credentials_are_tried_at_once_in_both_modes(bench: Workbench) -> None:
    page, other = [await factories.account(bench.crisis, "facebook", name=name) for name in ("page", "other")]
    for mode in Mode:
        for account in (page, other):
            await Process(bench.db, mode).end(account, Misconfigured("The token has expired."))
    await service.connect_account(
        bench.db, OPERATOR, page, address="99", credentials={"page_token": "new"}, sealer=bench.crisis.credentials
    )
    async with bench.db.transaction() as session:
        due = await session.execute(text("SELECT account_id, next_try_at <= now() FROM flows ORDER BY 1, mode"))
        found = [tuple(row) for row in due]
        (told, _) = await service.troubles(session, Mode.ACTUAL)
    assert found == [(page, True), (page, True), (other, False), (other, False)]
    assert told.account == "other" or told.sentences["nb"].endswith("Vi prøver nå.")


async def test_connecting_an_account_that_is_well_changes_no_flow(bench: Workbench) -> None:
    page = await factories.account(bench.crisis, "facebook")
    process = Process(bench.db)
    await process.end(page, None)
    await service.connect_account(
        bench.db, OPERATOR, page, address="99", credentials={}, sealer=bench.crisis.credentials
    )
    assert await process.troubles() == []
    assert await process.takes() == (Take(),)


# A whole channel


def test_a_ceiling_is_set_for_a_channel_and_none_by_itself() -> None:
    assert ceilings_of(Settings()) == {}
    assert ceilings_of(Settings(ceilings="sms=50, twitter=0.1")) == {  # type: ignore[arg-type] # as the environment has it
        "sms": Ceiling(per_second=50),
        "twitter": Ceiling(per_second=0.1),
    }


@pytest.mark.parametrize(
    "words", ["sms", "sms=", "=5", "sms=mange", "sms=nan", "sms=inf", "sms=1,sms=2", "sms=1,,", "sms=1;"]
)
def test_a_ceiling_that_is_none_is_refused_with_an_example(words: str) -> None:
    with pytest.raises(ValidationError, match=r"like sms=50,twitter=0\.1"):
        Settings(ceilings=words)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("sms=0", "from 0.01 to 10,000, not 0"),
        ("sms=-1", "from 0.01 to 10,000, not -1"),
        ("sms=1e9", "from 0.01 to 10,000, not 1,000,000,000"),
        ("myspace=1", "there is no such channel"),
    ],
)
def test_an_impossible_ceiling_is_refused_with_its_range(words: str, why: str) -> None:
    with pytest.raises(Invalid, match="CRISIS_CEILINGS cannot be used") as refused:
        ceilings_of(Settings(ceilings=words))  # type: ignore[arg-type]
    assert why in refused.value.problems[0]


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "nan", "1e9", "mange", ""])
def test_an_impossible_concurrency_is_refused_by_the_settings(value: str) -> None:
    with pytest.raises(ValidationError, match="sms_concurrency"):
        Settings(sms_concurrency=value)  # type: ignore[arg-type]
