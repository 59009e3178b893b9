"""What an administrator says of an account beside its connection: the lever's credentials, its feed, and who else publishes there."""

import json

import pytest
from sqlalchemy import text

from crisis.accounts.administration import administer_account, set_watching
from crisis.accounts.models import Account
from crisis.accounts.service import close_account, connect_account, get_account
from crisis.bootstrap import openers_for
from crisis.channels import Unsupported
from crisis.db import Database
from crisis.errors import Conflict, Invalid, NotAllowed
from crisis.mode import Mode
from crisis.roles import Actor
from crisis.sealing import CannotOpen, Sealer
from crisis.settings import Settings

PUBLISHING, ADMINISTRATOR = {"page_token": "publishes"}, {"business_id": "17", "admin_token": "administers"}


@pytest.fixture
def sealer(settings: Settings) -> Sealer:
    return Sealer(settings.credentials_key, purpose="credentials")


@pytest.fixture
async def account_id(db: Database, operator: Actor, sealer: Sealer) -> int:
    async with db.transaction() as session:
        account = Account(channel="facebook", name="Biblioteket", unit="kultur")
        session.add(account)
        await session.flush()
    await connect_account(db, operator, account.id, address="1042", credentials=PUBLISHING, sealer=sealer)
    return account.id


async def read(db: Database, account_id: int) -> Account:
    async with db.transaction() as session:
        return await get_account(session, account_id)


async def on_record(db: Database) -> list[dict[str, object]]:
    async with db.transaction() as session:
        records = await session.scalars(text("SELECT record FROM audit ORDER BY seq"))
        return [json.loads(record) for record in records]


async def test_an_administrators_credentials_lie_apart_from_those_that_publish(
    db: Database, operator: Actor, sealer: Sealer, settings: Settings, account_id: int
) -> None:
    openers = openers_for(Mode.ACTUAL, settings)
    with pytest.raises(Unsupported, match="crisis accounts administer"):
        openers.admin(await read(db, account_id))
    await administer_account(db, operator, account_id, credentials=ADMINISTRATOR, sealer=sealer)
    account = await read(db, account_id)
    assert openers.admin(account).credentials == ADMINISTRATOR
    assert openers.account(account).credentials == PUBLISHING
    assert account.admin_credentials is not None
    with pytest.raises(CannotOpen):  # neither can stand in the other's place
        sealer.open(account.admin_credentials, f"account:{account_id}".encode())
    entry = (await on_record(db))[-1]
    assert (entry["action"], entry["detail"]) == ("administer_account", {"credentials": ["admin_token", "business_id"]})
    assert "administers" not in json.dumps(await on_record(db))


async def test_taken_away_or_closed_an_account_has_no_lever(
    db: Database, operator: Actor, sealer: Sealer, account_id: int
) -> None:
    await administer_account(db, operator, account_id, credentials=ADMINISTRATOR, sealer=sealer)
    await administer_account(db, operator, account_id, credentials={}, sealer=sealer)
    assert (await read(db, account_id)).admin_credentials is None
    await administer_account(db, operator, account_id, credentials=ADMINISTRATOR, sealer=sealer)
    await close_account(db, operator, account_id)
    assert (await read(db, account_id)).admin_credentials is None
    with pytest.raises(Conflict, match="is closed"):
        await administer_account(db, operator, account_id, credentials=ADMINISTRATOR, sealer=sealer)
    with pytest.raises(Conflict, match="is closed"):
        await set_watching(db, operator, account_id, feed_url=None, only_here=True)


async def test_where_an_account_is_watched_is_said_and_unsaid(db: Database, operator: Actor, account_id: int) -> None:
    await set_watching(db, operator, account_id, feed_url=" https://fjordvik.example/feed/ ", only_here=True)
    account = await read(db, account_id)
    assert (account.feed_url, account.only_here) == ("https://fjordvik.example/feed/", True)
    await set_watching(db, operator, account_id, feed_url=" ", only_here=False)
    account = await read(db, account_id)
    assert (account.feed_url, account.only_here) == (None, False)
    assert [entry["action"] for entry in await on_record(db)][-2:] == ["set_watching"] * 2


@pytest.mark.parametrize(
    "address",
    ["fjordvik.example/feed", "file:///etc/passwd", "https://", "https://kari:hemmelig@a.example/", "https://a b/"],
)
async def test_what_is_no_feed_is_refused(db: Database, operator: Actor, account_id: int, address: str) -> None:
    with pytest.raises(Invalid) as raised:
        await set_watching(db, operator, account_id, feed_url=address, only_here=True)
    assert "hemmelig" not in str(raised.value)
    assert (await read(db, account_id)).only_here is False


async def test_it_takes_whoever_keeps_the_register(
    db: Database, director: Actor, sealer: Sealer, account_id: int
) -> None:
    with pytest.raises(NotAllowed):
        await administer_account(db, director, account_id, credentials=ADMINISTRATOR, sealer=sealer)
    with pytest.raises(NotAllowed):
        await set_watching(db, director, account_id, feed_url=None, only_here=True)
