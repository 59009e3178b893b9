import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed
from crisis.roles import MAY, Act, Actor, Role
from crisis.users import enrolment, service, sessions
from crisis.users.ceremonies import CeremonyOver
from crisis.users.enrolment import LinkOver, WrongCode
from crisis.users.models import How
from crisis.users.passwords import PasswordRefused
from crisis.users.service import LoginTaken, NotOneself
from tests.crisis.users.people import OPERATOR, PASSWORD, QUICK, Person, enrolled, sealer


async def records(db: Database) -> list[dict[str, object]]:
    async with db.transaction() as session:
        assert (await chain.verify(session)).holds
        return [
            json.loads(each) for each in (await session.scalars(text("SELECT record FROM audit ORDER BY seq"))).all()
        ]


async def test_a_person_is_added_with_a_link_that_only_its_digest_is_kept_of(db: Database) -> None:
    user, link = await service.add(db, OPERATOR, "  Kari   Moen ", " Kari.Moen@Fjordvik.example ", Role.UNIT, "skole")
    assert (user.name, user.login, user.unit) == ("Kari Moen", "kari.moen@fjordvik.example", "skole")
    assert user.actor == Actor("Kari Moen", Role.UNIT, "skole")
    (record,) = await records(db)
    assert (record["action"], record["subject"]) == ("add_user", f"user:{user.id}")
    async with db.transaction() as session:
        assert link not in (await session.execute(text("SELECT u::text FROM users u"))).scalar_one() + str(record)
        assert (await enrolment.get(session, link)).id == user.id


@pytest.mark.parametrize("role", [role for role in Role if role not in MAY[Act.MANAGE_USERS]])
async def test_nobody_but_the_administrator_touches_users(db: Database, role: Role) -> None:
    actor = Actor("en annen", role, "skole")
    with pytest.raises(NotAllowed):
        await service.add(db, actor, "Kari", "kari", Role.EDITOR)
    for act in (service.disable, service.enable, service.reset):
        with pytest.raises(NotAllowed):
            await act(db, actor, 1)
    with pytest.raises(NotAllowed):
        await service.change(db, actor, 1, name="Kari", role=Role.DIRECTOR, unit=None)


@pytest.mark.parametrize("login", ["", "k", "kari moen", "kåri", "-kari", "k" * 65, "ka\nri", "<script>"])
async def test_a_login_that_is_none_is_refused(db: Database, login: str) -> None:
    with pytest.raises(Invalid, match="A login has"):
        await service.add(db, OPERATOR, "Kari", login, Role.EDITOR)


async def test_every_fault_is_named_at_once(db: Database) -> None:
    with pytest.raises(Invalid) as raised:
        await service.add(db, OPERATOR, " ", "æ", Role.UNIT, language="se")
    assert len(raised.value.problems) == 4
    with pytest.raises(Invalid, match="no user can have that role"):
        await service.add(db, OPERATOR, "Kari", "kari", Role.OPERATOR)


async def test_a_login_belongs_to_one(db: Database) -> None:
    answers = await asyncio.gather(
        *(service.add(db, OPERATOR, f"Person {n}", "kari", Role.EDITOR) for n in range(5)), return_exceptions=True
    )
    assert sum(isinstance(each, LoginTaken) for each in answers) == 4


async def signed_in(db: Database, person: Person) -> str:
    return await sessions.begin(db, person.user, How.PASSWORD, agent="", address="")


async def test_disabling_ends_every_session_at_once_and_enabling_lets_them_in_again(db: Database) -> None:
    person = await enrolled(db, sealer())
    secrets = [await signed_in(db, person) for _ in range(3)]
    await service.disable(db, OPERATOR, person.user.id)
    assert [await sessions.find(db, each) for each in secrets] == [None] * 3
    await service.enable(db, OPERATOR, person.user.id)
    assert [await sessions.find(db, each) for each in secrets] == [None] * 3
    assert await sessions.find(db, await signed_in(db, person))
    said = [each["action"] for each in await records(db)]
    assert said.count("disable_user") == said.count("enable_user") == 1


async def test_resetting_forgets_everything_and_makes_a_new_link(db: Database) -> None:
    person = await enrolled(db, sealer())
    secret = await signed_in(db, person)
    user, link = await service.reset(db, OPERATOR, person.user.id)
    assert (user.password, user.totp) == (None, None)
    assert await sessions.find(db, secret) is None
    async with db.transaction() as session:
        assert (await enrolment.get(session, link)).id == user.id
    await service.disable(db, OPERATOR, user.id)
    async with db.transaction() as session:
        with pytest.raises(LinkOver):
            await enrolment.get(session, link)
    with pytest.raises(Conflict, match="disabled"):
        await service.reset(db, OPERATOR, user.id)


