"""Idempotency keys: once done, however often asked."""

import asyncio
import json

from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As

TOKEN = {"name": "skript", "role": "auditor"}
ACTIVATION = {"mode": "actual", "title": "Skred"}
REPLAYED = "Idempotent-Replayed"


async def count(crisis: Crisis, table: str) -> int:
    async with crisis.db.transaction() as session:
        return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_the_same_request_with_the_same_key_is_done_once(as_role: As, crisis: Crisis) -> None:
    director = await as_role(Role.DIRECTOR)
    first = await director("POST", "/v1/activations", ACTIVATION, key="k1")
    again = await director("POST", "/v1/activations", ACTIVATION, key="k1")
    assert (first.status, REPLAYED in first.headers) == (201, False)
    assert (again.status, again.json, again.headers[REPLAYED]) == (201, first.json, "true")
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == "application/json"
    assert await count(crisis, "activations") == 1


async def test_two_at_the_same_moment_are_done_once(as_role: As, crisis: Crisis) -> None:
    unit = await as_role(Role.UNIT)
    account = await factories.account(crisis, "facebook", unit="biblioteket")
    post = {"account_id": account, "text": "Åpent i dag."}
    answers = await asyncio.gather(*(unit("POST", "/v1/posts", post, key="k") for _ in range(8)))
    assert {answer.status for answer in answers} == {201}
    assert sum(REPLAYED in answer.headers for answer in answers) == 7
    assert len({answer.json["id"] for answer in answers}) == 1
    assert await count(crisis, "posts") == 1
    assert await count(crisis, "deliveries") == 1


async def test_many_at_once_with_keys_of_their_own_do_not_wait_for_each_other(as_role: As, crisis: Crisis) -> None:
    unit = await as_role(Role.UNIT)
    account = await factories.account(crisis, "facebook", unit="biblioteket")
    async with asyncio.timeout(20):
        answers = await asyncio.gather(
            *(unit("POST", "/v1/posts", {"account_id": account, "text": f"Nr. {n}"}, key=f"k{n}") for n in range(40))
        )
    assert {answer.status for answer in answers} == {201}
    assert await count(crisis, "posts") == 40


async def test_another_request_with_the_same_key_is_refused(as_role: As, crisis: Crisis) -> None:
    director = await as_role(Role.DIRECTOR)
    await director("POST", "/v1/activations", ACTIVATION, key="k")
    for path, body in (
        ("/v1/activations", ACTIVATION | {"title": "Noe annet"}),
        ("/v1/activations/1/stand-down", None),
    ):
        refused = await director("POST", path, body, key="k")
        assert (refused.status, REPLAYED in refused.headers) == (409, False)
        assert "another request" in refused.json["detail"]
    assert await count(crisis, "activations") == 1


async def test_keys_of_different_tokens_do_not_meet(as_role: As, crisis: Crisis) -> None:
    one, other = await as_role(Role.ADMIN), await as_role(Role.ADMIN)
    for admin in (one, other):
        assert REPLAYED not in (await admin("POST", "/v1/tokens", TOKEN, key="k")).headers
    assert await count(crisis, "tokens") == 4


async def test_a_refusal_is_not_kept_since_nothing_was_done(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    for _ in range(2):
        refused = await director("POST", "/v1/activations", {"mode": "actual", "title": " "}, key="k")
        assert (refused.status, REPLAYED in refused.headers) == (422, False)
    assert (await director("POST", "/v1/activations", ACTIVATION, key="k")).status == 201


async def test_a_post_that_met_the_lock_is_kept_once_however_often_it_is_sent(as_role: As, crisis: Crisis) -> None:
    unit = await as_role(Role.UNIT)
    account = await factories.account(crisis, "facebook", unit="biblioteket")
    await factories.activation(crisis.db)
    post = {"account_id": account, "text": "Åpent i dag."}
    first, again = [await unit("POST", "/v1/posts", post, key="k") for _ in range(2)]
    assert (first.status, again.status, again.headers[REPLAYED]) == (423, 423, "true")
    assert again.json == first.json
    assert again.headers["Content-Type"] == "application/problem+json"
    assert [each["state"] for each in (await unit("GET", "/v1/posts")).json["items"]] == ["blocked"]


async def test_no_secret_is_kept_for_a_replay(as_role: As, crisis: Crisis) -> None:
    admin = await as_role(Role.ADMIN)
    first, again = [await admin("POST", "/v1/tokens", TOKEN, key="k") for _ in range(2)]
    assert (again.json, again.headers[REPLAYED]) == (first.json | {"secret": None}, "true")
    async with crisis.db.transaction() as session:
        kept = (await session.execute(text("SELECT answer FROM idempotency_keys"))).scalars().all()
    assert first.json["secret"] not in json.dumps([*kept])
    assert await count(crisis, "tokens") == 2


async def test_an_approval_is_done_once(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    draft = await factories.alert(crisis, activation.id)
    answers = await asyncio.gather(
        *(editor("POST", f"/v1/revisions/{draft.id}/approve", key="k") for _ in range(2)),
    )
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert await count(crisis, "deliveries") == 1
    unkeyed = await editor("POST", f"/v1/revisions/{draft.id}/approve")
    assert (unkeyed.status, unkeyed.json["type"]) == (409, "urn:problem-type:crisis:already-approved")


async def test_a_key_that_is_none_is_refused(as_role: As) -> None:
    director = await as_role(Role.DIRECTOR)
    for key in ("", "x" * 256):
        refused = await director("POST", "/v1/activations", ACTIVATION, headers={"Idempotency-Key": key})
        assert (refused.status, refused.json["type"]) == (422, "urn:problem-type:crisis:invalid")
