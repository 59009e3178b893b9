"""Upkeep: the crisis page is there in peace, is quiet again after a stand-down, and nobody has to think of it."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from crisis.activations import service
from crisis.activations.models import thread_of
from crisis.bootstrap import Crisis, channels_for, engine_for, setup_for
from crisis.channels import Misconfigured, Upkeep
from crisis.deliveries.engine import Engine
from crisis.deliveries.upkeep import Keeper, over
from crisis.lanes import Lane
from crisis.mode import Mode
from tests import factories
from tests.crisis.deliveries.outlet import Outlet


def read(engine_folder: Path, name: str = "index.html") -> str:
    return (engine_folder / name).read_text(encoding="utf-8")


async def test_the_first_sweep_writes_the_page_before_anybody_has_said_anything(live: Engine, crisis: Crisis) -> None:
    folder = crisis.settings.crisis_page_dir
    assert not folder.exists()
    await live.sweep()
    assert "Det er ingen pågående krise" in read(folder)
    assert "Det er inga pågåande krise" in read(folder, "nn.html")


async def test_a_crisis_is_on_the_page_until_it_is_stood_down_and_kept_after_it(live: Engine, crisis: Crisis) -> None:
    folder = crisis.settings.crisis_page_dir
    await factories.account(crisis, "website", address="https://krise.fjordvik.kommune.no")
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id)
    await live.deliver(Lane.PUBLIC)
    await live.sweep()
    assert "Pågående krise" in read(folder)
    await service.stand_down(crisis.db, factories.DIRECTOR, activation.id)
    await live.sweep()
    assert "Det er ingen pågående krise" in read(folder)
    archive = f"archive-{thread_of(activation.id)}.html"
    assert f'href="{archive}"' in read(folder)
    assert factories.SLIDE["nb"]["headline"] in read(folder, archive)


async def test_what_is_approved_goes_out_as_cap_with_its_own_fields_and_lasting_numbers(
    live: Engine, crisis: Crisis
) -> None:
    folder = crisis.settings.crisis_page_dir
    await factories.account(crisis, "website", address="https://krise.fjordvik.kommune.no")
    activation = await factories.activation(crisis.db)
    approved = await factories.approved_alert(crisis, activation.id)
    await live.deliver(Lane.PUBLIC)
    name = f"message-{activation.activated_at.year}-{activation.id:04d}-{approved.revision.id}.cap.xml"
    cap = read(folder, name)
    assert f"<areaDesc>{factories.SLIDE['nb']['where']}</areaDesc>" in cap
    assert "<status>Actual</status>" in cap
    held = json.loads(next(folder.glob(".entries/nb/*.json")).read_bytes())
    assert held["cap"]["identifier"].endswith(f"-{approved.revision.id}")
    retracted = await crisis.desk.retract(factories.EDITOR, approved.revision.message_id)
    assert retracted.revision
    await live.deliver(Lane.PUBLIC)
    cancel = read(folder, name.replace(f"-{approved.revision.id}.", f"-{retracted.revision.id}."))
    assert "<msgType>Cancel</msgType>" in cancel
    assert f",{held['cap']['identifier']}," in cancel
    assert factories.SLIDE["nb"]["headline"] in cancel.partition("<note>")[2].partition("</note>")[0]


async def test_each_mode_is_told_of_its_own_crises_alone(crisis: Crisis) -> None:
    actual = await factories.activation(crisis.db)
    exercise = await factories.activation(crisis.db, Mode.EXERCISE)
    await service.stand_down(crisis.db, factories.DIRECTOR, exercise.id)
    async with crisis.db.transaction() as session:
        assert await over(session, Mode.ACTUAL) == {}
        assert list(await over(session, Mode.EXERCISE)) == [thread_of(exercise.id)]
    await service.stand_down(crisis.db, factories.DIRECTOR, actual.id)
    async with crisis.db.transaction() as session:
        ended = await service.get(session, actual.id)
        assert await over(session, Mode.ACTUAL) == {thread_of(actual.id): ended.stood_down_at}


class Kept(Outlet):
    """A channel that is read in peace too, and cannot be written for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Mapping[str, datetime]] = []
        self.failing = ""

    async def keep(self, over: Mapping[str, datetime]) -> None:
        self.told.append(over)
        if self.failing:
            raise Misconfigured(self.failing)

    async def faults(self) -> list[tuple[str, str]]:
        return []


async def test_what_cannot_be_kept_up_is_said_once_and_does_not_stop_the_others(
    crisis: Crisis, caplog: pytest.LogCaptureFixture
) -> None:
    broken, well = Kept(), Kept()
    keeper = Keeper(crisis.db, Mode.ACTUAL, {"broken": broken, "well": well, "outlet": Outlet()})
    broken.failing = "The folder cannot be written."
    with caplog.at_level(logging.WARNING, "crisis.deliveries.upkeep"):
        for _ in range(3):
            await keeper.keep()
        assert caplog.text.count("could not be kept up. The folder cannot be written.") == 1
        broken.failing = ""
        await keeper.keep()
        assert "broken (actual) is kept up again." in caplog.text
    assert len(broken.told) == len(well.told) == 4


async def test_an_exercises_page_is_marked_in_peace_too_and_the_publics_is_not_touched(crisis: Crisis) -> None:
    exercise = crisis.settings.without_secrets().model_copy(update={"sandbox_url": "http://127.0.0.1:9"})
    engine = engine_for(Mode.EXERCISE, exercise, crisis.db)
    await engine.sweep()
    page = read(exercise.exercise_page_dir)
    assert page.index("ØVELSE ØVELSE ØVELSE") < page.index("Det er ingen pågående krise")
    assert not crisis.settings.crisis_page_dir.exists()


def test_only_the_public_page_has_a_second_place(crisis: Crisis, tmp_path: Path) -> None:
    settings = crisis.settings.model_copy(
        update={"second_public_dir": tmp_path / "second", "sandbox_url": "http://127.0.0.1:9"}
    )
    assert setup_for(Mode.ACTUAL, settings).second_public_dir == tmp_path / "second"
    assert setup_for(Mode.EXERCISE, settings).second_public_dir is None
    assert isinstance(channels_for(Mode.ACTUAL, settings)["website"], Upkeep)
    assert replace(setup_for(Mode.ACTUAL, settings), second_public_dir=None).imprint.radio == "NRK P1"
