"""How it stands now, over HTTP: of the mode that was asked for, with what waits for a person."""

from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As
from tests.api.test_deliveries import nobody_can_tell


async def test_in_peace_nothing_is_counted_and_nothing_is_locked(as_role: As) -> None:
    found = (await (await as_role(Role.SWITCHBOARD))("GET", "/v1/status")).json
    assert (found["mode"], found["is_locked"], found["activation"]) == ("actual", False, None)
    assert (found["totals"]["total"], found["lines"], found["promises"]) == (0, [], [])


async def test_what_waits_for_a_person_is_named_and_what_was_promised_is_too(as_role: As, crisis: Crisis) -> None:
    number, editor = await nobody_can_tell(crisis), await as_role(Role.EDITOR)
    found = (await editor("GET", "/v1/status")).json
    assert found["totals"]["counts"] == {"unknown_final": 1}
    assert [(each["id"], each["words"]) for each in found["undecided"]] == [(number, "may be out, needs a person")]
    assert [each["message_id"] for each in found["promises"]] == [1]
    assert found["is_locked"]
    assert (await editor("GET", "/v1/activations/1/status")).json["totals"] == found["totals"]


async def test_an_exercise_has_a_status_of_its_own(as_role: As, crisis: Crisis) -> None:
    await factories.activation(crisis.db, Mode.EXERCISE, "Øvelse høst")
    editor = await as_role(Role.EDITOR)
    assert (await editor("GET", "/v1/status")).json["activation"] is None
    assert (await editor("GET", "/v1/status?mode=exercise")).json["activation"]["title"] == "Øvelse høst"
    assert (await (await as_role(Role.UNIT))("GET", "/v1/status")).status == 403
