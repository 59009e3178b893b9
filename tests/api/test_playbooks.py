"""Playbooks over HTTP. Those that are shipped are there."""

from crisis.roles import Role
from tests.api.conftest import As

SLIDE = "kvikkleireskred"


async def test_playbooks_are_listed_by_name(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    whole = (await director("GET", "/v1/playbooks")).json
    names = [each["id"] for each in whole["items"]]
    assert names == sorted(names)
    assert SLIDE in names
    slide = whole["items"][names.index(SLIDE)]
    assert (slide["status"], slide["hazard"], slide["overdue"], slide["faults"]) == ("approved", "landslide", False, [])
    first = (await director("GET", "/v1/playbooks?limit=2")).json
    rest = (await director("GET", f"/v1/playbooks?after={first['next']}")).json
    assert [each["id"] for each in first["items"] + rest["items"]] == names


async def test_one_is_had_whole_by_those_who_may_run_a_drill(as_role: As) -> None:
    leader, switchboard = await as_role(Role.PREPAREDNESS), await as_role(Role.SWITCHBOARD)
    whole = (await leader("GET", f"/v1/playbooks/{SLIDE}")).json
    assert (whole["document"]["schema"], bool(whole["document"]["injects"])) == ("playbook/1", True)
    part = (await switchboard("GET", f"/v1/playbooks/{SLIDE}")).json
    assert not {"injects", "expectations"} & part["document"].keys(), "who plays is not told what comes"
    assert part["document"]["roles"] == whole["document"]["roles"]


async def test_what_is_not_there_and_whoever_may_not_read(as_role: As) -> None:
    director, unit = await as_role(Role.DIRECTOR), await as_role(Role.UNIT)
    assert (await director("GET", "/v1/playbooks/storm")).status == 404
    assert (await unit("GET", "/v1/playbooks")).status == 403
    assert (await unit("GET", f"/v1/playbooks/{SLIDE}")).status == 403


async def test_an_activation_is_set_with_one(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    unknown = await director("POST", "/v1/activations", {"mode": "actual", "title": "Skred", "playbook": "storm"})
    assert unknown.status == 404
    assert (await director("GET", "/v1/activations/current")).status == 404, "nothing was done"
    made = await director("POST", "/v1/activations", {"mode": "actual", "title": "Skred", "playbook": SLIDE})
    assert (made.status, made.json["playbook_id"]) == (201, SLIDE)
    assert (await director("GET", "/v1/activations/current")).json["playbook_id"] == SLIDE
