"""``crisis drill report``, ``package`` and ``verify``, and the same of a real crisis."""

import zipfile
from pathlib import Path

from crisis.bootstrap import Crisis
from tests.crisis.cli.conftest import Shell
from tests.crisis.drills import runs


async def test_a_report_is_shown_and_written(shell: Shell, crisis: Crisis, tmp_path: Path) -> None:
    drill = str(await runs.drill(crisis))
    pdf, html = tmp_path / "r.pdf", tmp_path / "r.html"
    ran = await shell("drill", "report", drill, "--pdf", str(pdf), "--html", str(html), "--language", "en")
    assert ran.code == 0, ran.err
    assert ran.line("First message out")
    assert "The report is in" in ran.said
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "<h1>Quick clay landslide at Moen</h1>" in html.read_text(encoding="utf-8")
    again = await shell("drill", "report", drill, "--pdf", str(pdf))
    assert (again.code, "already" in again.complained) == (1, True)
    told = (await shell("drill", "report", drill, "--json")).json
    assert {each["measure"] for each in told["measures"]} >= {"activate", "first_message", "unlock"}
    nowhere = await shell("drill", "report", "999")
    assert (nowhere.code, "There is no drill 999" in nowhere.complained) == (1, True)


async def test_a_package_is_made_verified_and_found_out(shell: Shell, crisis: Crisis, tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    ran = await shell("activation", "package", str(await runs.real(crisis)), str(path), "--by", "Vakta")
    assert ran.code == 0, ran.err
    digest = ran.out.split()
    held = await shell("drill", "verify", str(path))
    assert (held.code, "The package holds" in held.said) == (0, True)
    assert any(word in held.out for word in digest if len(word) == 64), "both name the manifest"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.txt", "x")
    broken = await shell("drill", "verify", str(path))
    assert (broken.code, "more.txt was added" in broken.said) == (1, True)
    assert (await shell("drill", "verify", str(path), "--json")).json["holds"] is False
    report = await shell("activation", "report", "1")
    assert report.line("Første melding ute")
