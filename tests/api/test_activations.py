"""Activations over HTTP."""

import asyncio

from crisis.bootstrap import Crisis
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As

ACTUAL = {"mode": "actual", "title": "Kvikkleireskred ved Moen"}


async def test_an_activation_locks_and_is_confirmed_without_a_sweep(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    made = await director("POST", "/v1/activations", ACTUAL)
    assert (made.status, made.json["created"], made.json["activated_by"]) == (201, True, "en director")
    assert made.headers["Location"] == f"/v1/activations/{made.json['id']}"
    async with asyncio.timeout(10):
        while (now := (await director("GET", made.headers["Location"])).json)["state"] != "confirmed":
            await asyncio.sleep(0.02)
    assert (now["open_permits"], now["unresolved"]) == ([], [])
    assert (await director("GET", "/v1/activations/current")).json == now


async def test_a_second_activation_gets_the_first_ones_answer(as_role: As) -> None:
    first, second = await as_role(Role.DIRECTOR), await as_role(Role.DIRECTOR)
    made = (await first("POST", "/v1/activations", ACTUAL)).json
    again = await second("POST", "/v1/activations", {"mode": "actual", "title": "Noe annet"})
    assert (again.status, again.json["id"], again.json["created"]) == (200, made["id"], False)
    assert (again.json["title"], again.json["activated_by"]) == (made["title"], "en director")


async def test_the_mode_must_be_said(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    refused = await director("POST", "/v1/activations", {"title": "Skred"})
    assert (refused.status, refused.json["problems"]) == (422, ["mode is missing."])


async def test_standing_down_ends_it_once(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    made = (await director("POST", "/v1/activations", ACTUAL)).json
    path = f"/v1/activations/{made['id']}/stand-down"
    assert (await director("POST", path)).json["state"] == "stood_down"
    again = await director("POST", path)
    assert (again.status, again.json["type"]) == (409, "urn:problem-type:crisis:conflict")
    assert (await director("GET", "/v1/activations/current")).status == 404


async def test_activations_are_listed_by_mode_and_cursor(as_role: As, crisis: Crisis) -> None:
    director = await as_role(Role.DIRECTOR)
    for mode in (Mode.ACTUAL, Mode.EXERCISE):
        await factories.activation(crisis.db, mode)
    assert [row["mode"] for row in (await director("GET", "/v1/activations")).json["items"]] == ["actual", "exercise"]
    first = (await director("GET", "/v1/activations?limit=1")).json
    rest = (await director("GET", f"/v1/activations?limit=1&after={first['next']}")).json
    assert (rest["items"][0]["mode"], rest["next"]) == ("exercise", None)
    of_mode = await director("GET", "/v1/activations?mode=exercise")
    assert [row["mode"] for row in of_mode.json["items"]] == ["exercise"]
