"""Limits, standbys and troubles of accounts over HTTP, and how an activation tells of a provider that does not answer."""

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.channels import Misconfigured, Unavailable
from crisis.mode import Mode
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As
from tests.crisis.limits.test_limiter import Process

NOTHING = {"concurrency": None, "per_second": None}


async def sms(crisis: Crisis, name: str) -> int:
    return await factories.account(crisis, "sms", name=name)


async def said(crisis: Crisis) -> list[tuple[Any, ...]]:
    """What was set, and how much is on record."""
    async with crisis.db.transaction() as session:
        limits = await session.execute(text("SELECT * FROM account_limits ORDER BY account_id"))
        records = await session.execute(text("SELECT count(*) FROM audit"))
        return [*(tuple(row) for row in limits), tuple(records.one())]


async def test_a_limit_is_set_whole_shown_with_the_account_and_taken_away(as_role: As, crisis: Crisis) -> None:
    account, admin, unit = await sms(crisis, "Fjordvik"), await as_role(Role.ADMIN), await as_role(Role.UNIT)
    assert (await unit("GET", f"/v1/accounts/{account}/limit")).json == NOTHING
    for wanted in ({"concurrency": 20, "per_second": 2.5}, {"concurrency": None, "per_second": 7}, NOTHING):
        put = await admin("PUT", f"/v1/accounts/{account}/limit", wanted)
        assert (put.status, put.json) == (200, wanted)
        assert (await unit("GET", f"/v1/accounts/{account}")).json["limit"] == wanted
        (listed,) = (await unit("GET", "/v1/accounts")).json["items"]
        assert listed["limit"] == wanted
    assert (await admin("PUT", "/v1/accounts/4711/limit", NOTHING)).status == 404
    records = (await admin("GET", "/v1/audit")).json["items"]
    assert [each["action"] for each in records].count("set_limit") == 3


@pytest.mark.parametrize("name", ["concurrency", "per_second"])
@pytest.mark.parametrize("value", ["0", "-1", "1e9", "NaN", "Infinity", '"mange"', '""', "[]", "{}", "1e999"])
async def test_an_impossible_limit_is_a_problem_and_changes_nothing(
    as_role: As, crisis: Crisis, name: str, value: str
) -> None:
    account, admin = await sms(crisis, "Fjordvik"), await as_role(Role.ADMIN)
    await admin("PUT", f"/v1/accounts/{account}/limit", {"concurrency": 5, "per_second": 5})
    before = await said(crisis)
    other = "per_second" if name == "concurrency" else "concurrency"
    refused = await admin(
        "PUT",
        f"/v1/accounts/{account}/limit",
        data=f'{{"{name}": {value}, "{other}": 7}}'.encode(),
        headers={"Content-Type": "application/json"},
    )
    assert (refused.status, refused.headers["Content-Type"]) == (422, "application/problem+json"), refused.body
    (problem,) = refused.json["problems"]
    assert name in problem
    if value in {"0", "-1", "1e9"}:
        assert ("from 1 to 10,000" if name == "concurrency" else "from 0.01 to 10,000") in problem
    assert await said(crisis) == before


async def test_half_a_call_and_a_name_that_is_none_are_refused(as_role: As, crisis: Crisis) -> None:
    account, admin = await sms(crisis, "Fjordvik"), await as_role(Role.ADMIN)
    half = await admin("PUT", f"/v1/accounts/{account}/limit", {"concurrency": 1.5, "per_second": None})
    assert half.json["problems"] == ["concurrency must be a whole number from 1 to 10,000, not 1.5."]
    for body in ({"concurrency": 5}, NOTHING | {"burst": 3}, []):
        assert (await admin("PUT", f"/v1/accounts/{account}/limit", body)).status == 422
    assert len(await said(crisis)) == 1, "nothing was set"


