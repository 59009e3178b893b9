"""The duty: who is told what and when, through the real engine and the real sandbox."""

import re

from crisis.channels import Unit
from crisis.deliveries.states import DeliveryState
from crisis.messages.lengths import GSM_7, measure
from crisis.mode import Mode
from crisis.notifications.models import Part
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
