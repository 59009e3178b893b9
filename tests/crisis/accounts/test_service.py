import json

import pytest
from sqlalchemy import text

from crisis.accounts.models import Account, AccountState
from crisis.accounts.service import close_account, connect_account, get_account, list_accounts, set_leader
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.roles import Actor
from crisis.sealing import CannotOpen, Sealer
from crisis.settings import Settings

SECRET = "EAAB-a-page-token"


@pytest.fixture
def sealer(settings: Settings) -> Sealer:
    return Sealer(settings.credentials_key, purpose="credentials")


@pytest.fixture
async def account_id(db: Database) -> int:
    async with db.transaction() as session:
        account = Account(channel="facebook", name="Biblioteket", unit="kultur")
        session.add_all([account, Account(channel="twitter", name="Fjordvik", unit="nettredaksjonen")])
        await session.flush()
        return account.id


async def records(db: Database) -> list[dict[str, object]]:
    async with db.transaction() as session:
        return [json.loads(r) for r in (await session.execute(text("SELECT record FROM audit ORDER BY seq"))).scalars()]


async def test_credentials_lie_sealed_and_the_log_names_only_their_keys(
    db: Database, operator: Actor, sealer: Sealer, account_id: int
) -> None:
    await connect_account(db, operator, account_id, address=" 1234 ", credentials={"page_token": SECRET}, sealer=sealer)
    async with db.transaction() as session:
        account = await get_account(session, account_id)
    assert account.address == "1234"
    assert account.credentials is not None
    assert SECRET.encode() not in account.credentials
    assert json.loads(sealer.open(account.credentials, f"account:{account_id}".encode())) == {"page_token": SECRET}
    with pytest.raises(CannotOpen):
        sealer.open(account.credentials, f"account:{account_id + 1}".encode())
    (entry,) = await records(db)
    assert (entry["action"], entry["actor"]) == ("connect_account", "vakt")
    assert entry["detail"] == {"address": "1234", "credentials": ["page_token"]}


async def test_an_account_without_secrets_is_connected_without_a_key(
    db: Database, operator: Actor, account_id: int
) -> None:
    keyless = Sealer(None, purpose="credentials")
    account = await connect_account(db, operator, account_id, address="/krise", credentials={}, sealer=keyless)
    assert account.credentials is None


@pytest.mark.parametrize("address", ["", "  ", "x" * 1001, "https://kari:hemmelig@fjordvik.example/wp"])
async def test_an_address_that_cannot_be_used_is_refused(
    db: Database, operator: Actor, sealer: Sealer, account_id: int, address: str
) -> None:
    with pytest.raises(Invalid) as raised:
        await connect_account(db, operator, account_id, address=address, credentials={"k": SECRET}, sealer=sealer)
    assert "hemmelig" not in str(raised.value)
    assert await records(db) == []


async def test_a_closed_account_keeps_its_record_and_loses_its_secrets(
    db: Database, operator: Actor, sealer: Sealer, account_id: int
) -> None:
    await connect_account(db, operator, account_id, address="1234", credentials={"page_token": SECRET}, sealer=sealer)
    await close_account(db, operator, account_id)
    async with db.transaction() as session:
        account = await get_account(session, account_id)
        assert len(await list_accounts(session)) == 2
    assert account.state is AccountState.CLOSED
    assert account.credentials is None
    with pytest.raises(Conflict, match="is closed"):
        await close_account(db, operator, account_id)
    with pytest.raises(Conflict, match="is closed"):
        await connect_account(db, operator, account_id, address="1", credentials={}, sealer=sealer)
    assert [entry["action"] for entry in await records(db)] == ["connect_account", "close_account"]


async def test_who_answers_for_an_account_is_on_record(db: Database, operator: Actor, account_id: int) -> None:
    await set_leader(db, operator, account_id, " Kari  Nordmann ")
    account = await set_leader(db, operator, account_id, None)
    assert account.leader is None
    assert [entry["detail"] for entry in await records(db)] == [
        {"before": None, "leader": "Kari Nordmann"},
        {"before": "Kari Nordmann", "leader": None},
    ]


async def test_a_unit_sees_its_own_accounts(db: Database, account_id: int) -> None:
    async with db.transaction() as session:
        assert [account.id for account in await list_accounts(session, "kultur")] == [account_id]
        assert await list_accounts(session, "helse") == []


async def test_what_does_not_exist_is_not_found(db: Database, operator: Actor, sealer: Sealer) -> None:
    async with db.transaction() as session:
        with pytest.raises(NotFound, match="no account 4711"):
            await get_account(session, 4711)
    with pytest.raises(NotFound):
        await connect_account(db, operator, 4711, address="1", credentials={}, sealer=sealer)
    with pytest.raises(NotFound):
        await close_account(db, operator, 4711)


async def test_the_director_may_not_change_the_register(
    db: Database, director: Actor, sealer: Sealer, account_id: int
) -> None:
    with pytest.raises(NotAllowed):
        await connect_account(db, director, account_id, address="1", credentials={}, sealer=sealer)
    with pytest.raises(NotAllowed):
        await close_account(db, director, account_id)
    with pytest.raises(NotAllowed):
        await set_leader(db, director, account_id, "Kari")
