"""The lock board and the lock certificate over HTTP."""

from crisis.activations import drain
from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As


async def test_the_board_comes_in_pieces_and_its_totals_are_of_all(as_role: As, crisis: Crisis) -> None:
    await factories.account(crisis, "website", name="Krisesiden")
    for unit in ("biblioteket", "skolen"):
        await factories.account(crisis, "facebook", unit=unit)
    activation = await factories.activation(crisis.db)
    reader, path = await as_role(Role.AUDITOR), f"/v1/activations/{activation.id}/lock-board"
    first = (await reader("GET", f"{path}?limit=2")).json
    assert sum(first["totals"].values()) == first["total"] == 3
    assert [each["unit"] for each in first["accounts"]["items"]] == ["biblioteket", "skolen"]
    rest = (await reader("GET", f"{path}?limit=2&after={first['accounts']['next']}")).json
    assert [(each["name"], each["state"], each["words"]) for each in rest["accounts"]["items"]] == [
        ("Krisesiden", "held", "held here")
    ]
    assert rest["accounts"]["next"] is None
    need = first["accounts"]["items"][0]["needs"][0]
    assert (need["kind"], need["act"]) == ("nobody", "contacts")
    assert set(need["sentences"]) == {"nb", "nn", "en"}
    needing = (await reader("GET", f"{path}?needing=true&unit=skolen")).json
    assert [each["unit"] for each in needing["accounts"]["items"]] == ["skolen"]
    assert (await reader("GET", "/v1/activations/999/lock-board")).status == 404
    assert (await reader("GET", f"{path}?state=tull")).status == 422


async def test_the_certificate_has_every_account_and_the_logs_numbers(as_role: As, crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    activation = await factories.activation(crisis.db)
    await drain.step(crisis.db, activation.id, 60)
    found = (await (await as_role(Role.AUDITOR))("GET", f"/v1/activations/{activation.id}/certificate")).json
    assert (found["activation"]["epoch"], found["is_final"]) == (activation.epoch, False)
    assert [each["action"] for each in found["audit"]] == ["activate", "confirm"]
    assert [(each["name"], each["held"]["state"]) for each in found["accounts"]] == [("Biblioteket", "not_enforceable")]
    permits = found["permits"]
    assert permits["open_at_lock"] == permits["drained"] + permits["taken_from_dead"] + permits["still_open"] == 0
