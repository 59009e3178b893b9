import asyncio
import time

import pytest
from argon2 import PasswordHasher, extract_parameters

from crisis.users.passwords import HASHER, LEAST, MOST, Fault, PasswordRefused, Passwords, check_password
from tests.crisis.users.people import PASSWORD, QUICK

NAMES = ["Fjordvik kommune", "kari.moen@fjordvik.example", "Kari Nordmann-Moen"]


def fault(password: str) -> Fault | None:
    try:
        check_password(password, NAMES)
    except PasswordRefused as refused:
        return refused.fault
    return None


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "Vi spiste 3 epler i regnet",
        "æøå ÆØÅ tre fire fem",
        "xk7#mQ9!vL2p",
        "snø på taket hver vår",
        "日本語のパスワードは長くてもよい",
        ("Vi spiste 3 epler i regnet " * 10)[:MOST],
    ],
)
def test_what_people_can_remember_and_nobody_tries_first_is_taken(password: str) -> None:
    assert fault(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Fault.SHORT),
        ("x" * (LEAST - 1), Fault.SHORT),
        ("abcdefghijk", Fault.SHORT),
        (PASSWORD + "a" * MOST, Fault.LONG),
        ("aaaaaaaaaaaaaaaa", Fault.COMMON),
        ("abababababababab", Fault.COMMON),
        ("123456789012", Fault.COMMON),
        ("1234567890123", Fault.COMMON),
        ("987654321098", Fault.COMMON),
        ("qwertyuiopå12", Fault.COMMON),
        ("1q2w3e4r5t6y", Fault.COMMON),
        ("1qaz2wsx3edc", Fault.COMMON),
        ("passwordpassword", Fault.COMMON),
        ("password1234", Fault.COMMON),
        ("P@ssw0rd12345", Fault.COMMON),
        ("Passord123456", Fault.COMMON),
        ("Velkommen2026!", Fault.COMMON),
        ("Sommer2026!!", Fault.COMMON),
        ("Administrator1", Fault.COMMON),
        ("iloveyou12345", Fault.COMMON),
        ("krisestab2026", Fault.COMMON),
        ("!!!!2026####11", Fault.COMMON),
        ("Fjordvik er best i verden", Fault.NAMES),
        ("heia Nordmann hurra xyz", Fault.NAMES),
        ("tre små fisker i FJORDVIKA", Fault.NAMES),
    ],
)
def test_what_is_tried_first_is_refused_with_the_reason(password: str, why: Fault) -> None:
    assert fault(password) is why


def test_the_real_work_is_at_least_what_owasp_asks_for() -> None:
    parameters = extract_parameters(HASHER.hash(PASSWORD))
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= 19_456  # KiB: OWASP Password Storage Cheat Sheet, argon2id m=19 MiB t=2 p=1
    assert parameters.time_cost >= 2
    assert parameters.salt_len >= 16
    assert parameters.hash_len >= 32


async def test_only_the_right_password_is_right() -> None:
    kept = await QUICK.hash(PASSWORD)
    assert PASSWORD not in kept
    assert await QUICK.verify(kept, PASSWORD)
    assert not await QUICK.verify(kept, PASSWORD + " ")
    assert not await QUICK.verify(kept, PASSWORD.upper())
    assert not await QUICK.verify(None, "nobody has this password")
    assert not await QUICK.verify("$argon2id$broken", PASSWORD)
    assert await QUICK.hash(PASSWORD) != kept


async def test_a_hash_with_yesterdays_parameters_is_known_for_one() -> None:
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    kept = await QUICK.hash(PASSWORD)
    assert await stronger.verify(kept, PASSWORD)
    assert stronger.is_outdated(kept)
    assert not stronger.is_outdated(await stronger.hash(PASSWORD))


async def test_nobody_waits_less_for_a_login_that_does_not_exist() -> None:
    passwords = Passwords(PasswordHasher(time_cost=8, memory_cost=8192, parallelism=1))
    kept = await passwords.hash(PASSWORD)

    async def taken(stored: str | None) -> float:
        began = time.perf_counter()
        await passwords.verify(stored, "feil")
        return time.perf_counter() - began

    await taken(kept)
    pairs = [(await taken(kept), await taken(None)) for _ in range(7)]  # in turns: the machine has other work too
    known, unknown = (min(each) for each in zip(*pairs, strict=True))
    assert known / 4 < unknown < known * 4


async def test_others_are_answered_while_passwords_are_looked_at() -> None:
    passwords = Passwords(PasswordHasher(time_cost=8, memory_cost=8192, parallelism=1))
    looking = [asyncio.create_task(passwords.verify(None, "x")) for _ in range(8)]
    turns = 0
    while not all(task.done() for task in looking):
        await asyncio.sleep(0)
        turns += 1
    assert turns > 50
