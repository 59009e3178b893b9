"""``crisis playbook``."""

from pathlib import Path

import pytest

from tests.crisis.cli.conftest import Shell, put
from tests.crisis.playbooks.sample import FILE, TEXT


async def test_a_playbook_that_can_be_used_is_said_to_be(shell: Shell) -> None:
    ran = await shell("playbook", "check", str(FILE))
    assert ran.code == 0, ran.err
    assert "4 injects, 4 expectations, 2 templates, 4 roles. It can be used." in ran.said


async def test_every_fault_of_every_file_is_said(shell: Shell, tmp_path: Path) -> None:
    one = put(
        tmp_path / "skred.yaml", TEXT.replace("    role: redaktor", "    role: redakter").replace("PT12M", "PT9H")
    )
    two = put(tmp_path / "flom.yaml", "a: &b c\n")
    ran = await shell("playbook", "check", str(one), str(two), str(FILE))
    assert ran.code == 1
    assert "2 faults" in ran.said
    assert "Did you mean “redaktor”?" in ran.said
    assert "after the end of the exercise" in ran.said
    assert "anchors are not allowed" in ran.said
    assert "It can be used." in ran.said
    listed = (await shell("playbook", "check", str(one), "--json")).json
    assert [each["key"] for each in listed[0]["faults"]] == ["injects[2].at", "expectations[2].role"]
    assert listed[0]["faults"][1]["nearest"] == "redaktor"


async def test_what_a_file_says_cannot_steer_the_terminal(shell: Shell, tmp_path: Path) -> None:
    strange = put(tmp_path / "skred.yaml", TEXT.replace("owner:", '"[red]\\e[31mowner":'))
    ran = await shell("playbook", "check", str(strange))
    assert ran.code == 1
    assert "\x1b[31m" not in ran.out
    assert "[red]" in ran.out


async def test_the_folder_is_listed_with_what_cannot_be_used_and_what_is_overdue(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "skred.yaml", TEXT.replace("review_by: 2027-06-01", "review_by: 2020-06-01"))
    put(tmp_path / "flom.yaml", "a: b")
    monkeypatch.setenv("CRISIS_PLAYBOOKS_DIR", str(tmp_path))
    ran = await shell("playbook", "list")
    assert "cannot be used" in ran.line("flom")
    assert "approved" in ran.line("skred")
    assert "looked through by 2020-06-01" in ran.said
    flood, slide = (await shell("playbook", "list", "--json")).json
    assert (flood["title"], slide["overdue"], slide["title"]["en"]) == (None, True, "Quick clay landslide at Moen")
    assert flood["faults"]


async def test_the_schema_is_printed(shell: Shell) -> None:
    assert (await shell("playbook", "schema")).json["title"] == "playbook/1"


@pytest.mark.usefixtures("db")
async def test_an_activation_is_set_with_one(shell: Shell) -> None:
    unknown = await shell("activate", "Skred", "--playbook", "storm")
    assert (unknown.code, "There is no playbook 'storm'" in unknown.complained) == (1, True)
    done = await shell("activate", "Skred", "--playbook", "kvikkleireskred", "--json")
    assert done.json["activation"]["playbook_id"] == "kvikkleireskred"
