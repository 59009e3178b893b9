"""Drills over HTTP: started, led, played in and looked at by those who may."""

from crisis.roles import Role
from tests.api.conftest import As

SLIDE = "kvikkleireskred"


async def test_a_drill_is_started_led_and_stopped(as_role: As) -> None:
    leader = await as_role(Role.PREPAREDNESS)
    assert (await leader("GET", "/v1/drills/current")).status == 404
    made = await leader("POST", "/v1/drills", json={"playbook": SLIDE, "speed": 2})
    assert (made.status, made.json["state"], made.json["playbook_id"]) == (201, "running", SLIDE)
    path = made.headers["Location"]
    assert (await leader("POST", "/v1/drills", json={"playbook": SLIDE})).status == 409
    whole = (await leader("GET", path)).json
    assert (whole["speed"], len(whole["glass_word"])) == (2.0, 6)
    assert {each["state"] for each in whole["injects"]} == {"waiting"}
    assert whole["elapsed"] < whole["duration"]
    assert (await leader("POST", f"{path}/pause")).json["state"] == "paused"
    assert (await leader("GET", path)).json["speed"] == 0.0
    assert (await leader("POST", f"{path}/resume")).json["state"] == "running"
    assert (await leader("POST", f"{path}/speed", json={"speed": 60})).status == 200
    assert (await leader("POST", f"{path}/forward", json={"elapsed": 90})).status == 200
    assert (await leader("GET", path)).json["elapsed"] >= 90
    first, last = whole["injects"][0]["id"], whole["injects"][-1]["id"]
    assert (await leader("POST", f"{path}/injects/{last}/skip")).status == 200
    assert (await leader("POST", f"{path}/injects/{last}/fire")).status == 409
    assert (await leader("POST", f"{path}/injects/{first}/fire")).status == 200
    assert (await leader("POST", f"{path}/injects/I999/fire")).status == 404
    assert (await leader("POST", f"{path}/notes", json={"text": "Rolig i rommet", "objective": None})).status == 201
    stopped = await leader("POST", f"{path}/stop", json={"reason": "Vi avbryter"})
    assert (stopped.json["state"], stopped.json["end_reason"]) == ("stopped", "Vi avbryter")
    assert (await leader("POST", f"{path}/pause")).status == 409
    whole = (await leader("GET", path)).json
    assert [note["text"] for note in whole["notes"]] == ["Rolig i rommet"]
    assert {each["state"] for each in whole["injects"]} == {"skipped"}
    assert [each["id"] for each in (await leader("GET", "/v1/drills")).json["items"]] == [made.json["id"]]


async def test_whoever_is_let_in_plays_and_is_told_nothing_that_is_still_to_come(as_role: As) -> None:
    leader, player = await as_role(Role.PREPAREDNESS), await as_role(Role.SWITCHBOARD)
    drill = (await leader("POST", "/v1/drills", json={"playbook": SLIDE})).json
    path = f"/v1/drills/{drill['id']}"
    assert (await player("GET", path)).status == 403
    assert "glass_word" not in (await player("GET", "/v1/drills/current")).json
    assert (await player("POST", f"{path}/join", json={"part": "finnes-ikke"})).status == 404
    part = next(each["id"] for each in (await leader("GET", f"/v1/playbooks/{SLIDE}")).json["document"]["roles"])
    assert (await player("POST", f"{path}/join", json={"part": part})).status == 200
    box = (await player("GET", f"{path}/inbox")).json
    assert (box["parts"], box["playing"], box["letters"]) == ([part], part, [])
    assert (await player("POST", f"{path}/injects/I1/see")).status == 404, "it has not come"
    assert (await player("POST", f"{path}/break-glass", json={"word": "000"})).status == 422
    assert (await player("POST", "/v1/activations", json={"mode": "actual", "title": "Skred"})).status == 403
    assert (await player("POST", f"{path}/leave")).status == 200
    assert (await player("GET", f"{path}/inbox")).json["parts"] == []


async def test_the_newest_drill_comes_first_page_by_page(as_role: As) -> None:
    leader = await as_role(Role.PREPAREDNESS)
    for _ in range(3):
        drill = (await leader("POST", "/v1/drills", json={"playbook": SLIDE})).json
        await leader("POST", f"/v1/drills/{drill['id']}/stop", json={"reason": "nok"})
    first = (await leader("GET", "/v1/drills?limit=2")).json
    rest = (await leader("GET", f"/v1/drills?limit=2&after={first['next']}")).json
    numbers = [each["id"] for each in first["items"] + rest["items"]]
    assert (numbers, rest["next"]) == (sorted(numbers, reverse=True), None)
    assert len(numbers) == 3
