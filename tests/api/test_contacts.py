"""Contacts over HTTP: sealed on their way in, masked on their way out."""

from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As

NEW = {
    "unit": "biblioteket",
    "name": "Biblioteksjef",
    "part": "leader",
    "phone": "40000001",
    "email": "sjef@fjordvik.test",
}


async def test_contacts_come_and_go_and_are_shown_masked(as_role: As, crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    admin = await as_role(Role.ADMIN)
    made = await admin("POST", "/v1/contacts", NEW)
    assert (made.status, made.json["phone"], made.json["email"]) == (201, "…01", "s…@fjordvik.test")
    path = f"/v1/contacts/{made.json['id']}"
    changed = await admin("POST", path, {"part": "deputy", "email": ""})
    assert (changed.json["part"], changed.json["phone"], changed.json["email"]) == ("deputy", "…01", None)
    assert (await admin("POST", path, {"phone": ""})).status == 422
    (listed,) = (await admin("GET", "/v1/contacts?unit=biblioteket")).json["items"]
    assert listed == changed.json
    assert (await admin("GET", "/v1/contacts?unit=skolen")).json["items"] == []
    refused = await admin("POST", "/v1/contacts", NEW | {"name": "Ny", "phone": "112"})
    assert refused.status == 422
    assert "40000001" not in str(refused.json)
    assert (await admin("POST", f"{path}/remove")).status == 204
    assert (await admin("GET", "/v1/contacts")).json["items"] == []
