"""The outbox: who gets which rendition, and what an approval takes back."""

from collections import Counter

import pytest
from sqlalchemy import text

from crisis.deliveries import outbox
from crisis.lanes import Lane
from tests import factories
from tests.crisis.deliveries.outlet import Outlet
from tests.crisis.deliveries.workbench import Workbench
from tests.factories import EDITOR, SLIDE

THREE = {
    **SLIDE,
    "nn": {**SLIDE["nb"], "headline": "Skred ved Moen: Gå ut av området no"},
    "en": {**SLIDE["nb"], "headline": "Landslide at Moen: Leave the area now"},
}


async def revise(bench: Workbench, message_id: int, activation_id: int, audience_id: int | None = None) -> list[int]:
    made = await factories.approved_follow_up(bench.crisis, activation_id, message_id, audience_id=audience_id)
    return await bench.of_revision(made.revision.id)


async def test_every_recipient_gets_their_language_or_the_primary_one(bench: Workbench) -> None:
    await factories.account(bench.crisis, "sms")
    audience = await factories.audience(bench.crisis, 5)
    languages = {0: "nn", 1: "en", 2: "se", 3: "nb"}
    for last, language in languages.items():
        await bench.run("UPDATE recipients SET language = :to WHERE last_two = :last", to=language, last=f"0{last}")
    activation = await factories.activation(bench.db)
    draft = await factories.alert(bench.crisis, activation.id, audience_id=audience, contents=THREE)
    approved = await bench.crisis.desk.approve(EDITOR, draft.id)
    assert approved.deliveries == {"sms": 5}
    async with bench.db.transaction() as session:
        rows = await session.execute(
            text(
                "SELECT p.last_two, r.language FROM deliveries d JOIN renditions r ON r.id = d.rendition_id "
                "JOIN recipients p ON p.id = d.recipient_id"
            )
        )
        got = {int(row.last_two): row.language for row in rows}
    assert got == {0: "nn", 1: "en", 2: "nb", 3: "nb", 4: "nb"}
    sms = Outlet("sms")
    await bench.send(Lane.SMS, sms)
    assert Counter(each.language for each in sms.begun) == {"nb": 3, "nn": 1, "en": 1}


async def test_every_language_goes_through_every_public_account(bench: Workbench) -> None:
    for channel in ("website", "facebook", "twitter"):
        await factories.account(bench.crisis, channel)
    activation = await factories.activation(bench.db)
    draft = await factories.alert(bench.crisis, activation.id, contents=THREE)
    approved = await bench.crisis.desk.approve(EDITOR, draft.id)
    assert approved.deliveries == {"website": 3, "facebook": 3, "twitter": 3}
    assert len(await bench.rows()) == 9


async def test_an_update_takes_back_what_has_not_gone_out_and_nothing_else(bench: Workbench) -> None:
    ids = await bench.alert("sms", people=6)
    states = ["ready", "leased", "in_flight", "unknown", "accepted", "delivered"]
    async with bench.db.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for delivery, state in zip(ids, states, strict=True):
            await session.execute(
                text("UPDATE deliveries SET state = :state WHERE id = :id"), {"state": state, "id": delivery}
            )
    await revise(bench, 1, 1)
    assert [row.state for row in await bench.rows(ids)] == ["cancelled", "cancelled", *states[2:]]
    assert (await bench.row(ids[0])).error == "superseded by a newer revision"


async def test_another_message_of_the_same_activation_is_not_taken_back(bench: Workbench) -> None:
    ids = await bench.alert("facebook")
    await factories.approved_alert(bench.crisis, 1)
    assert await bench.states(ids) == {"ready": 1}


async def test_an_update_follows_to_everyone_who_was_to_get_the_alert(bench: Workbench) -> None:
    await bench.alert("sms", people=4)
    assert len(await revise(bench, 1, 1)) == 4


async def test_putting_the_same_out_twice_is_harmless(bench: Workbench) -> None:
    await bench.alert("facebook", "sms", people=3)
    async with bench.db.transaction() as session:
        rows = await session.execute(text("SELECT rendition_id, account_id FROM deliveries ORDER BY lane"))
        facebook, *texts = rows.all()
        mode = bench.mode
        assert await outbox.to_accounts(session, mode, Lane.PUBLIC, [(facebook.rendition_id, facebook.account_id)]) == 0
        again = await outbox.to_audience(
            session, mode, Lane.SMS, {"nb": texts[0].rendition_id}, texts[0].account_id, audience_id=1
        )
    assert again == 0
    assert len(await bench.rows()) == 4


async def test_what_a_rolled_back_act_put_out_was_never_there(bench: Workbench) -> None:
    await bench.alert("facebook")
    rendition = (await bench.rows())[0].rendition_id
    account = await factories.account(bench.crisis, "facebook", name="en annen")

    async def fail() -> None:
        async with bench.db.transaction() as session:
            assert await outbox.to_accounts(session, bench.mode, Lane.PUBLIC, [(rendition, account)]) == 1
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert len(await bench.rows()) == 1
