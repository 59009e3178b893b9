"""The migrations, on a database that holds what a municipality's does: down, one after the other, and up again."""

from alembic import command
from pydantic import SecretStr
from sqlalchemy import text

from crisis.bootstrap import crisis_of
from crisis.db import Database, alembic_config, no_bell
from crisis.logbook import notes
from crisis.logbook.notes import Written
from crisis.messages import release
from crisis.roles import Role
from crisis.settings import Settings
from crisis.tokens.service import create_token
from crisis.users import kept_forms, service, sessions
from crisis.users.models import How
from tests import factories
from tests.conftest import make_database


async def fill(url: str, settings: Settings) -> None:
    """Something in every table that a migration has to take back with what is in it."""
    crisis = crisis_of(settings.model_copy(update={"database_url": SecretStr(url)}), bell=no_bell)
    try:
        for channel in ("website", "sms"):
            await factories.account(crisis, channel)
        activation = await factories.activation(crisis.db)
        done = await factories.approved_alert(crisis, activation.id, audience_id=await factories.audience(crisis, 2))
        waiting = await factories.alert(crisis, activation.id)
        await release.submit(crisis.db, factories.EDITOR, waiting.id)
        await notes.write(crisis.db, factories.EDITOR, activation.id, Written("Politiet har stengt veien."))
        user, _ = await service.add(crisis.db, factories.OPERATOR, "Kari Moen", "kari", Role.DIRECTOR)
        await sessions.begin(crisis.db, user, How.PASSKEY, agent="", address="")
        await create_token(crisis.db, factories.OPERATOR, "loggfører", Role.LOGKEEPER)
        async with crisis.db.transaction() as session:
            await kept_forms.keep(session, crisis.credentials, "x", "/log", [("text", "Skrevet")])
            await session.execute(text("UPDATE deliveries SET state = 'leased'"))
        assert done.revision.message_id
    finally:
        await crisis.db.close()


async def count(url: str, *tables: str) -> dict[str, int]:
    db = Database(url)
    try:
        async with db.transaction() as session:
            return {each: (await session.execute(text(f"SELECT count(*) FROM {each}"))).scalar_one() for each in tables}
    finally:
        await db.close()


async def test_they_go_down_with_what_is_in_the_tables_and_up_again(server_url: str, settings: Settings) -> None:
    url = await make_database(server_url, "down_and_up_filled")
    await fill(url, settings)
    assert set(
        (await count(url, "users", "sessions", "kept_forms", "appointments", "log_notes", "tokens")).values()
    ) == {1}
    config = alembic_config(url)
    command.downgrade(config, "0008")
    kept = await count(url, "messages", "revisions", "deliveries", "accounts")
    assert kept == {"messages": 2, "revisions": 2, "deliveries": 3, "accounts": 2}, "what there was before stays"
    assert await count(url, "tokens") == {"tokens": 0}, "of a role that there was none of then"
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)
