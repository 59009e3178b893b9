import asyncio
import json
import re

import pytest
from sqlalchemy import text

from crisis.db import Database
from crisis.errors import Invalid, NotAllowed, NotFound
from crisis.roles import MAY, Act, Actor, Role
from crisis.users import break_glass, sessions
from crisis.users.attempts import TooSoon
from crisis.users.break_glass import CodeRefused
from crisis.users.models import How
from tests.crisis.users.people import OPERATOR, QUICK

DIRECTOR = Actor("Kommunedirektøren", Role.DIRECTOR)


async def make(db: Database, role: Role = Role.DIRECTOR) -> list[str]:
    return await break_glass.make(db, QUICK, OPERATOR, role)


async def use(
    db: Database, code: str, name: str = "Kari Moen", reason: str = "Entra ID er nede", address: str = "192.0.2.1"
) -> str:
    return await break_glass.use(
        db,
        QUICK,
        code,
        name,
        reason,
        agent="Firefox",
        address=address,
        editors_unit="nettredaksjonen",
        language="nn",
    )


async def test_ten_codes_of_128_bits_are_shown_once_and_kept_as_slow_hashes(db: Database) -> None:
    codes = await make(db)
    assert len({code.partition("-")[2] for code in codes}) == 10
    assert all(re.fullmatch(r"[0-9]+(-[A-Z2-7]{4}){6}-[A-Z2-7]{2}", code) for code in codes)
    async with db.transaction() as session:
        held = (await session.execute(text("SELECT string_agg(c::text, '') FROM break_glass_codes c"))).scalar_one()
        said = (await session.execute(text("SELECT string_agg(record, '') FROM audit"))).scalar_one()
        assert await break_glass.left(session) == {Role.DIRECTOR: 10}
    assert held.count("$argon2id$") == 10
    for code in codes:
        letters = code.partition("-")[2]
        assert letters not in held + said
        assert letters.replace("-", "") not in held + said


@pytest.mark.parametrize(("role", "unit"), [(Role.DIRECTOR, None), (Role.EDITOR, "nettredaksjonen")])
async def test_a_code_signs_in_once_as_its_role_and_never_to_users_or_settings(
    db: Database, role: Role, unit: str | None
) -> None:
    code = (await make(db, role))[3]
    signed_in = await sessions.find(db, await use(db, code.lower().replace("-", " ")))
    assert signed_in is not None
    assert signed_in.actor == Actor("Kari Moen", role, unit)
    assert (signed_in.how, signed_in.user_id, signed_in.language) == ("break_glass", None, "nn")
    assert role not in MAY[Act.MANAGE_USERS] | MAY[Act.MANAGE_ACCOUNTS] | MAY[Act.MANAGE_TOKENS]
    with pytest.raises(CodeRefused):
        await use(db, code)


async def test_five_who_use_the_same_code_are_one(db: Database) -> None:
    (code, *_) = await make(db)
    answers = await asyncio.gather(*(use(db, code, address=f"192.0.2.{n}") for n in range(5)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in answers) == 1


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.DIRECTOR, Role.EDITOR}])
async def test_no_other_role_has_codes(db: Database, role: Role) -> None:
    with pytest.raises(Invalid):
        await make(db, role)


async def test_only_the_administrator_makes_codes(db: Database) -> None:
    with pytest.raises(NotAllowed):
        await break_glass.make(db, QUICK, DIRECTOR, Role.DIRECTOR)


async def test_new_codes_end_the_old_ones_of_their_role_and_a_year_ends_all(db: Database) -> None:
    old, others = await make(db), await make(db, Role.EDITOR)
    new = await make(db)
    with pytest.raises(CodeRefused):
        await use(db, old[0])
    assert await use(db, others[0])
    async with db.transaction() as session:
        await session.execute(text("UPDATE break_glass_codes SET expires_at = expires_at - interval '365 days'"))
        assert await break_glass.left(session) == {}
    with pytest.raises(CodeRefused):
        await use(db, new[0])


async def test_every_refusal_is_the_same_and_guessing_is_slowed(db: Database) -> None:
    (code, *_) = await make(db)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    said = set()
    for each in (wrong, "", "999-" + code.partition("-")[2], "x" * 5000, "1" * 40):
        with pytest.raises(CodeRefused) as raised:
            await use(db, each)
        said.add(str(raised.value))
    assert len(said) == 1
    with pytest.raises(TooSoon):
        await use(db, code)
    assert await use(db, code, address="192.0.2.99")


async def test_without_a_name_and_a_reason_the_code_is_not_spent(db: Database) -> None:
    (code, *_) = await make(db)
    for name, reason in [("", "nede"), ("Kari", " ")]:
        with pytest.raises(Invalid):
            await use(db, code, name, reason)
    assert await use(db, code)


async def test_it_is_loud_until_somebody_with_a_login_of_their_own_has_seen_it(db: Database) -> None:
    code, other, *_ = await make(db)
    await use(db, code, "Kari Moen", "Entra ID er nede")
    await use(db, other, "Ola", "Mobilnettet er nede")
    async with db.transaction() as session:
        first, second = await break_glass.alarms(session)
        records = [json.loads(each) for each in (await session.scalars(text("SELECT record FROM audit"))).all()]
    assert (first.name, first.reason, second.name) == ("Kari Moen", "Entra ID er nede", "Ola")
    used = [each for each in records if each["action"] == "use_break_glass_code"]
    assert [(each["actor"], each["detail"]["reason"]) for each in used] == [
        ("Kari Moen", "Entra ID er nede"),
        ("Ola", "Mobilnettet er nede"),
    ]
    with pytest.raises(Invalid, match="of their own"):
        await break_glass.acknowledge(db, DIRECTOR, first.id, how=How.BREAK_GLASS)
    with pytest.raises(NotAllowed):
        await break_glass.acknowledge(db, Actor("Eli", Role.EDITOR), first.id, how=How.PASSWORD)
    await break_glass.acknowledge(db, DIRECTOR, first.id, how=How.PASSWORD)
    with pytest.raises(NotFound):
        await break_glass.acknowledge(db, DIRECTOR, first.id, how=How.PASSWORD)
    async with db.transaction() as session:
        assert [each.id for each in await break_glass.alarms(session)] == [second.id]
