"""``crisis message retract`` and ``withdraw``, ``crisis delivery withdraw``, and what is promised."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests import factories
from tests.crisis.cli.conftest import Shell


@pytest.fixture
async def message(crisis: Crisis) -> int:
    """An alert that is out on Facebook and to two of three people."""
    for channel in ("website", "facebook", "sms"):
        await factories.account(crisis, channel)
    people = await factories.audience(crisis, 3, "Innbyggere")
    activation = await factories.activation(crisis.db)
    done = await factories.approved_alert(crisis, activation.id, audience_id=people)
    ids = "SELECT d.id FROM deliveries d JOIN accounts a ON a.id = d.account_id WHERE a.channel <> 'website' ORDER BY d.id"
    async with crisis.db.transaction() as session:
        for state in ("leased", "in_flight", "accepted"):
            await session.execute(
                text(
                    f"UPDATE deliveries SET state = :state, attempts = 1, started_at = now(), reference = 'ref-' || id "
                    f"WHERE id IN ({ids} LIMIT 3)"
                ),
                {"state": state},
            )
    return done.revision.message_id


async def test_a_false_alarm_is_one_command_away(shell: Shell, message: int) -> None:
    ran = await shell("message", "retract", str(message), "--reason", "Feil mal", "--by", "Vakta")
    assert ran.code == 0, ran.err
    assert "Falsk alarm: Det er ingen fare" in ran.said
    assert "Retracting it makes 4 deliveries: 1 on Crisis page, 1 on Facebook, 2 on SMS." in ran.said
    assert f"Nothing follows message {message} now." in ran.said
    assert "2 deliveries not yet sent: cancelled. It makes 4 deliveries" in ran.said
    again = await shell("message", "retract", str(message))
    assert (again.code, "was retracted as a false alarm by Vakta" in again.complained) == (1, True)
    nowhere = await shell("message", "retract", "999")
    assert (nowhere.code, "There is no message 999" in nowhere.complained) == (1, True)


async def test_a_script_gets_what_was_said_and_to_how_many(shell: Shell, message: int) -> None:
    told = (await shell("message", "retract", str(message), "--json")).json
    assert (told["deliveries"], told["cancelled"]) == ({"website": 1, "facebook": 1, "sms": 2}, 2)
    assert {text["channel"] for text in told["texts"]} == {"website", "facebook", "sms"}
    assert told["revision"]["kind"] == "retraction"
    listed = await shell("message", "list")
    assert "retraction, nb" in listed.said


async def test_the_retraction_is_shown_to_be_ready_before_the_alert_goes_out(shell: Shell, crisis: Crisis) -> None:
    await factories.account(crisis, "facebook")
    draft = await factories.alert(crisis, (await factories.activation(crisis.db)).id)
    shown = await shell("message", "preview", str(draft.id))
    assert "Its retraction is ready, in 1 text" in shown.said
    assert "Falsk alarm" not in shown.out
    ready = await shell("message", "preview", str(draft.id), "--retraction")
    assert "Falsk alarm: Det er ingen fare" in ready.said
    (text_,) = (await shell("message", "preview", str(draft.id), "--json")).json["retraction"]
    assert "Falsk alarm" in text_["text"]
    approved = await shell("message", "approve", str(draft.id))
    assert f"the retraction is ready: crisis message retract {draft.message_id}" in approved.said


async def test_a_message_is_taken_down_and_the_rest_is_said(shell: Shell, message: int) -> None:
    ran = await shell("message", "withdraw", str(message))
    assert ran.code == 0, ran.err
    assert "Cancelled before they were sent: 1 on SMS, 1 on Crisis page. Being taken down: 1 on Facebook." in ran.said
    assert "2 deliveries were begun and cannot be called back." in ran.said
    assert f"crisis message retract {message} if it was a false alarm" in ran.said
    status = await shell("status")
    assert "to be taken down, asked at" in status.said
    again = (await shell("message", "withdraw", str(message), "--json")).json
    assert (again["cancelled"], again["taking_down"], again["beyond_recall"]) == ({}, {"facebook": 1}, {"sms": 2})


async def test_what_could_not_be_taken_down_stands_in_the_status_with_what_to_do(
    shell: Shell, crisis: Crisis, message: int
) -> None:
    await shell("message", "withdraw", str(message))
    why = "The account was closed. Take it down by hand."
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE withdrawals SET state = 'refused', error = :why"), {"why": why})
    said = (await shell("status")).said
    assert "could not be taken down" in said
    assert "Take it down by hand." in said


async def test_the_doctor_tells_what_a_person_has_left_undone(shell: Shell, crisis: Crisis, message: int) -> None:
    async def told() -> dict[str, str]:
        found = (await shell("doctor", "--json")).json["findings"]
        return {each["part"]: each["advice"] for each in found if each["part"] in {"promised update", "withdrawal"}}

    assert await told() == {}
    await shell("message", "withdraw", str(message))
    async with crisis.db.transaction() as session:
        await session.execute(text("UPDATE withdrawals SET state = 'refused', error = 'No right to.'"))
        await session.execute(text("UPDATE revisions SET next_update_at = now() - interval '1 minute'"))
        number = (await session.execute(text("SELECT delivery_id FROM withdrawals"))).scalar_one()
    assert await told() == {
        "promised update": (
            f"Send one, if only to say that nothing is new: crisis message write --kind update --message {message}"
        ),
        "withdrawal": f"After mending what stood in the way: crisis delivery withdraw {number}",
    }


async def test_one_delivery_is_withdrawn_by_its_number(shell: Shell, crisis: Crisis, message: int) -> None:
    assert message
    numbers = text("SELECT d.state, d.lane, min(d.id) AS id FROM deliveries d GROUP BY d.state, d.lane")
    async with crisis.db.transaction() as session:
        found = {(row.lane, row.state): row.id for row in await session.execute(numbers)}
    ran = await shell("delivery", "withdraw", str(found["public", "accepted"]))
    assert "It is being taken down." in ran.said
    ran = await shell("delivery", "withdraw", str(found["sms", "accepted"]))
    assert "cannot call back" in ran.said
    ran = await shell("delivery", "withdraw", str(found["sms", "ready"]), "--json")
    assert ran.json["outcome"] == "cancelled"
    assert (await shell("delivery", "withdraw", str(found["sms", "ready"]))).code == 1


async def test_the_status_counts_down_to_what_was_promised_and_says_what_came_late(
    shell: Shell, crisis: Crisis, message: int
) -> None:
    async def pass_time(**span: int) -> None:
        moved = "UPDATE revisions SET next_update_at = next_update_at - :by, approved_at = approved_at - :by"
        async with crisis.db.transaction() as session:
            await session.execute(text(moved), {"by": timedelta(**span)})

    assert f"Message {message} promises an update at" in (await shell("status")).said
    assert (await shell("status", "--json")).json["promises"][0]["state"] == "ahead"
    await pass_time(minutes=55)
    assert ": in 4 min" in (await shell("status")).said
    await pass_time(minutes=9)
    said = (await shell("status")).said
    assert ": overdue by 4 min" in said
    assert f"crisis message write --kind update --message {message}" in said
    async with crisis.db.transaction() as session:
        current = await service.find_current(session, Mode.ACTUAL)
    assert current is not None
    draft = await drafts.write(
        *(crisis.db, factories.EDITOR, current.id, Kind.UPDATE, factories.SLIDE, crisis.settings.languages),
        message_id=message,
        next_update_at=clock.now() + timedelta(hours=1),
    )
    await crisis.desk.approve(factories.EDITOR, draft.id)
    told = (await shell("status", "--json")).json
    assert [(each["revision"], each["seconds"] // 60) for each in told["late"]] == [(2, 4)]
    assert [each["revision"] for each in told["promises"]] == [2]
    assert "revision 2, 4 min later than promised" in (await shell("status")).said


async def test_what_failed_is_tried_again_by_command(shell: Shell, crisis: Crisis, message: int) -> None:
    assert f"Nothing of message {message} waits" in (await shell("message", "try-again", str(message))).said
    async with crisis.db.transaction() as session:
        (waits,) = await session.scalars(text("SELECT id FROM deliveries WHERE state = 'ready' LIMIT 1"))
        for state in ("leased", "in_flight", "retry_wait"):
            values = {"id": waits, "state": state}
            await session.execute(text("UPDATE deliveries SET state = :state WHERE id = :id"), values)
    ran = await shell("message", "try-again", str(message), "--by", "Vakta")
    assert (ran.code, f"Trying 1 delivery of message {message} again now." in ran.said) == (0, True)
    assert (await shell("message", "try-again", str(message), "--json")).json == {
        "message_id": message,
        "deliveries": 1,
    }
    nowhere = await shell("message", "try-again", "999")
    assert (nowhere.code, "There is no message 999" in nowhere.complained) == (1, True)
