"""People for the tests, and what they sign in with. argon2id works as little as it can here; one test holds the real work."""

import secrets
from dataclasses import dataclass

import pyotp
from argon2 import PasswordHasher
from pydantic import SecretStr

from crisis import clock
from crisis.db import Database
from crisis.roles import Actor, Role
from crisis.sealing import Sealer
from crisis.users import enrolment, service
from crisis.users.entrance import Browser, Entrance
from crisis.users.models import User
from crisis.users.passkeys import Place
from crisis.users.passwords import Passwords

OPERATOR = Actor("vakt", Role.OPERATOR)
KARI = "Kari Moen"
PASSWORD = "riktig hest batteri stift"
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
PLACE = Place("https://desk.example", "desk.example", "Fjordvik kommune")
FIREFOX = Browser("Firefox på Linux", "192.0.2.1")
STRANGER = Browser("curl", "198.51.100.7")


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a password and one-time codes."""

    user: User
    totp: str

    def code(self, steps: int = 0) -> str:
        """The code that stands on their telephone; ``steps`` later."""
        return str(pyotp.TOTP(self.totp).generate_otp(int(clock.now().timestamp()) // 30 + steps))


def sealer() -> Sealer:
    return Sealer(SecretStr(secrets.token_hex(32)), purpose="credentials")


def entrance(db: Database, credentials: Sealer, passwords: Passwords = QUICK) -> Entrance:
    return Entrance(db, credentials, passwords, PLACE)


async def enrolled(
    db: Database, credentials: Sealer, login: str = "kari", role: Role = Role.EDITOR, name: str = KARI
) -> Person:
    """Somebody who has opened their link and chosen a password. The code that took is spent: the next is ``code(1)``."""
    user, link = await service.add(db, OPERATOR, name, login, role, "nettredaksjonen")
    async with db.transaction() as session:
        user = await enrolment.get(session, link)
        offered, shown = await enrolment.offer_codes(session, credentials, user)
    person = Person(user, shown)
    await enrolment.set_password(db, QUICK, credentials, user, PASSWORD, offered, person.code(-1), ["Fjordvik kommune"])
    async with db.transaction() as session:
        return Person(await service.get(session, user.id), shown)
