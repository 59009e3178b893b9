"""A message as a whole, over HTTP: seen, taken back in one request, and taken down."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As


async def sent(crisis: Crisis, *, out: bool = True) -> tuple[int, int]:
    """An alert on two channels and to 10 people; 7 of the text messages were begun. Its activation and its message."""
    for channel in ("website", "facebook"):
        await factories.account(crisis, channel)
    await factories.account(crisis, "sms", address="Fjordvik")
    people = await factories.audience(crisis, 10)
    activation = await factories.activation(crisis.db)
    done = await factories.approved_alert(crisis, activation.id, audience_id=people)
    if out:
        which = "lane = 'public' OR recipient_id IN (SELECT id FROM recipients ORDER BY id LIMIT 7)"
        async with crisis.db.transaction() as session:
            await session.execute(
                text(
                    f"UPDATE deliveries SET state = 'accepted', attempts = 1, started_at = now(), reference = 'ref-' || id "
                    f"WHERE {which}"
                )
            )
    return activation.id, done.revision.message_id


async def messages_of(crisis: Crisis) -> list[Any]:
    async with crisis.db.transaction() as session:
        return list(await session.execute(text("SELECT kind, state FROM revisions ORDER BY id")))


async def test_one_request_takes_a_message_back_and_its_key_makes_it_once(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    _, message = await sent(crisis)
    path = f"/v1/messages/{message}"
    ready = (await editor("GET", f"{path}/retraction")).json
    assert ready["deliveries"] == {"website": 1, "facebook": 1, "sms": 7}
    assert {each["channel"] for each in ready["previews"]} == {"website", "facebook", "sms"}
    assert all("Falsk alarm" in each["text"] for each in ready["previews"])
    assert await messages_of(crisis) == [("alert", "approved")], "looking changes nothing"

    done = await editor("POST", f"{path}/retract", {"reason": "Feil mal"}, key="once")
    assert (done.status, done.json["outcome"], done.json["cancelled"]) == (200, "retracted", 3)
    assert done.json["deliveries"] == ready["deliveries"]
    assert (done.json["retracted_by"], done.json["revision"]["kind"]) == ("en editor", "retraction")
    again = await editor("POST", f"{path}/retract", {"reason": "Feil mal"}, key="once")
    assert (again.status, again.json, again.headers["Idempotent-Replayed"]) == (200, done.json, "true")
    assert len(await messages_of(crisis)) == 2
    shown = (await editor("GET", path)).json
    assert (shown["retracted_by"], shown["retracted_at"], shown["promise"]) == (
        "en editor",
        done.json["retracted_at"],
        None,
    )
    assert [each["kind"] for each in shown["revisions"]] == ["alert", "retraction"]
    for answer in (await editor("POST", f"{path}/retract"), await editor("GET", f"{path}/retraction")):
        assert (answer.status, answer.json["type"]) == (409, "urn:problem-type:crisis:already-retracted")


async def test_where_nobody_was_sent_anything_nothing_is_said(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    _, message = await sent(crisis, out=False)
    ready = (await editor("GET", f"/v1/messages/{message}/retraction")).json
    assert ready == {"previews": [], "deliveries": {}, "problems": []}
    done = (await editor("POST", f"/v1/messages/{message}/retract")).json
    assert (done["outcome"], done["revision"], done["cancelled"]) == ("cancelled", None, 12)


async def test_the_preview_of_an_alert_shows_that_its_retraction_is_ready(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    _, message = await sent(crisis)
    revision = (await editor("GET", f"/v1/messages/{message}")).json["revisions"][0]["id"]
    plan = (await editor("GET", f"/v1/revisions/{revision}/preview")).json
    assert {each["channel"] for each in plan["retraction"]} == {"website", "facebook", "sms"}
    assert all("Falsk alarm" in each["text"] for each in plan["retraction"])
    assert plan["people"] == {"people": 10, "attempted": 0, "left_out": 0, "erased": 0}


async def test_a_message_is_taken_down_and_what_cannot_be_is_counted(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    activation, message = await sent(crisis)
    done = await editor("POST", f"/v1/messages/{message}/withdraw", key="down")
    assert done.status == 200
    assert (done.json["cancelled"], done.json["taking_down"]) == ({"sms": 3}, {"facebook": 1, "website": 1})
    assert (done.json["beyond_recall"], done.json["waited_for"]) == ({"sms": 7}, 0)
    assert f"crisis message retract {message}" in done.json["advice"]
    assert (await editor("POST", f"/v1/messages/{message}/withdraw", key="down")).json == done.json
    shown = (await editor("GET", f"/v1/messages/{message}")).json
    assert shown["withdrawn_by"] == "en editor"
    revision = shown["revisions"][0]["id"]
    listed = (await editor("GET", f"/v1/revisions/{revision}/deliveries?channel=facebook")).json["items"]
    assert [each["withdrawal"] for each in listed] == ["waiting"]
    assert listed[0]["withdrawal_words"].startswith("to be taken down, asked at ")
    lines = (await editor("GET", f"/v1/activations/{activation}/status")).json["lines"]
    told = {line["channel"]: line["withdrawal"] for line in lines}
    assert (told["sms"], told["facebook"]) == (None, listed[0]["withdrawal_words"])


async def test_one_delivery_is_withdrawn_by_its_number(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    _, message = await sent(crisis)
    revision = (await editor("GET", f"/v1/messages/{message}")).json["revisions"][0]["id"]
    listed = (await editor("GET", f"/v1/revisions/{revision}/deliveries")).json["items"]
    by_state = {(each["channel"], each["state"]): each["id"] for each in listed}
    outcomes = {
        key: (await editor("POST", f"/v1/deliveries/{number}/withdraw")).json["outcome"]
        for key, number in by_state.items()
    }
    assert outcomes == {
        ("website", "accepted"): "asked",
        ("facebook", "accepted"): "asked",
        ("sms", "accepted"): "beyond_recall",
        ("sms", "ready"): "cancelled",
    }
    again = await editor("POST", f"/v1/deliveries/{by_state['sms', 'ready']}/withdraw")
    assert again.status == 409
    assert (await editor("POST", "/v1/deliveries/999/withdraw")).status == 404


async def test_what_is_promised_is_in_the_message_and_in_the_activation(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    activation, message = await sent(crisis)
    promise = (await editor("GET", f"/v1/messages/{message}")).json["promise"]
    assert (promise["state"], promise["revision"]) == ("ahead", 1)
    assert promise["words"] in {"in 59 min", "in 1 h 0 min"}
    async with crisis.db.transaction() as session:
        await session.execute(
            text("UPDATE revisions SET next_update_at = now() - :by"), {"by": timedelta(minutes=3, seconds=5)}
        )
    promise = (await editor("GET", f"/v1/messages/{message}")).json["promise"]
    assert (promise["state"], promise["words"]) == ("overdue", "overdue by 3 min")
    followed = (await editor("GET", f"/v1/activations/{activation}")).json
    assert [(each["message_id"], each["state"]) for each in followed["promises"]] == [(message, "overdue")]


async def test_what_failed_and_waits_is_tried_at_once_and_nothing_that_is_out(as_role: As, crisis: Crisis) -> None:
    editor = await as_role(Role.EDITOR)
    _, message = await sent(crisis)
    path = f"/v1/messages/{message}/try-again"
    waits = "id IN (SELECT d.id FROM deliveries d JOIN accounts a ON a.id = d.account_id WHERE a.channel = 'facebook')"
    later = "state = 'retry_wait', due_at = now() + interval '1 hour', error = 'The provider answered 503.'"
    async with crisis.db.transaction() as session:
        await session.execute(text(f"UPDATE deliveries SET {later} WHERE {waits}"))
    done = await editor("POST", path)
    assert (done.status, done.json) == (200, {"message_id": message, "deliveries": 1})
    async with crisis.db.transaction() as session:
        rows = await session.execute(
            text("SELECT state, due_at <= now() AS is_due, count(*) FROM deliveries GROUP BY 1, 2")
        )
        assert ("retry_wait", True, 1) in [tuple(row) for row in rows]
        recorded = await session.scalars(text("SELECT record FROM audit WHERE record LIKE '%\"try_again\"%'"))
        assert len(recorded.all()) == 1
    assert (await editor("POST", "/v1/messages/999/try-again")).status == 404
    async with crisis.db.transaction() as session:
        await session.execute(text(f"UPDATE deliveries SET state = 'accepted', reference = 'x' WHERE {waits}"))
    assert (await editor("POST", path)).json == {"message_id": message, "deliveries": 0}
