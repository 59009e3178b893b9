"""The duty: who is told what and when, through the real engine and the real sandbox."""

import asyncio
import re
from datetime import timedelta

from sqlalchemy import text

from crisis import clock
from crisis.activations.service import stand_down
from crisis.channels import Unit
from crisis.deliveries import ledger
from crisis.deliveries.states import DeliveryState
from crisis.messages.lengths import GSM_7, measure
from crisis.mode import Mode
from crisis.notifications import service
from crisis.notifications.due import SINGLY
from crisis.notifications.models import Part
from crisis.notifications.ways import Lack
from tests import factories
from tests.crisis.notifications.town import Town

MARKER = "ØVELSE ØVELSE ØVELSE"
LINK = re.compile(r"/k/([a-z2-7]{26})\b")


async def test_leaders_and_editors_are_told_at_once_by_every_way_there_is(town: Town) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder", email=True)
    await town.contact("Biblioteket", "Redaktør", Part.EDITOR, phone=False, email=True)
    await town.contact("Biblioteket", "Stedfortreder", Part.DEPUTY)
    activation = await town.activate()
    await town.tell()
    await town.tell()  # whatever came of it, once is enough
    assert await town.kinds() == [("lock", "Leder"), ("lock", "Redaktør")]
    [sms] = town.texts()
    assert sms.startswith(MARKER)
    length = measure(sms, Unit.SEGMENTS)
    assert (length.count, length.encoding) == (1, GSM_7)
    letters = town.letters()
    assert sorted(each["to"] for each in letters) == ["kontakt-1@sandbox.invalid", "kontakt-2@sandbox.invalid"]
    body = next(each["text"] for each in letters if each["to"].startswith("kontakt-1@"))
    assert body.startswith(MARKER)
    for said in (
        "Kvikkleireskred ved Moen",
        "Kommunedirektøren satte krisestab",
        "Facebook: Biblioteket facebook",
        "74 00 00 01",
    ):
        assert said in body
    assert LINK.findall(body) == LINK.findall(sms)
    leader, deputy, editor = (await town.people(activation))["Biblioteket"]
    assert (leader.name, deputy.name, editor.name) == ("Leder", "Stedfortreder", "Redaktør")
    assert leader.told[0].sms_words == "accepted by the provider"
    assert leader.told[0].email_words == "accepted by the mail server"
    assert leader.told_at is not None
    assert (deputy.told, deputy.lack) == ((), None)


async def test_each_is_told_in_their_own_language_and_the_number_is_a_stand_in_in_an_exercise(town: Town) -> None:
    await town.sender()
    await town.unit("Skulen")
    await town.contact("Skulen", "Rektor", language="nn")
    await town.activate()
    await town.tell()
    [record] = town.sandbox.records("twilio", "create")
    assert "Ikkje legg ut noko" in record["text"]
    assert record["to"].startswith("+999")


async def test_for_real_the_number_and_the_address_are_opened_and_no_marker_is_set(town: Town) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder")
    await town.activate(Mode.ACTUAL)
    await town.tell(Mode.ACTUAL)
    [record] = town.sandbox.records("twilio", "create")
    assert record["to"] == "+4740000001"
    assert record["text"].startswith("Fjordvik kommune: Krisestab er satt")


async def test_the_web_editors_are_told_what_it_means_for_them_and_asked_nothing(town: Town) -> None:
    await town.sender()
    await town.contact(factories.EDITORS, "Vakt", Part.EDITOR)
    await town.activate()
    await town.tell()
    await town.pass_minutes(60)
    await town.tell()
    [sms] = town.texts()
    assert "All publisering går gjennom dere" in sms
    assert not LINK.search(sms)


async def test_who_has_not_answered_is_reminded_once_and_the_deputy_asked_once(town: Town) -> None:
    await town.sender()
    for unit in ("Biblioteket", "Skolen"):
        await town.unit(unit)
        await town.contact(unit, f"Leder {unit}")
        await town.contact(unit, f"Stedfortreder {unit}", Part.DEPUTY)
    activation = await town.activate()
    await town.tell()
    leader = (await town.people(activation))["Skolen"][0]
    await service.acknowledge_by_telephone(town.db, factories.EDITOR, activation.id, leader.contact_id)
    told = [("lock", "Leder Biblioteket"), ("lock", "Leder Skolen")]
    await town.pass_minutes(14)
    await town.tell()
    assert await town.kinds() == told
    await town.pass_minutes(1.1)
    for _ in range(2):
        await town.tell()
    assert await town.kinds() == [*told, ("reminder", "Leder Biblioteket")]
    await town.pass_minutes(15)
    for _ in range(2):
        await town.tell()
    assert (await town.kinds())[2:] == [("reminder", "Leder Biblioteket"), ("escalation", "Stedfortreder Biblioteket")]
    await town.pass_minutes(600)
    await town.tell()
    assert len(await town.kinds()) == 4


async def test_when_the_deputy_has_answered_nobody_is_asked_further(town: Town) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder")
    await town.contact("Biblioteket", "Redaktør", Part.EDITOR)
    deputy = await town.contact("Biblioteket", "Stedfortreder", Part.DEPUTY)
    activation = await town.activate()
    await town.tell()
    await service.acknowledge_by_telephone(town.db, factories.EDITOR, activation.id, deputy.id)
    await town.pass_minutes(600)
    await town.tell()
    assert "reminder" not in {kind for kind, _ in await town.kinds()}


