from dataclasses import replace

import pytest

from crisis.db import Database
from crisis.errors import Invalid, NotFound
from crisis.roles import Role
from crisis.users import passkeys, service, sessions
from crisis.users.ceremonies import CeremonyOver
from crisis.users.models import How, User
from crisis.users.passkeys import MOST, PasskeyRefused, Place
from tests.crisis.users.authenticator import Authenticator
from tests.crisis.users.people import FIREFOX, KARI, OPERATOR, PLACE, enrolled, entrance, sealer


async def person(db: Database, login: str = "kari") -> User:
    user, _ = await service.add(db, OPERATOR, KARI, login, Role.DIRECTOR)
    return user


async def add(db: Database, user: User, phone: Authenticator, name: str = "Telefon") -> None:
    async with db.transaction() as session:
        begun, options = await passkeys.offer(session, PLACE, user)
    async with db.transaction() as session:
        await passkeys.add(session, PLACE, user, begun, phone.create(options), name)


async def accept(db: Database, phone: Authenticator, place: Place = PLACE) -> User:
    async with db.transaction() as session:
        begun, options = await passkeys.ask(session, PLACE)
    answer = phone.get(options)
    async with db.transaction() as session:
        return await passkeys.accept(session, place, begun, answer)


async def test_a_passkey_signs_its_owner_in_and_each_answer_counts_once(db: Database) -> None:
    user, phone = await person(db), Authenticator(PLACE.origin)
    await add(db, user, phone)
    door = entrance(db, sealer())
    async with db.transaction() as session:
        begun, options = await passkeys.ask(session, PLACE)
    answer = phone.get(options)
    entered = await door.by_passkey(begun, answer, FIREFOX)
    signed_in = await sessions.find(db, entered.session)
    assert signed_in is not None
    assert (signed_in.user_id, signed_in.how, signed_in.is_fresh) == (user.id, "passkey", True)
    with pytest.raises(CeremonyOver):
        await door.by_passkey(begun, answer, FIREFOX)


