"""Plan: what a crisis takes over of a playbook, and that nothing of the exercise comes with it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.errors import Invalid, NotFound
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.playbooks.faults import PlaybookRefused
from crisis.playbooks.plan import Plan, carry, choices, of_activation
from crisis.playbooks.shelf import Shelf
from crisis.targets import TARGETS, Measure
from tests.crisis.playbooks.sample import KNOWN, TEXT
from tests.factories import DIRECTOR


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """One that is approved, one that is not, and one that cannot be used."""
    draft = TEXT.replace("id: skred", "id: utkast").replace("status: approved", "status: draft")
    for name, content in {"skred": TEXT, "utkast": draft, "flom": "a: b"}.items():
        (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
    return Shelf(tmp_path, KNOWN)


def plan_of(shelf: Shelf) -> Plan:
    return Plan.model_validate(carry(shelf, "skred", Mode.ACTUAL).plan)


def test_nothing_of_the_exercise_is_carried(shelf: Shelf) -> None:
    carried = carry(shelf, "skred", Mode.ACTUAL)
    assert set(carried.plan) == {
        "id", "version", "title", "hazard", "area", "targets", "roles", "languages", "blanks", "templates",
    }  # fmt: skip
    assert "Prøv å publisere" not in str(carried.plan)
    assert (carried.playbook_id, carried.version, carried.sha256) == ("skred", "1.0.0", shelf.entry("skred").sha256)


def test_only_what_is_approved_meets_a_real_crisis(shelf: Shelf) -> None:
    assert [each.id for each in choices(shelf, Mode.ACTUAL)] == ["skred"]
    assert [each.id for each in choices(shelf, Mode.EXERCISE)] == ["skred", "utkast"]
    with pytest.raises(Invalid, match="approved ones alone"):
        carry(shelf, "utkast", Mode.ACTUAL)
    assert carry(shelf, "utkast", Mode.EXERCISE).playbook_id == "utkast"
    with pytest.raises(PlaybookRefused):
        carry(shelf, "flom", Mode.EXERCISE)
    with pytest.raises(NotFound):
        carry(shelf, "storm", Mode.ACTUAL)


def test_its_texts_are_templates_like_the_librarys(shelf: Shelf) -> None:
    plan = plan_of(shelf)
    (alert,) = plan.offered(Kind.ALERT)
    assert (alert.hazard, alert.id, list(alert.blanks)) == ("landslide", "alert", ["område"])
    assert (
        alert.filled({"område": "Elvesletta"}, ("nb",))["nb"]["headline"] == "Skred ved Elvesletta: Gå ut av området nå"
    )
    assert alert.name["en"] == "Første melding (nb)", "what is not there in a language says so"
    assert [each.id for each in plan.offered(Kind.ALL_CLEAR)] == ["over"]
    assert plan.offered(Kind.UPDATE) == []
    assert plan.find(Kind.UPDATE, "alert") is None, "an alert's text is for no update"


def test_its_targets_go_before_the_ordinary_ones(shelf: Shelf) -> None:
    within = plan_of(shelf).within
    assert within[Measure.FIRST_MESSAGE] == timedelta(minutes=10)
    assert {**within, Measure.FIRST_MESSAGE: TARGETS[Measure.FIRST_MESSAGE]} == TARGETS


def test_its_roles_are_those_of_a_crisis(shelf: Shelf) -> None:
    assert [each.id for each in plan_of(shelf).players] == ["leder", "redaktor", "bibliotek"]


async def test_an_activation_keeps_it_as_it_was_then(crisis: Crisis, shelf: Shelf, tmp_path: Path) -> None:
    carried = carry(shelf, "skred", Mode.ACTUAL)
    done = await service.activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Skred", carried)
    (tmp_path / "skred.yaml").unlink()
    async with crisis.db.transaction() as session:
        plan = await of_activation(session, done.activation.id)
        found = await service.find_current(session, Mode.ACTUAL)
        said = await session.scalar(text("SELECT record::jsonb FROM audit WHERE action = 'activate'"))
    assert plan is not None
    assert plan.roles[0].checklist[0].get("nn") == "Set krisestab."
    assert found is not None
    assert found.playbook_id == "skred"
    assert carried.sha256 in str(said)


async def test_one_that_comes_second_changes_no_plan(crisis: Crisis, shelf: Shelf) -> None:
    first = await service.activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Skred")
    again = await service.activate(crisis.db, DIRECTOR, Mode.ACTUAL, "Skred", carry(shelf, "skred", Mode.ACTUAL))
    assert (again.created, again.activation.id, again.activation.playbook_id) == (False, first.activation.id, None)
    async with crisis.db.transaction() as session:
        assert await of_activation(session, first.activation.id) is None
