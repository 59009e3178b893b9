"""The setup's page: which channels work, what the checkup finds in the reader's language, and never a secret."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from crisis.bootstrap import Crisis, crisis_of
from crisis.checkup.trial import Answer, try_channel
from crisis.errors import NotFound
from crisis.roles import Actor, Role
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.api.conftest import APP_SECRET, TWILIO_TOKEN, VERIFY_TOKEN
from tests.api.desk.conftest import SignIn

ADMIN = Actor("Administratoren", Role.ADMIN)


async def test_it_says_of_each_channel_whether_it_is_set_up_and_what_is_missing(
    crisis: Crisis, sign_in: SignIn
) -> None:
    await factories.account(crisis, "facebook", name="Fjordvik kommune")
    await factories.account(crisis, "facebook", unit="biblioteket")
    page = await (await sign_in(Role.ADMIN)).get("/settings")
    assert page.status == 200
    assert "Krisemeldinger går gjennom Fjordvik kommune." in page.part("#channel-facebook")
    assert "Enhetene har 1 konto her." in page.part("#channel-facebook")
    assert "Mangler noe i oppsettet: CRISIS_X_CONSUMER_KEY, CRISIS_X_CONSUMER_SECRET." in page.part("#channel-twitter")
    assert "ingen tilkoblet konto" in page.part("#channel-sms")
    assert "Vakttelefonen 74 00 00 01" in page.text
    assert "norsk bokmål, norsk nynorsk, engelsk" in page.text
    assert "15 minutter" in page.text


async def test_no_secret_is_on_the_page(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "facebook")
    page = await (await sign_in(Role.ADMIN)).get("/settings?check=yes")
    held = [TWILIO_TOKEN, APP_SECRET, VERIFY_TOKEN, *factories.CREDENTIALS.values()]
    keys = (crisis.settings.numbers_key, crisis.settings.credentials_key, crisis.settings.database_url)
    held += [key.get_secret_value() for key in keys if key is not None]
    assert len(held) > 8
    for secret in held:
        if secret != "crisis":  # the name of a user, and of much else
            assert secret not in page.body


async def test_the_checkup_says_in_norwegian_what_is_wrong_and_what_to_do(sign_in: SignIn) -> None:
    admin = await sign_in(Role.ADMIN)
    waiting = await admin.get("/settings")
    assert waiting.tree.cssselect("#checkup")[0].get("hx-get") == "/settings/checkup"
    assert "Sjekk nå" in waiting.text, "for browsers without scripts"
    part = await admin.get("/settings/checkup", partial=True)
    assert "<html" not in part.body
    assert "Kontoregisteret er tomt." in part.text
    assert "Hent inn kontoregisteret under Kontoer." in part.text
    assert "Databasen Svarer, og passer til denne versjonen." in part.text
    assert "Must" not in part.text
    levels = [each.get("data-level") for each in part.tree.cssselect(".findings > li")]
    assert levels == sorted(levels, key=["wrong", "note", "ok"].index), "what must be mended comes first"
    assert "wrong" in levels
    page = await admin.get("/settings?check=yes")
    assert "Kontoregisteret er tomt." in page.text
    assert "The register is empty." in (await (await sign_in(Role.ADMIN, language="en")).get("/settings/checkup")).text


async def test_only_an_administrator_sees_it(sign_in: SignIn) -> None:
    for role in (Role.DIRECTOR, Role.EDITOR, Role.UNIT, Role.AUDITOR):
        browser = await sign_in(role)
        assert (await browser.get("/settings")).status == 403
        assert (await browser.get("/settings/checkup")).status == 403
        assert (await browser.send("/settings/channels/facebook/try")).status == 403


async def test_a_provider_that_does_not_answer_is_said_beside_its_channel(crisis: Crisis, sign_in: SignIn) -> None:
    await factories.account(crisis, "facebook", name="Fjordvik kommune", address="1042")
    admin = await sign_in(Role.ADMIN)
    page = await admin.send("/settings/channels/facebook/try")
    assert page.status == 200
    assert "Fikk ikke noe brukbart svar" in page.part("#channel-facebook .tried")
    assert "Ingen konto er koblet til" in (await admin.send("/settings/channels/twitter/try")).text
    assert (await admin.send("/settings/channels/brevdue/try")).status == 404


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    server = SandboxServer(TWILIO_TOKEN)
    yield server
    server.stop()


async def test_a_trial_reads_and_publishes_nothing_and_tells_good_credentials_from_bad(
    crisis: Crisis, sandbox: SandboxServer
) -> None:
    url = sandbox.url
    settings = crisis.settings.model_copy(
        update={
            "graph_url": f"{url}/graph",
            "twilio_url": f"{url}/twilio",
            "twilio_account_sid": SecretStr(sandbox.account_sid),
        }
    )
    tried = crisis_of(settings)
    try:
        good = await factories.account(crisis, "facebook", name="Fjordvik kommune", address="1042")
        bare = await factories.account(crisis, "facebook", unit="skolen", name="Skolen", address="1043")
        async with crisis.db.transaction() as session:
            await session.execute(text("UPDATE accounts SET credentials = NULL WHERE id = :id"), {"id": bare})
        found = await try_channel(tried, ADMIN, "facebook")
        assert [(each.account_id, each.answer) for each in found] == [(good, Answer.WELL), (bare, Answer.REFUSED)]
        assert found[1].why
        await factories.account(crisis, "sms", address="FJORDVIK")
        assert [each.answer for each in await try_channel(tried, ADMIN, "sms")] == [Answer.WELL]
        await factories.account(crisis, "website", address="krise")
        assert [each.answer for each in await try_channel(tried, ADMIN, "website")] == [Answer.WELL]
        assert sandbox.records() == []
        with pytest.raises(NotFound):
            await try_channel(tried, ADMIN, "brevdue")
    finally:
        await tried.db.close()