async def test_the_options_ask_for_a_finger_and_name_the_site(db: Database) -> None:
    user = await person(db)
    async with db.transaction() as session:
        _, options = await passkeys.offer(session, PLACE, user)
        _, asked = await passkeys.ask(session, PLACE)
    assert options["rp"] == {"name": "Fjordvik kommune", "id": "desk.example"}
    assert options["authenticatorSelection"]["userVerification"] == asked["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert asked["allowCredentials"] == []  # it says nothing about who has which


@pytest.mark.parametrize(
    "wrong",
    [
        Authenticator("https://desk.example.elsewhere.example"),
        Authenticator("http://desk.example"),
        Authenticator(PLACE.origin, verifies=False),
    ],
    ids=["another site", "without https", "without a finger"],
)
async def test_a_passkey_made_or_used_in_the_wrong_way_is_refused(db: Database, wrong: Authenticator) -> None:
    user = await person(db)
    with pytest.raises(PasskeyRefused):
        await add(db, user, wrong)
    right = replace(wrong, origin=PLACE.origin, verifies=True)
    await add(db, user, right)
    with pytest.raises(PasskeyRefused):
        await accept(db, wrong)
    assert (await accept(db, replace(right, counter=5))).id == user.id


async def test_an_answer_to_another_question_or_of_another_key_is_refused(db: Database) -> None:
    user, phone = await person(db), Authenticator(PLACE.origin)
    await add(db, user, phone)
    async with db.transaction() as session:
        _, old = await passkeys.ask(session, PLACE)
        begun, _ = await passkeys.ask(session, PLACE)
    async with db.transaction() as session:
        with pytest.raises(PasskeyRefused):
            await passkeys.accept(session, PLACE, begun, phone.get(old))
    with pytest.raises(PasskeyRefused):
        await accept(db, Authenticator(PLACE.origin))  # nobody's
    with pytest.raises(PasskeyRefused):
        await accept(db, Authenticator(PLACE.origin, credential_id=phone.credential_id))  # the name of one, another key


async def test_a_counter_that_goes_back_shows_a_copy(db: Database) -> None:
    user, phone = await person(db), Authenticator(PLACE.origin)
    await add(db, user, phone)
    copy = replace(phone)
    for _ in range(3):
        await accept(db, phone)
    with pytest.raises(PasskeyRefused):
        await accept(db, copy)


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", '"x"', '{"id": 7}', '{"id": "eA", "response": {}}', "null", "{" * 999]
)
async def test_what_is_no_answer_is_refused(db: Database, answer: str) -> None:
    user = await person(db)
    async with db.transaction() as session:
        begun, _ = await passkeys.ask(session, PLACE)
        adding, _ = await passkeys.offer(session, PLACE, user)
    async with db.transaction() as session:
        with pytest.raises(PasskeyRefused):
            await passkeys.accept(session, PLACE, begun, answer)
    async with db.transaction() as session:
        with pytest.raises(PasskeyRefused):
            await passkeys.add(session, PLACE, user, adding, answer, "x")


async def test_a_passkey_of_somebody_disabled_opens_nothing(db: Database) -> None:
    user, phone = await person(db), Authenticator(PLACE.origin)
    await add(db, user, phone)
    await service.disable(db, OPERATOR, user.id)
    with pytest.raises(PasskeyRefused):
        await accept(db, phone)


async def test_a_fresh_factor_must_be_ones_own(db: Database) -> None:
    kari, ola = await person(db), await person(db, "ola")
    own, theirs = Authenticator(PLACE.origin), Authenticator(PLACE.origin)
    await add(db, kari, own)
    await add(db, ola, theirs)
    door = entrance(db, sealer())
    signed_in = await sessions.find(db, await sessions.begin(db, kari, How.PASSKEY, agent="", address=""))
    assert signed_in is not None

    async def ask(user_id: int | None) -> tuple[str, dict[str, object]]:
        async with db.transaction() as session:
            return await passkeys.ask(session, PLACE, user_id)

    for asked_of in (kari.id, None):
        begun, options = await ask(asked_of)
        with pytest.raises(PasskeyRefused):
            await door.confirm_by_passkey(signed_in, begun, theirs.get(options))
    begun, options = await ask(kari.id)
    assert await sessions.find(db, await door.confirm_by_passkey(signed_in, begun, own.get(options)))


async def test_nobody_removes_anothers_passkey_nor_their_only_way_in(db: Database) -> None:
    credentials = sealer()
    kari = await person(db)
    await add(db, kari, Authenticator(PLACE.origin))
    both = await enrolled(db, credentials, "ola")
    await add(db, both.user, Authenticator(PLACE.origin))
    async with db.transaction() as session:
        (only,), (spare,) = [await passkeys.list_passkeys(session, each.id) for each in (kari, both.user)]
    async with db.transaction() as session:
        with pytest.raises(NotFound):
            await passkeys.remove(session, kari.actor, kari.id, spare.id)
        with pytest.raises(Invalid, match="only way in"):
            await passkeys.remove(session, kari.actor, kari.id, only.id)
        await passkeys.remove(session, both.user.actor, both.user.id, spare.id)
        assert await passkeys.list_passkeys(session, both.user.id) == []


async def test_nobody_has_more_passkeys_than_they_need(db: Database) -> None:
    user = await person(db)
    for _ in range(MOST):
        await add(db, user, Authenticator(PLACE.origin))
    with pytest.raises(Invalid, match="Nobody needs more"):
        await add(db, user, Authenticator(PLACE.origin))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://krise.fjordvik.example/varsling", "https://krise.fjordvik.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:8000", None),
        ("https://[::1]:8000", None),
        ("http://krise.fjordvik.example", None),
        ("", None),
    ],
)
def test_passkeys_are_where_browsers_give_them(url: str, origin: str | None) -> None:
    place = Place.of(url, "Fjordvik kommune")
    assert (place.origin if place else None) == origin
