"""Whom the duty asks further while nobody has answered: the leader again, and then the deputy."""

from crisis.mode import Mode
from crisis.notifications import service
from crisis.notifications.models import Part
from crisis.notifications.ways import Lack
from tests import factories
from tests.crisis.notifications.town import Town


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
