"""Shelf: what lies in the folder, with what is wrong with it, and nobody taken down by somebody else."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from crisis.errors import NotFound
from crisis.playbooks.faults import PlaybookRefused
from crisis.playbooks.shelf import Shelf
from tests.crisis.playbooks.sample import KNOWN, TEXT, whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A playbook that can be used, one that cannot, one that is not ready, and something else."""
    (tmp_path / "skred.yaml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "flom.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "utkast.yml").write_text(
        TEXT.replace("id: skred", "id: utkast").replace("status: approved", "status: draft"), encoding="utf-8"
    )
    (tmp_path / "README.md").write_text("# Playbooks", encoding="utf-8")
    return tmp_path


def test_one_that_cannot_be_used_is_listed_with_its_faults_beside_the_others(folder: Path) -> None:
    flood, slide, draft = Shelf(folder, KNOWN).entries()
    assert (flood.id, flood.playbook, flood.is_offered) == ("flom", None, False)
    assert "no YAML" in flood.faults[0].said
    assert (slide.playbook, slide.faults, slide.is_offered) == (whole(), (), True)
    assert slide.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (draft.id, draft.is_offered) == ("utkast", False)
    assert [each.id for each in Shelf(folder, KNOWN).offered()] == ["skred"]


def test_one_is_had_by_its_name(folder: Path) -> None:
    shelf = Shelf(folder, KNOWN)
    assert shelf.get("skred") == whole()
    with pytest.raises(PlaybookRefused):
        shelf.get("flom")
    for strange in ("storm", "../skred", "README"):
        with pytest.raises(NotFound, match="flom, skred, utkast"):
            shelf.get(strange)


def test_a_file_that_is_mended_is_read_again_and_one_that_stays_is_not(folder: Path) -> None:
    shelf = Shelf(folder, KNOWN)
    before = {each.id: each for each in shelf.entries()}
    (folder / "flom.yaml").write_text(TEXT.replace("id: skred", "id: flom"), encoding="utf-8")
    after = {each.id: each for each in shelf.entries()}
    assert after["flom"].playbook is not None
    assert after["skred"] is before["skred"]
    (folder / "flom.yaml").unlink()
    assert [each.id for each in shelf.entries()] == ["skred", "utkast"]


def test_a_playbook_is_overdue_the_day_after_it_should_have_been_looked_through(folder: Path) -> None:
    entry = Shelf(folder, KNOWN).entry("skred")
    assert [entry.overdue(date(2027, 6, day)) for day in (1, 2)] == [False, True]
    assert not Shelf(folder, KNOWN).entry("flom").overdue(date(2099, 1, 1))


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "none", KNOWN)
    assert shelf.entries() == []
    with pytest.raises(NotFound, match="There is none in"):
        shelf.get("skred")
