"""What people do about levers: keep some taken, give back by unit, say that it was done by hand, and try one."""

import json
from collections.abc import Mapping

import pytest
from sqlalchemy import text

from crisis.channels import Channel
from crisis.db import Database
from crisis.deliveries.book import Openers
from crisis.errors import Conflict, NotAllowed, NotFound
from crisis.levers import kept, service
from crisis.levers.rescue import rescue
from crisis.levers.service import CannotTry
from crisis.mode import Mode
from tests import factories
from tests.crisis.levers.platform import Platform
from tests.crisis.levers.remote_lever import RemoteLever, admin
from tests.crisis.levers.town import ALL_BACK, ALL_PULLED, Town


async def entries(town: Town, action: str) -> list[dict[str, object]]:
    async with town.db.transaction() as session:
        records = [json.loads(each) for each in await session.scalars(text("SELECT record FROM audit ORDER BY seq"))]
    return [each["detail"] for each in records if each["action"] == action]


async def test_access_is_given_back_unit_by_unit_where_that_was_said_before_the_stand_down(town: Town) -> None:
    activation = await town.activate()
    await town.settle()
    assert await service.hold_back(town.db, factories.DIRECTOR, activation.id) == 3
    assert await service.hold_back(town.db, factories.DIRECTOR, activation.id, ["pool"], held=False) == 1
    with pytest.raises(Conflict, match="is in force"):
        await service.restore(town.db, factories.DIRECTOR, activation.id, "library")
    await town.stand_down(activation)
    await town.settle()
    assert await town.states() == ALL_PULLED | {"pool": "restored"}
    calls = len(town.platform.calls)
    await town.later(2)
    assert len(town.platform.calls) == calls, "what is held back is let alone, and not pulled again when it is over"
    assert await service.restore(town.db, factories.DIRECTOR, activation.id, "library") == [town.ids["library"]]
    await town.settle()
    assert await town.states() == ALL_BACK | {"school": "pulled"}
    assert await service.restore(town.db, factories.DIRECTOR, activation.id) == [town.ids["school"]]
    await town.settle()
    assert town.platform.is_as_before
    with pytest.raises(Conflict, match="stood down already"):
        await service.hold_back(town.db, factories.DIRECTOR, activation.id)
    assert [each["unit"] for each in await entries(town, "restore_levers")] == ["library", None]


async def test_what_was_held_back_is_taken_over_by_the_next_activation_and_ends_with_it(town: Town) -> None:
    first = await town.activate()
    await town.settle()
    await service.hold_back(town.db, factories.DIRECTOR, first.id, ["school"])
    await town.stand_down(first)
    await town.settle()
    second = await town.activate()
    await town.settle()
    await town.stand_down(second)
    await town.settle()
    assert await town.states(first) == ALL_BACK
    assert await town.states(second) == ALL_BACK
    assert town.platform.is_as_before


async def test_it_takes_whoever_may_stand_down(town: Town) -> None:
    activation = await town.activate()
    for act in (service.hold_back, service.restore):
        with pytest.raises(NotAllowed):
            await act(town.db, factories.EDITOR, activation.id)
    with pytest.raises(NotAllowed):
        await service.given_back(town.db, factories.EDITOR, activation.id, town.ids["school"])
    with pytest.raises(NotFound):
        await service.restore(town.db, factories.DIRECTOR, 4711)


async def test_a_person_says_that_it_was_given_back_by_hand(db: Database) -> None:
    with Platform("library") as platform:
        town = Town(db, platform, RemoteLever(platform.url, is_reversible=False))
        await town.build()
        activation = await town.activate()
        await town.settle()
        number = town.ids["library"]
        with pytest.raises(Conflict, match="Nothing waits to be given back by hand on library"):
            await service.given_back(db, factories.DIRECTOR, activation.id, number)
        await town.stand_down(activation)
        await town.settle()
        await service.given_back(db, factories.DIRECTOR, activation.id, number)
        assert await town.states() == {"library": "restored"}
        second = await town.activate()
        await town.settle()
        assert (await town.row("library")).saved["rights"][0]["rights"] == ["read"], "what was so is over and done with"
        assert await town.states(second) == {"library": "pulled"}


async def test_without_a_worker_each_lever_is_told_as_it_ends_and_patience_has_one(town: Town) -> None:
    activation = await town.activate()
    await town.settle()
    await town.stand_down(activation)
    town.platform.down.add("school")
    await service.restore(town.db, factories.OPERATOR, activation.id)
    async with town.db.transaction() as session:
        held = await kept.read(session, Mode.ACTUAL, activation.id)
        assert held[0].saved is not None
        json.dumps([each.to_json() for each in held])  # it can be kept outside
    ids = [each.id for each in held if each.account != "pool"]
    ended = [each async for each in rescue(town.db, town.levers, Mode.ACTUAL, ids, patience=0.5)]
    assert [(each.account, each.state.value) for each in ended] == [("library", "restored"), ("school", "restoring")]
    assert await town.states() == ALL_PULLED | {"library": "restored", "school": "restoring", "pool": "restoring"}
    assert town.platform.writers("pool") == [], "it was not asked for"


async def test_a_lever_is_tried_without_pulling_it(town: Town) -> None:
    town.platform.accounts["library"]["2"]["is_removable"] = False

    def outside(_: Mode) -> tuple[Mapping[str, Channel], Openers]:
        return {"facebook": town.lever}, Openers(admin, lambda *_: "", admin)  # type: ignore[dict-item]

    seen = await service.look(town.db, factories.OPERATOR, town.ids["library"], outside)
    assert [(each.name, each.is_removable) for each in seen.open_to] == [
        ("Kari of library", True),
        ("Per of library", False),
    ]
    assert [method for method, _ in town.platform.calls] == ["GET"]
    assert await entries(town, "try_lever") == [{"open_to": 2, "stay": 1}]
    await town.run("UPDATE accounts SET admin_credentials = NULL WHERE id = :id", id=town.ids["school"])
    with pytest.raises(CannotTry, match="No administrator's credentials"):
        await service.look(town.db, factories.OPERATOR, town.ids["school"], outside)
    with pytest.raises(NotAllowed):
        await service.look(town.db, factories.DIRECTOR, town.ids["library"], outside)
