"""A text message, from approval to "delivered", with the sandbox as the provider: it signs and calls back by itself."""

import asyncio

from pydantic import SecretStr
from sqlalchemy import text

from crisis.bootstrap import crisis_of, database_of, engine_for
from crisis.db import Database
from crisis.embedded.port import free_port
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.api.server import ApiServer


async def test_the_providers_own_callbacks_bring_every_message_to_delivered(
    api_settings: Settings, db: Database
) -> None:
    port = free_port()
    with SandboxServer() as sandbox:
        settings = api_settings.model_copy(
            update={
                "public_url": f"http://127.0.0.1:{port}",
                "sandbox_url": sandbox.url,
                "sandbox_token": SecretStr(sandbox.token),
            }
        )
        crisis = crisis_of(settings)
        await factories.account(crisis, "sms", address="Fjordvik")
        activation = await factories.activation(crisis.db, Mode.EXERCISE, "Øvelse skred")
        audience = await factories.audience(crisis, 40)
        await factories.approved_alert(crisis, activation.id, audience_id=audience)
        engine = engine_for(Mode.EXERCISE, settings, database_of(settings))
        with ApiServer(settings, port):
            await engine.deliver(Lane.SMS)
            async with asyncio.timeout(20):
                while await counted(db) != {"delivered": 40}:
                    await asyncio.sleep(0.05)
        await engine.close()
        await crisis.db.close()
        assert len(sandbox.records("twilio")) == 40


async def counted(db: Database) -> dict[str, int]:
    async with db.transaction() as session:
        rows = await session.execute(text("SELECT state, count(*) AS n FROM deliveries GROUP BY state"))
        return {row.state: row.n for row in rows}