async def test_without_a_leader_to_reach_the_deputy_is_told_at_once(town: Town) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Stedfortreder", Part.DEPUTY)
    await town.activate()
    await town.tell()
    assert await town.kinds() == [("lock", "Stedfortreder")]


async def test_nobody_who_can_be_reached_is_said_and_told_as_soon_as_there_is_a_way(town: Town) -> None:
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder")
    await town.contact("Biblioteket", "Redaktør", Part.EDITOR, phone=False, email=True)
    activation = await town.activate(Mode.ACTUAL)
    await town.tell(Mode.ACTUAL)
    leader, editor = (await town.people(activation, has_mail=False))["Biblioteket"]
    assert (leader.lack, editor.lack) == (Lack.NO_SENDER, Lack.NO_MAIL)
    await town.sender()
    await town.tell(Mode.ACTUAL)
    leader, editor = (await town.people(activation, has_mail=False))["Biblioteket"]
    assert (leader.lack, editor.lack) == (None, Lack.NO_MAIL)
    assert leader.accepted_at is not None


async def test_a_number_that_is_refused_is_shown_as_a_problem(town: Town) -> None:
    await town.sender()
    await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder")
    activation = await town.activate()
    town.sandbox.fault("twilio", "error", code=21211, status=400)
    await town.tell()
    [leader] = (await town.people(activation))["Biblioteket"]
    assert leader.told_at is None
    assert leader.told[0].sms is DeliveryState.REJECTED
    assert leader.problem


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


async def test_an_open_breach_is_told_to_the_web_editors_once(town: Town) -> None:
    await town.sender()
    account = await town.unit("Biblioteket")
    await town.contact(factories.EDITORS, "Vakt", Part.EDITOR)
    activation = await town.activate()
    await town.tell()
    await _find_breach(town, activation.id, account, "p1")
    for _ in range(2):
        await town.tell()
    assert [kind for kind, _ in await town.kinds()] == ["lock", "breach"]
    assert "som ikke er vårt" in town.texts()[-1]


async def test_of_a_flood_of_breaches_on_one_account_only_the_beginning_is_told(town: Town) -> None:
    await town.sender()
    flooded, other = await town.unit("Biblioteket"), await town.unit("Skolen")
    await town.contact(factories.EDITORS, "Vakt", Part.EDITOR)
    activation = await town.activate()
    await town.tell()
    for number in range(SINGLY + 2):
        await _find_breach(town, activation.id, flooded, f"p{number}")
        await town.tell()
    assert [kind for kind, _ in await town.kinds()] == ["lock", *["breach"] * SINGLY]
    assert "Flere innlegg som ikke er våre" in town.texts()[-1]
    assert [measure(each, Unit.SEGMENTS).count for each in town.texts()] == [1] * (SINGLY + 1)
    await _find_breach(town, activation.id, other, "p99")
    await town.tell()
    assert "Et innlegg som ikke er vårt" in town.texts()[-1]
    async with town.db.transaction() as session:  # an hour later those that nobody has dealt with are told again
        await session.execute(text("UPDATE notifications SET created_at = created_at - interval '61 minutes'"))
    await town.tell()
    assert [kind for kind, _ in await town.kinds()] == ["lock", *["breach"] * (SINGLY + 3)]


async def test_a_breach_that_the_last_look_finds_after_the_stand_down_is_told_too(town: Town) -> None:
    await town.sender()
    account = await town.unit("Biblioteket")
    await town.contact(factories.EDITORS, "Vakt", Part.EDITOR)
    activation = await town.activate()
    await town.tell()
    await stand_down(town.db, factories.DIRECTOR, activation.id)
    await _find_breach(town, activation.id, account, "p1")
    for _ in range(2):
        await town.tell()
    assert [kind for kind, _ in await town.kinds()] == ["lock", "breach"]


async def test_a_post_that_waits_inside_its_platform_is_told_to_its_unit_once(town: Town) -> None:
    await town.sender()
    account = await town.unit("Biblioteket")
    await town.contact("Biblioteket", "Leder", email=True)
    activation = await town.activate()
    await town.tell()
    async with town.db.transaction() as session:
        await session.execute(
            text(
                """
                INSERT INTO planned_posts (mode, activation_id, account_id, reference, text, due_at, state)
                VALUES ('exercise', :activation, :account, 'p1', 'Bokkafé på lørdag', :at, 'left')
                """
            ),
            {"activation": activation.id, "account": account, "at": clock.now() + timedelta(days=3)},
        )
    for _ in range(2):
        await town.tell()
    assert [kind for kind, _ in await town.kinds()] == ["lock", "planned"]
    assert "går ut av seg selv" in town.texts()[-1]
    assert "«Bokkafé på lørdag»" in town.letters()[-1]["text"]


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


async def _find_breach(town: Town, activation: int, account: int, reference: str) -> None:
    found = text(
        """
        INSERT INTO breaches (mode, activation_id, account_id, reference, url, text, posted_at)
        VALUES ('exercise', :activation, :account, :reference, 'https://facebook.test/p1', 'Åpent som vanlig!', now())
        """
    )
    async with town.db.transaction() as session:
        await session.execute(found, {"activation": activation, "account": account, "reference": reference})
