"""Who has read a message, and who must still be told."""

from datetime import timedelta

import pytest

from crisis.bootstrap import Crisis
from crisis.errors import Conflict, NotAllowed
from crisis.logbook import acknowledgements
from crisis.logbook.acknowledgements import acknowledge
from crisis.logbook.models import Party
from crisis.roles import Actor, Role
from tests import factories
from tests.factories import EDITOR

SWITCHBOARD = Actor("Sentralbordet", Role.SWITCHBOARD)


async def sent(crisis: Crisis) -> tuple[int, int]:
    """An approved alert; the activation's id and the revision's."""
    await factories.account(crisis, "website")
    activation = await factories.activation(crisis.db)
    return activation.id, (await factories.approved_alert(crisis, activation.id)).revision.id


async def tasks(crisis: Crisis, activation_id: int) -> dict[Party, bool]:
    async with crisis.db.transaction() as session:
        return {each.party: each.done is not None for each in await acknowledgements.tasks(session, activation_id)}


async def test_the_switchboard_says_that_it_has_read_it(crisis: Crisis) -> None:
    activation_id, revision_id = await sent(crisis)
    assert await tasks(crisis, activation_id) == {Party.SWITCHBOARD: False, Party.EMPLOYEES: False}
    first, again = [await acknowledge(crisis.db, SWITCHBOARD, revision_id) for _ in range(2)]
    assert (first.id, first.party) == (again.id, Party.SWITCHBOARD)
    assert await tasks(crisis, activation_id) == {Party.SWITCHBOARD: True, Party.EMPLOYEES: False}


async def test_an_editor_says_that_the_employees_were_told_and_a_unit_speaks_for_itself_alone(crisis: Crisis) -> None:
    activation_id, revision_id = await sent(crisis)
    await acknowledge(crisis.db, EDITOR, revision_id, Party.EMPLOYEES)
    assert (await tasks(crisis, activation_id))[Party.EMPLOYEES]
    unit = Actor("Bibliotekaren", Role.UNIT, "biblioteket")
    assert (await acknowledge(crisis.db, unit, revision_id)).party is Party.UNIT
    with pytest.raises(NotAllowed):
        await acknowledge(crisis.db, unit, revision_id, Party.EMPLOYEES)
    with pytest.raises(NotAllowed):
        await acknowledge(crisis.db, Actor("Admin", Role.ADMIN), revision_id)


async def test_what_was_never_sent_has_nobody_read(crisis: Crisis) -> None:
    activation = await factories.activation(crisis.db)
    draft = await factories.alert(crisis, activation.id)
    with pytest.raises(Conflict):
        await acknowledge(crisis.db, SWITCHBOARD, draft.id)
    assert await tasks(crisis, activation.id) == {}


async def test_a_newer_message_asks_anew(crisis: Crisis) -> None:
    activation_id, revision_id = await sent(crisis)
    await acknowledge(crisis.db, SWITCHBOARD, revision_id)
    newer = await factories.approved_alert(crisis, activation_id)
    async with crisis.db.transaction() as session:
        found = await acknowledgements.tasks(session, activation_id)
        assert {each.revision_id for each in found} == {newer.revision.id}
        assert not any(each.done for each in found)
        assert newer.revision.approved_at is not None
        assert found[0].due_at - newer.revision.approved_at == timedelta(minutes=10)
        assert revision_id in await acknowledgements.of_activation(session, activation_id)
