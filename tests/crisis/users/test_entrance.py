import contextlib
import json
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from crisis.db import Database
from crisis.roles import Role
from crisis.users import service, sessions
from crisis.users.attempts import TooSoon
from crisis.users.ceremonies import CeremonyOver
from crisis.users.entrance import Entrance, SignInRefused, WrongCode
from crisis.users.passwords import Passwords
from tests.crisis.users.people import FIREFOX, KARI, OPERATOR, PASSWORD, STRANGER, enrolled, entrance, sealer


async def test_a_login_a_password_and_a_code_sign_in(db: Database) -> None:
    credentials = sealer()
    person, door = await enrolled(db, credentials), entrance(db, credentials)
    begun = await door.by_password(" KARI ", PASSWORD, FIREFOX)
    assert await sessions.find(db, begun) is None
    entered = await door.by_code(begun, person.code(), FIREFOX)
    signed_in = await sessions.find(db, entered.session)
    assert signed_in is not None
    assert (signed_in.actor.name, signed_in.how, signed_in.is_fresh) == (KARI, "password", True)
    with pytest.raises(CeremonyOver):
        await door.by_code(begun, person.code(1), FIREFOX)


async def test_every_refusal_of_a_password_is_the_same(db: Database) -> None:
    credentials = sealer()
    kari, door = await enrolled(db, credentials), entrance(db, credentials)
    await service.add(db, OPERATOR, "Ny", "ny", Role.EDITOR)
    gone = await enrolled(db, credentials, "sluttet")
    await service.disable(db, OPERATOR, gone.user.id)
    said = set()
    for login, password in [("kari", "feil"), ("ukjent", PASSWORD), ("ny", PASSWORD), ("sluttet", PASSWORD), ("", "")]:
        with pytest.raises(SignInRefused) as raised:
            await door.by_password(login, password, FIREFOX)
        said.add(str(raised.value))
    assert len(said) == 1
    async with db.transaction() as session:
        records = [json.loads(each) for each in (await session.scalars(text("SELECT record FROM audit"))).all()]
    failed = [each["subject"] for each in records if each["action"] == "sign_in_failed"]
    assert f"user:{kari.user.id}" in failed
    assert len(failed) == 3
    assert "ukjent" not in str(records)


async def test_a_wrong_code_can_be_mended_and_a_right_one_is_good_once(db: Database) -> None:
    credentials = sealer()
    person, door = await enrolled(db, credentials), entrance(db, credentials)
    right = person.code()
    with pytest.raises(WrongCode) as raised:
        await door.by_code(await door.by_password("kari", PASSWORD, FIREFOX), "123 45", FIREFOX)
    assert await door.by_code(raised.value.again, right, FIREFOX)
    with pytest.raises(WrongCode):
        await door.by_code(await door.by_password("kari", PASSWORD, FIREFOX), right, FIREFOX)


async def test_a_disabled_person_does_not_finish_what_they_began(db: Database) -> None:
    credentials = sealer()
    person, door = await enrolled(db, credentials), entrance(db, credentials)
    begun = await door.by_password("kari", PASSWORD, FIREFOX)
    await service.disable(db, OPERATOR, person.user.id)
    with pytest.raises(WrongCode):
        await door.by_code(begun, person.code(), FIREFOX)


async def attack(door: Entrance, times: int) -> None:
    """A stranger tries the login as often as they may."""
    for _ in range(times):
        with contextlib.suppress(SignInRefused, TooSoon):
            await door.by_password("kari", "feil", STRANGER)


async def test_an_attacker_does_not_hold_up_a_browser_that_is_known(db: Database) -> None:
    credentials = sealer()
    person, door = await enrolled(db, credentials), entrance(db, credentials)
    entered = await door.by_code(await door.by_password("kari", PASSWORD, FIREFOX), person.code(), FIREFOX)
    known = replace(FIREFOX, device=entered.device)
    await attack(door, 50)
    with pytest.raises(TooSoon):
        await door.by_password("kari", PASSWORD, FIREFOX)
    begun = await door.by_password("kari", PASSWORD, known)
    assert await door.by_code(begun, person.code(1), known)


async def test_a_device_of_somebody_elses_spares_nothing(db: Database) -> None:
    credentials = sealer()
    ola, door = await enrolled(db, credentials, "ola"), entrance(db, credentials)
    await enrolled(db, credentials)
    entered = await door.by_code(await door.by_password("ola", PASSWORD, STRANGER), ola.code(), STRANGER)
    await attack(door, 10)
    with pytest.raises(TooSoon):
        await door.by_password("kari", "feil", replace(STRANGER, device=entered.device))


async def test_whoever_has_the_password_guesses_codes_ever_more_slowly_and_the_sign_in_stays_begun(
    db: Database,
) -> None:
    credentials = sealer()
    person, door = await enrolled(db, credentials), entrance(db, credentials)
    begun = await door.by_password("kari", PASSWORD, FIREFOX)
    wrong = "000000" if "000000" not in {person.code(step) for step in (-1, 0, 1)} else "111111"
    for _ in range(5):
        with pytest.raises(WrongCode) as raised:
            await door.by_code(begun, wrong, FIREFOX)
        begun = raised.value.again
    with pytest.raises(TooSoon) as soon:
        await door.by_code(begun, person.code(), FIREFOX)
    async with db.transaction() as session:
        await session.execute(text("UPDATE attempts_to_sign_in SET next_at = now()"))
    assert await door.by_code(soon.value.again, person.code(), FIREFOX)


async def test_a_password_is_hashed_anew_when_the_parameters_have_changed(db: Database) -> None:
    credentials = sealer()
    person = await enrolled(db, credentials)
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    await entrance(db, credentials, stronger).by_password("kari", PASSWORD, FIREFOX)
    async with db.transaction() as session:
        kept = (await service.get(session, person.user.id)).password
    assert kept is not None
    assert kept != person.user.password
    assert not stronger.is_outdated(kept)


async def test_a_fresh_factor_renews_the_session_and_a_wrong_one_does_not(db: Database) -> None:
    credentials = sealer()
    person, door = await enrolled(db, credentials), entrance(db, credentials)
    used = person.code()  # in the next half minute another one would be right
    entered = await door.by_code(await door.by_password("kari", PASSWORD, FIREFOX), used, FIREFOX)
    signed_in = await sessions.find(db, entered.session)
    assert signed_in is not None
    with pytest.raises(SignInRefused):
        await door.confirm_by_code(signed_in, used)
    renewed = await door.confirm_by_code(signed_in, person.code(1))
    assert await sessions.find(db, entered.session) is None
    assert await sessions.find(db, renewed)
