"""The real adapters against the sandbox, in an exercise: Facebook, WordPress and a sub-account for SMS, pulled and given back; and
giving back from the command line with no worker running.
"""

from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from crisis.accounts.models import Account
from crisis.activations.service import stand_down
from crisis.bootstrap import Crisis, channels_for, crisis_of, openers_for
from crisis.channel_access import Access, Lever
from crisis.db import Database, no_bell
from crisis.levers import kept
from crisis.levers.duty import Levers
from crisis.mode import Mode
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.crisis.cli.conftest import Shell


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
async def crisis(settings: Settings, db: Database, sandbox: SandboxServer) -> AsyncIterator[Crisis]:  # noqa: ARG001 - it is empty
    told = {"sandbox_url": sandbox.url, "sandbox_token": SecretStr(sandbox.token)}
    made = crisis_of(settings.model_copy(update=told), bell=no_bell)
    yield made
    await made.db.close()


class Exercise:
    """The accounts of a register, as an exercise sees them."""

    def __init__(self, crisis: Crisis) -> None:
        self.crisis = crisis
        self.channels = channels_for(Mode.EXERCISE, crisis.settings)
        self.admin = openers_for(Mode.EXERCISE, crisis.settings).admin
        self.levers = Levers(crisis.db, Mode.EXERCISE, self.channels, self.admin, editors_unit=factories.EDITORS)

    async def access(self) -> Mapping[str, Access]:
        """Who can publish where, by channel, as the sandbox says."""
        found = {}
        async with self.crisis.db.transaction() as session:
            accounts = (
                await session.execute(text("SELECT id FROM accounts WHERE unit <> 'nettredaksjonen'"))
            ).scalars()
            rows = [await session.get(Account, number) for number in accounts]
        for row in rows:
            assert row is not None
            lever = self.channels[row.channel]
            assert isinstance(lever, Lever)
            found[row.channel] = await lever.inspect(self.admin(row))
        return found

    async def states(self) -> dict[str, str]:
        """The state of each lever, by channel."""
        async with self.crisis.db.transaction() as session:
            return {each.channel: each.state.value for each in await kept.read(session, Mode.EXERCISE)}


@pytest.fixture
async def exercise(crisis: Crisis) -> AsyncIterator[Exercise]:
    await factories.account(crisis, "facebook", address="1040")
    await factories.account(crisis, "facebook", unit="biblioteket", address="1042")
    await factories.account(crisis, "wordpress", unit="skolen", address="https://skolen.fjordvik.example")
    number = await factories.account(crisis, "sms", unit="pleien", address="Pleien")
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE accounts SET admin_credentials = 'x' WHERE id = :id"), {"id": number})
    made = Exercise(crisis)
    yield made
    await made.channels.close()


async def test_each_platform_is_locked_and_given_back_and_from_the_command_line_too(
    exercise: Exercise, shell: Shell, sandbox: SandboxServer
) -> None:
    shell.set("sandbox_url", sandbox.url)
    shell.set("sandbox_token", sandbox.token)
    before = await exercise.access()
    assert all(each.open_to for each in before.values()), before
    activation = await factories.activation(exercise.crisis.db, Mode.EXERCISE, "Øvelse skred")
    await exercise.levers.round()
    assert await exercise.states() == {"facebook": "pulled", "wordpress": "pulled", "sms": "pulled"}
    assert not any(each.open_to for each in (await exercise.access()).values())

    refused = await shell("lock", "restore", "--exercise", "--activation", str(activation.id))
    assert (refused.code, "is in force" in refused.complained) == (1, True)
    await stand_down(exercise.crisis.db, factories.DIRECTOR, activation.id)
    done = await shell("lock", "restore", "--exercise", "--by", "Vakt")
    assert done.code == 0, done.err + done.out
    assert done.said.endswith("3 of 3 accounts given back.")
    assert await exercise.access() == before
    assert (await shell("lock", "restore", "--exercise")).said == "Nothing is left to be given back."
    outside = (await shell("lock", "saved", "--exercise")).json
    assert {each["channel"]: Access.from_json(each["saved"]) for each in outside} == before


async def test_what_cannot_be_given_back_is_named_and_the_exit_code_says_so(
    exercise: Exercise, shell: Shell, sandbox: SandboxServer
) -> None:
    shell.set("sandbox_url", sandbox.url)
    shell.set("sandbox_token", sandbox.token)
    activation = await factories.activation(exercise.crisis.db, Mode.EXERCISE, "Øvelse skred")
    await exercise.levers.round()
    await stand_down(exercise.crisis.db, factories.DIRECTOR, activation.id)
    sandbox.scene("graph", is_lying=True)
    ran = await shell("lock", "restore", "--exercise", "--patience", "2")
    assert ran.code == 1
    assert "2 of 3 accounts given back." in ran.said
    assert "reading back shows that Enhetens redaktør lacks it." in ran.said
    sandbox.scene("graph")
    assert (await shell("lock", "restore", "--exercise", "--account", "facebook:biblioteket facebook")).code == 0
