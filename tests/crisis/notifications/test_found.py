"""What the duty tells of what was found out there: posts that are not ours, and posts that wait in their platform."""

from datetime import timedelta

from sqlalchemy import text

from crisis import clock
from crisis.activations.service import stand_down
from crisis.channels import Unit
from crisis.messages.lengths import measure
from crisis.notifications.due import SINGLY
from crisis.notifications.models import Part
from tests import factories
from tests.crisis.notifications.town import Town


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


async def _find_breach(town: Town, activation: int, account: int, reference: str) -> None:
    found = text(
        """
        INSERT INTO breaches (mode, activation_id, account_id, reference, url, text, posted_at)
        VALUES ('exercise', :activation, :account, :reference, 'https://facebook.test/p1', 'Åpent som vanlig!', now())
        """
    )
    async with town.db.transaction() as session:
        await session.execute(found, {"activation": activation, "account": account, "reference": reference})
