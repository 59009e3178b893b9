"""Reports over HTTP: what a drill or a crisis left behind, in each form, and what is written in it."""

import io
import json
import zipfile
from pathlib import Path

from crisis.activations import service
from crisis.bootstrap import Crisis
from crisis.drills import package
from crisis.roles import Role
from tests import factories
from tests.api.conftest import As

SLIDE = "kvikkleireskred"


async def test_the_report_of_a_drill_has_its_figures_and_its_sections_in_the_language_that_is_asked_for(
    as_role: As,
) -> None:
    leader = await as_role(Role.PREPAREDNESS)
    drill = (await leader("POST", "/v1/drills", json={"playbook": SLIDE})).json["id"]
    await leader("POST", f"/v1/drills/{drill}/stop", json={"reason": "slutt"})
    report = (await leader("GET", f"/v1/drills/{drill}/report")).json
    assert (report["about"], report["mode"], report["language"]) == (f"drill:{drill}", "exercise", "nb")
    measures = {each["measure"]: each for each in report["measures"]}
    assert measures["first_message"]["value"] is None
    assert measures["first_message"]["not_measured"]
    assert measures["first_message"]["target"] > 0
    assert [each["key"] for each in report["sections"]][:3] == ["summary", "facts", "timeline"]
    english = (await leader("GET", f"/v1/drills/{drill}/report?language=en")).json
    assert english["subtitle"].startswith("Report")
    assert [each["key"] for each in english["sections"]] == [each["key"] for each in report["sections"]]
    assert (await leader("GET", f"/v1/drills/{drill}/report?language=fr")).status == 422
    assert (await leader("GET", "/v1/drills/999/report")).status == 404


async def test_a_crisis_is_reported_set_and_sealed(as_role: As, crisis: Crisis, tmp_path: Path) -> None:
    activation = await factories.activation(crisis.db)
    await service.stand_down(crisis.db, factories.DIRECTOR, activation.id)
    auditor, path = await as_role(Role.DIRECTOR), f"/v1/activations/{activation.id}"
    report = (await auditor("GET", f"{path}/report")).json
    assert (report["about"], report["mode"]) == (f"activation:{activation.id}", "actual")
    assert len(report["audit_head"]["hash"]) == 64
    pdf = await auditor("GET", f"{path}/report.pdf")
    assert (pdf.status, pdf.headers["Content-Type"], pdf.body[:5]) == (200, "application/pdf", b"%PDF-")
    sealed = await auditor("GET", f"{path}/package")
    assert sealed.headers["Content-Disposition"] == f'attachment; filename="activation-{activation.id}.zip"'
    with zipfile.ZipFile(io.BytesIO(sealed.body)) as opened:
        assert {"manifest.json", "log.jsonl", "report.pdf"} <= set(opened.namelist())
    kept = tmp_path / "package.zip"
    kept.write_bytes(sealed.body)
    found = package.verify(kept)
    assert (found.holds, found.about) == (True, f"activation:{activation.id}")
    entries = (await (await as_role(Role.AUDITOR))("GET", "/v1/audit?limit=500")).json["items"]
    records = [json.loads(each["record"]) for each in entries]
    assert [each["detail"]["manifest"] for each in records if each["action"] == "export_package"] == [found.digest]


async def test_what_is_said_of_it_stands_in_the_report_and_what_is_to_be_better_until_it_is(
    as_role: As, crisis: Crisis
) -> None:
    activation = await factories.activation(crisis.db)
    editor, path = await as_role(Role.EDITOR), f"/v1/activations/{activation.id}"
    said = {"verdict": "went_well", "text": "Alle svarte på varselet.", "once": "8d3f9f0e-98f2-4c5b-9f43-1a7d8b2f6c11"}
    first = await editor("POST", f"{path}/remarks", json=said)
    again = await editor("POST", f"{path}/remarks", json=said)
    assert (first.status, again.json["id"]) == (201, first.json["id"])
    better = said | {"text": "Alle svarte innen ti minutter.", "replaces": first.json["id"], "once": None}
    assert (await editor("POST", f"{path}/remarks", json=better)).status == 201
    assert (await editor("POST", f"{path}/remarks", json=better)).status == 409
    assert (await editor("POST", f"{path}/remarks", json=said | {"text": " ", "once": None})).status == 422
    wanted = {"text": "Skriv vaktlisten ut", "owner": "Beredskapskoordinatoren", "due": "2020-01-01"}
    made = await editor("POST", f"{path}/improvements", json=wanted)
    assert (made.status, made.json["state"], made.json["is_overdue"]) == (201, "open", True)
    assert (await editor("POST", f"{path}/improvements", json=wanted)).json["id"] == made.json["id"]
    report = (await editor("GET", f"{path}/report")).json
    assert [each["text"] for each in report["remarks"]] == ["Alle svarte innen ti minutter."]
    assert [each["text"] for each in report["improvements"]] == ["Skriv vaktlisten ut"]
    assert [each["id"] for each in (await editor("GET", "/v1/improvements")).json["items"]] == [made.json["id"]]
    close = f"/v1/improvements/{made.json['id']}/close"
    assert (await editor("POST", close, json={"state": "open", "outcome": "nei"})).status == 422
    done = await editor("POST", close, json={"state": "done", "outcome": "Den henger på vaktrommet."})
    assert (done.status, done.json["state"], done.json["is_overdue"]) == (200, "done", False)
    assert (await editor("POST", close, json={"state": "done", "outcome": "Igjen"})).status == 409
    assert (await editor("GET", "/v1/improvements")).json["items"] == []