async def test_an_account_stands_by_and_both_say_so(as_role: As, crisis: Crisis) -> None:
    first, standby, admin = await sms(crisis, "first"), await sms(crisis, "reserve"), await as_role(Role.ADMIN)
    for _ in range(2):  # said again, it is as it was
        done = await admin("PUT", f"/v1/accounts/{standby}/standby", {"standby_for": first})
        assert (done.status, done.json["standby_for"], done.json["standby"]) == (200, first, None)
    assert (await admin("GET", f"/v1/accounts/{first}")).json["standby"] == standby
    for account, other, status in (
        (first, standby, 409),
        (first, first, 409),
        (standby, 4711, 404),
        (4711, first, 404),
    ):
        refused = await admin("PUT", f"/v1/accounts/{account}/standby", {"standby_for": other})
        assert refused.status == status, refused.body
    done = await admin("DELETE", f"/v1/accounts/{standby}/standby")
    assert (done.status, done.json["standby_for"]) == (200, None)
    for body in ({}, {"standby_for": None}, {"standby_for": 0}, {"standby_for": "first"}):
        assert (await admin("PUT", f"/v1/accounts/{standby}/standby", body)).status == 422


async def test_a_provider_that_does_not_answer_is_told_of_wherever_one_looks(as_role: As, crisis: Crisis) -> None:
    page = await factories.account(crisis, "facebook", name="Fjordvik kommune")
    activation = await factories.activation(crisis.db)
    editor, unit = await as_role(Role.EDITOR), await as_role(Role.UNIT)
    assert (await unit("GET", "/v1/accounts/troubles")).json == []
    await Process(crisis.db).end(page, *[Unavailable("connection refused")] * 5)
    (trouble,) = (await unit("GET", "/v1/accounts/troubles")).json
    assert trouble["sentences"]["nb"].startswith("Facebook (Fjordvik kommune) svarer ikke siden kl. ")
    assert " Neste forsøk kl. " in trouble["sentences"]["nb"]
    assert (trouble["account_id"], trouble["state"], trouble["why"]) == (page, "open", "silent")
    for path in (
        "/v1/activations/current",
        f"/v1/activations/{activation.id}",
        f"/v1/activations/{activation.id}/status",
    ):
        assert (await editor("GET", path)).json["troubles"] == [trouble], path
    assert (await unit("GET", "/v1/accounts/troubles?mode=exercise")).json == []


async def test_new_credentials_are_tried_at_once(as_role: As, crisis: Crisis) -> None:
    page = await factories.account(crisis, "facebook", name="Siden")
    admin = await as_role(Role.ADMIN)
    await Process(crisis.db).end(page, Misconfigured("The token has expired."))
    (before,) = (await admin("GET", "/v1/accounts/troubles")).json
    assert "Noen må rette den. Neste forsøk kl. " in before["sentences"]["nb"]
    await admin("PUT", f"/v1/accounts/{page}/connection", {"address": "99", "credentials": {"page_token": "new"}})
    (after,) = (await admin("GET", "/v1/accounts/troubles")).json
    assert after["sentences"]["nb"].endswith("Vi prøver nå.")
    assert after["next_try_at"] < before["next_try_at"]


async def test_metrics_have_a_gauge_for_each_account_that_was_called(as_role: As, crisis: Crisis) -> None:
    first, standby, page = (
        await sms(crisis, "first"),
        await sms(crisis, "reserve"),
        await factories.account(crisis, "facebook"),
    )
    admin = await as_role(Role.ADMIN)
    await admin("PUT", f"/v1/accounts/{standby}/standby", {"standby_for": first})
    process = Process(crisis.db)
    await process.end(page, None)
    await process.end(first, *[Unavailable("refused")] * 5)
    await process.takes()
    await Process(crisis.db, Mode.EXERCISE).end(first, None)
    answered = (await (await as_role(None))("GET", "/metrics")).body.decode()
    found = {
        (sample.name, sample.labels["mode"], sample.labels["account"]): sample.value
        for family in text_string_to_metric_families(answered)
        for sample in family.samples
        if sample.name.startswith("crisis_account")
    }
    breaker, diverted = "crisis_account_breaker_open", "crisis_account_diverted"
    assert {key: value for key, value in found.items() if key[0] == breaker} == {
        (breaker, "actual", str(first)): 1,
        (breaker, "actual", str(page)): 0,
        (breaker, "exercise", str(first)): 0,
    }
    assert found[diverted, "actual", str(first)] == 1
    assert found["crisis_account_held", "actual", str(page)] == 0
