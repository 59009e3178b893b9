"""``crisis recipients``."""

import stat
from pathlib import Path

import pytest

from tests.crisis.cli.conftest import Shell, put

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three people, one of them twice, and thirty lines nobody can use."""
    path = tmp_path / "innbyggere.csv"
    bad = "".join(f"22 00 {n:02d} 0000000,nb\n" for n in range(30))
    path.write_text(
        f"number,language\n40000001,nb\n+47 400 00 002,nn\n40000003,en\n0047 40000001,nb\n{bad}", encoding="utf-8"
    )
    return path


async def test_an_import_reports_every_rejected_line_without_any_number(shell: Shell, file: Path) -> None:
    ran = await shell("recipients", "import", str(file), "--audience", "Alle")
    assert ran.code == 0, ran.err
    assert "Alle: 3 recipients. Of 34 rows, 1 repeated a number and 30 were rejected." in ran.said
    rejected = file.with_name("innbyggere.csv.rejected.csv")
    lines = rejected.read_text().splitlines()
    assert lines[0] == "line,reason"
    assert [line.split(",")[0] for line in lines[1:]] == [str(n) for n in range(6, 36)]
    assert stat.S_IMODE(rejected.stat().st_mode) == 0o600
    assert ran.out.count("not a number in use in its country") == 20
    assert "10 more, and all of them, are in" in ran.said
    for told in (ran.out, rejected.read_text()):
        assert "0000000" not in told
        assert "4000000" not in told


async def test_a_file_with_nothing_to_reject_leaves_no_report(shell: Shell, file: Path) -> None:
    put(file, "40000001\n40000002\n")
    ran = await shell("recipients", "import", str(file), "--audience", "Alle", "--json")
    assert ran.json["added"] == 2
    assert ran.json["rejected_file"] is None
    assert list(file.parent.glob("*.rejected.csv")) == []


async def test_an_audience_is_replaced_only_when_told_to(shell: Shell, file: Path) -> None:
    await shell("recipients", "import", str(file), "--audience", "Alle")
    refused = await shell("recipients", "import", str(file), "--audience", "Alle")
    assert refused.code == 1
    assert "There is an audience 'Alle' already." in refused.complained
    put(file, "40000009\n")
    assert (await shell("recipients", "import", str(file), "--audience", "Alle", "--replace")).code == 0
    assert [each["recipients"] for each in (await shell("recipients", "list", "--json")).json] == [1]


async def test_a_file_nobody_can_use_still_says_why_line_by_line(shell: Shell, file: Path) -> None:
    put(file, "number\n112\nikke oppgitt\n")
    ran = await shell(
        "recipients", "import", str(file), "--audience", "Alle", "--rejected", str(file.with_name("r.csv"))
    )
    assert ran.code == 1
    assert "No usable number is in the file" in ran.complained
    assert "emergency number" in ran.said
    assert "letters" in file.with_name("r.csv").read_text()
    assert (await shell("recipients", "list")).said.startswith("There is no audience yet.")


async def test_one_person_is_forgotten_and_cannot_be_forgotten_twice(shell: Shell, file: Path) -> None:
    await shell("recipients", "import", str(file), "--audience", "Alle")
    ran = await shell("recipients", "forget", "400 00 001", "--by", "Personvernombudet")
    assert ran.code == 0, ran.err
    assert [each["recipients"] for each in (await shell("recipients", "list", "--json")).json] == [2]
    again = await shell("recipients", "forget", "400 00 001")
    assert again.code == 1
    assert "…01" in again.complained
    assert "40000001" not in again.err.replace(" ", "")
    log = (await shell("audit", "list", "--last", "1", "--json")).json
    assert (log[0]["actor"], log[0]["action"]) == ("Personvernombudet", "forget_number")


async def test_purging_needs_a_day_at_least(shell: Shell) -> None:
    assert (await shell("recipients", "purge", "--days", "0")).code == 1
    assert (await shell("recipients", "purge", "--json")).json == {"erased": 0}
