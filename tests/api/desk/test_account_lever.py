"""The account's page shows whom a lock would cut off, asked of a platform that answers."""

from collections.abc import Iterator

import aiohttp
import pytest

from crisis.bootstrap import Crisis
from crisis.embedded.port import free_port
from crisis.roles import Role
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.api.desk.conftest import signer
from tests.api.server import ApiServer

PEOPLE = [
    {"id": "71", "name": "Bibliotekets redaktør", "tasks": ["CREATE_CONTENT", "MODERATE"]},
    {"id": "72", "name": "<b>Gammel venn</b>", "tasks": ["CREATE_CONTENT"], "access": "direct"},
]


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


async def test_a_lever_is_tried_and_nothing_is_changed(
    crisis: Crisis, api_settings: Settings, sandbox: SandboxServer, without_cookies: aiohttp.ClientSession
) -> None:
    number = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket", address="1042")
    sandbox.set_rights("graph", "1042", PEOPLE)
    settings = api_settings.model_copy(update={"graph_url": f"{sandbox.url}/graph"})
    with ApiServer(settings, free_port()) as server:
        admin = await signer(server, crisis, without_cookies)(Role.ADMIN)
        fields = {"admin-business_id": "17", "admin-admin_token": "hemmelig", "admin-publisher": "sandbox"}
        assert "Prøv sperringen nå" in (await admin.send(f"/accounts/{number}/administration", **fields)).text
        page = await admin.send(f"/accounts/{number}/lever")
    assert page.status == 200
    (shown,) = page.tree.cssselect("#access")
    cut_off, staying = shown.cssselect("ul")
    assert cut_off.text_content() == "Bibliotekets redaktør (CREATE_CONTENT, MODERATE)"
    assert staying.text_content() == "<b>Gammel venn</b> (CREATE_CONTENT)"
    assert "De må ringes" in shown.text_content()
    assert [each.text for each in shown.cssselect("dt, dd")] == ["Røres ikke", "Krisetjenesten"]
    assert len(sandbox.records("graph", "right")) == 1, "what the test itself put there"
