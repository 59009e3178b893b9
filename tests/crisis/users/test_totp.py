from datetime import UTC, datetime

import pyotp
import pytest
from sqlalchemy import text

from crisis.db import Database
from crisis.sealing import CannotOpen
from crisis.users import totp
from tests.crisis.users.people import enrolled, sealer

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:  # RFC 6238, appendix B, last six digits
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(SECRET, code, at) == seconds // 30
    assert totp.step_of(SECRET, f"{code[:3]} {code[3:]} ", at) == seconds // 30


def test_a_code_holds_for_the_steps_beside_its_own_and_no_further() -> None:
    at = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    here = int(at.timestamp()) // 30
    codes = {off: pyotp.TOTP(SECRET).generate_otp(here + off) for off in range(-3, 4)}
    assert {off: totp.step_of(SECRET, code, at) for off, code in codes.items()} == {
        **dict.fromkeys((-3, -2, 2, 3)),
        -1: here - 1,
        0: here,
        1: here + 1,
    }


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\n", "-12345"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert totp.step_of(SECRET, code) is None


async def test_a_code_is_taken_once_and_none_before_it(db: Database) -> None:
    credentials = sealer()
    person = await enrolled(db, credentials)

    async def take(code: str) -> bool:
        async with db.transaction() as session:
            return await totp.take(session, credentials, person.user, code)

    now, following = person.code(), person.code(1)
    assert await take(following)
    assert not await take(following)
    assert not await take(now)


async def test_the_secret_lies_sealed_for_its_user(db: Database) -> None:
    credentials = sealer()
    one, other = await enrolled(db, credentials), await enrolled(db, credentials, "ola")
    async with db.transaction() as session:
        held = (await session.execute(text("SELECT string_agg(u::text, '') FROM users u"))).scalar_one()
        assert one.totp not in held
        await session.execute(text("UPDATE users SET totp = (SELECT totp FROM users WHERE login = 'kari')"))
    async with db.transaction() as session:
        await session.refresh(moved := await session.merge(other.user))
        with pytest.raises(CannotOpen):
            await totp.take(session, credentials, moved, one.code(1))


def test_the_address_is_one_that_apps_read() -> None:
    address = totp.address(SECRET, "kari", "Fjordvik kommune")
    read = pyotp.parse_uri(address)
    assert (read.secret, read.name, read.issuer) == (SECRET, "kari", "Fjordvik kommune")
    assert len(totp.new()) == 32
