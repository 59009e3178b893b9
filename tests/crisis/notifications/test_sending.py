"""How what the duty tells is sent: once, before everything else, and again where a letter did not arrive."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from crisis.activations.service import stand_down
from crisis.deliveries import ledger
from tests import factories
from tests.crisis.notifications.town import Town


async def test_an_activations_message_counts_have_no_notifications_in_them(town: Town) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder", email=True)
    activation = await town.activate()
    await town.tell()
    async with town.db.transaction() as session:
        assert await ledger.lines(session, activation.id) == []
        assert (await session.execute(text("SELECT count(*) FROM deliveries"))).scalar_one() == 1


async def test_a_notification_is_claimed_before_a_broadcast_that_was_approved_earlier(town: Town) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    audience = await factories.audience(town.crisis, 40)
    activation = await town.activate()
    await factories.approved_alert(town.crisis, activation.id, audience_id=audience)
    await town.contact("Biblioteket", "Leder")
    await town.tell()
    first = town.sandbox.records("twilio", "create")[0]
    assert "Ikke legg ut noe" in first["text"]
    assert len(town.sandbox.records("twilio", "create")) == 41


async def test_what_was_not_sent_when_the_staff_was_stood_down_is_not_sent_and_all_are_told_it_is_over(
    town: Town,
) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder", email=True)
    activation = await town.activate()
    town.sandbox.fault("mail", "429", times=1)
    assert await town.duty().round()  # planned, and neither way has carried it yet
    await stand_down(town.db, factories.DIRECTOR, activation.id)
    await town.tell()
    assert [kind for kind, _ in await town.kinds()] == ["lock", "release"]
    [sms] = town.texts()
    assert "Krisestaben er avsluttet" in sms
    assert ["avsluttet" in each["facts"]["subject"] for each in town.letters()] == [True]


async def test_a_letter_that_may_come_later_is_tried_again_and_one_that_is_refused_is_not(town: Town) -> None:
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder", phone=False, email=True)
    activation = await town.activate()
    town.sandbox.fault("mail", "429", times=1)
    await town.tell()
    [leader] = (await town.people(activation))["Biblioteket"]
    assert leader.is_under_way
    assert "no mail now" in (leader.problem or "")
    async with town.db.transaction() as session:
        await session.execute(text("UPDATE emails SET due_at = now()"))
    town.sandbox.fault("mail", "error", status=422, times=1)
    await town.tell()
    [leader] = (await town.people(activation))["Biblioteket"]
    assert not leader.is_under_way
    assert leader.told[0].email_words == "refused by the mail server"


async def test_two_processes_tell_everybody_once(town: Town) -> None:
    await town.sender()
    for number in range(20):
        await town.unit(f"Enhet {number:02d}")
        await town.contact(f"Enhet {number:02d}", f"Leder {number:02d}", email=True)
    await town.activate()
    duties = [town.duty() for _ in range(2)]
    for _ in range(2):
        await asyncio.gather(*(duty.round() for duty in duties))
    await town.send()
    assert len(town.texts()) == 20
    assert len({each["key"] for each in town.letters()}) == len(town.letters()) == 20


async def test_a_letter_whose_sender_was_killed_goes_again_as_the_same_letter_and_one_in_hand_does_not(
    town: Town,
) -> None:
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder", phone=False, email=True)
    await town.activate()
    town.sandbox.fault("mail", "drop_after", times=1)  # it has the letter, and nobody heard
    await town.tell()
    held = "UPDATE emails SET due_at = now(), lease = gen_random_uuid(), lease_until = now() + CAST(:left AS interval)"
    for left, letters in ((timedelta(minutes=1), 1), (timedelta(seconds=-1), 2)):
        async with town.db.transaction() as session:
            await session.execute(text(held), {"left": left})
        await town.tell()
        assert len(town.letters()) == letters
    assert len({each["key"] for each in town.letters()}) == 1