async def test_nobody_locks_themself_out(db: Database) -> None:
    admin, _ = await service.add(db, OPERATOR, "Ada", "ada", Role.ADMIN)
    for act in (service.disable, service.reset):
        with pytest.raises(NotOneself):
            await act(db, admin.actor, admin.id, by=admin.id)
    with pytest.raises(NotOneself):
        await service.change(db, admin.actor, admin.id, name="Ada", role=Role.DIRECTOR, unit=None, by=admin.id)
    changed = await service.change(db, admin.actor, admin.id, name="Ada Berg", role=Role.ADMIN, unit=None, by=admin.id)
    assert changed.name == "Ada Berg"


async def test_a_change_is_on_record_with_what_was_before(db: Database) -> None:
    user, _ = await service.add(db, OPERATOR, "Kari", "kari", Role.EDITOR, "nettredaksjonen")
    await service.change(db, OPERATOR, user.id, name="Kari", role=Role.AUDITOR, unit=None)
    await service.change(db, OPERATOR, user.id, name="Kari", role=Role.AUDITOR, unit=None)
    last = (await records(db))[-1]
    assert last["detail"] == {
        "before": {"name": "Kari", "user_role": "editor", "unit": "nettredaksjonen"},
        "after": {"name": "Kari", "user_role": "auditor", "unit": None},
    }
    assert len(await records(db)) == 2


async def test_a_link_opens_once_and_for_a_day(db: Database) -> None:
    credentials = sealer()
    user, link = await service.add(db, OPERATOR, "Kari", "kari", Role.EDITOR)
    async with db.transaction() as session:
        await session.execute(
            text("UPDATE users SET enrolment_until = enrolment_until - interval '23 hours 59 minutes'")
        )
    async with db.transaction() as session:
        user = await enrolment.get(session, link)
        offered, shown = await enrolment.offer_codes(session, credentials, user)
    await enrolment.set_password(db, QUICK, credentials, user, PASSWORD, offered, Person(user, shown).code(), [])
    async with db.transaction() as session:
        with pytest.raises(LinkOver):
            await enrolment.get(session, link)
    _, second = await service.reset(db, OPERATOR, user.id)
    async with db.transaction() as session:
        await session.execute(
            text("UPDATE users SET enrolment_until = enrolment_until - CAST(:by AS interval)"),
            {"by": timedelta(hours=24)},
        )
        with pytest.raises(LinkOver):
            await enrolment.get(session, second)


async def test_two_who_hold_the_same_link_cannot_both_use_it(db: Database) -> None:
    credentials = sealer()
    _, link = await service.add(db, OPERATOR, "Kari", "kari", Role.EDITOR)
    offers = []
    for _ in range(2):
        async with db.transaction() as session:
            user = await enrolment.get(session, link)
            offers.append((user, *await enrolment.offer_codes(session, credentials, user)))
    answers = await asyncio.gather(
        *(
            enrolment.set_password(db, QUICK, credentials, user, PASSWORD, offered, Person(user, shown).code(), [])
            for user, offered, shown in offers
        ),
        return_exceptions=True,
    )
    assert sorted(type(each) for each in answers if each) == [LinkOver]


async def test_a_password_without_the_right_code_changes_nothing(db: Database) -> None:
    credentials = sealer()
    user, link = await service.add(db, OPERATOR, "Kari", "kari", Role.EDITOR)
    async with db.transaction() as session:
        user = await enrolment.get(session, link)
        offered, shown = await enrolment.offer_codes(session, credentials, user)
    right = Person(user, shown)
    wrong = "000000" if right.code() != "000000" else "111111"
    with pytest.raises(PasswordRefused):
        await enrolment.set_password(db, QUICK, credentials, user, "kort", offered, right.code(), [])
    with pytest.raises(WrongCode):
        await enrolment.set_password(db, QUICK, credentials, user, PASSWORD, offered, wrong, [])
    async with db.transaction() as session:
        assert (await enrolment.get(session, link)).password is None
    await enrolment.set_password(db, QUICK, credentials, user, PASSWORD, offered, right.code(), [])
    with pytest.raises(CeremonyOver):
        await enrolment.set_password(db, QUICK, credentials, user, PASSWORD, offered, right.code(), [])
