"""The sealed package: everything is in it, no number of anybody's is, and whatever is altered shows."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.drills import exporting, package
from crisis.drills.exporting import Package
from crisis.drills.report.service import Reports
from crisis.drills.subject import Subject
from crisis.errors import Invalid, NotAllowed
from crisis.roles import Actor, Role
from tests import factories
from tests.crisis.drills import runs
from tests.crisis.drills.runs import LEADER

Files = Mapping[str, bytes]


async def made(crisis: Crisis, subject: Subject) -> Package:
    return await exporting.make(LEADER, subject, Reports.of(crisis), "nb")


def opened(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


async def test_a_drills_package_has_everything_and_says_which_bytes(crisis: Crisis, tmp_path: Path) -> None:
    drill_id = await runs.drill(crisis)
    done = await made(crisis, Subject(drill_id=drill_id))
    files = opened(done.body)
    assert set(files) == {
        "manifest.json", "log.jsonl", "messages.json", "measures.json", "improvements.json", "remarks.json", "report.html",
        "report.pdf", "drill.json", "answers.json", "playbook.json",
    }  # fmt: skip
    manifest = json.loads(files["manifest.json"])
    assert manifest["about"] == f"drill:{drill_id}"
    assert manifest["mode"] == "exercise"
    assert {name: each["sha256"] for name, each in manifest["files"].items()} == {
        name: hashlib.sha256(body).hexdigest() for name, body in files.items() if name != "manifest.json"
    }
    assert json.loads(files["playbook.json"]) == json.loads(json.dumps(runs.PLAYBOOK))
    assert json.loads(files["messages.json"])[0]["texts"][0]["text"].startswith("ØVELSE ØVELSE ØVELSE")
    assert {each["measure"] for each in json.loads(files["measures.json"])} >= {"first_message", "lock_integrity"}
    path = tmp_path / done.name
    path.write_bytes(done.body)
    verdict = package.verify(path)
    assert verdict.holds, verdict.faults
    assert verdict.digest == done.digest
    assert verdict.entries == len(files["log.jsonl"].splitlines())


async def test_a_real_crisis_is_packed_too_and_both_are_on_record(crisis: Crisis, tmp_path: Path) -> None:
    done = await made(crisis, Subject(activation_id=await runs.real(crisis)))
    assert "drill.json" not in opened(done.body)
    (tmp_path / "p.zip").write_bytes(done.body)
    assert package.verify(tmp_path / "p.zip").about == "activation:1"
    async with crisis.db.transaction() as session:
        newest = "SELECT record::jsonb -> 'detail' ->> 'manifest' FROM audit WHERE action = 'export_package'"
        assert (await session.execute(text(newest))).scalars().all() == [done.digest]


async def test_it_has_the_log_of_that_run_and_no_other_and_every_entry_proves_itself(crisis: Crisis) -> None:
    await runs.real(crisis, "Flom i Elva")
    drill_id = await runs.drill(crisis)
    entries = [
        json.loads(line)
        for line in opened((await made(crisis, Subject(drill_id=drill_id))).body)["log.jsonl"].splitlines()
    ]
    assert "Flom i Elva" not in json.dumps(entries, ensure_ascii=False)
    actions = [json.loads(each["record"])["action"] for each in entries]
    assert actions == ["activate", "confirm", "write", "approve", "acknowledge", "note", "stand_down"]
    for each in entries:
        assert hashlib.sha256(bytes.fromhex(each["previous"]) + each["record"].encode()).hexdigest() == each["hash"]
    (note,) = [each["note"] for each in entries if "note" in each]
    assert note["is_whole"]
    assert note["text"].startswith("Facebook er nede.")


async def test_no_number_of_a_recipient_is_in_it(crisis: Crisis) -> None:
    await factories.account(crisis, "sms")
    people = await factories.audience(crisis, 3)
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id, audience_id=people)
    files = opened((await made(crisis, Subject(activation_id=activation.id))).body)
    everything = b"".join(body for name, body in files.items() if name != "report.pdf")
    assert b"sms" in everything
    for number in range(3):
        for written in (f"474{number:07d}", f"4{number:07d}"):
            assert written.encode() not in everything
    assert b"recipient" not in files["messages.json"]
    assert not re.search(rb"\.\d{4,}", files["measures.json"]), "a float's last digits may look like a number, too"


async def test_it_takes_the_right_to_take_the_log_away(crisis: Crisis) -> None:
    drill_id = await runs.drill(crisis)
    with pytest.raises(NotAllowed):
        await exporting.make(Actor("x", Role.SWITCHBOARD), Subject(drill_id=drill_id), Reports.of(crisis), "nb")


def _entry(line: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    entry = json.loads(line)
    change(entry)
    return json.dumps(entry, ensure_ascii=False).encode()


def _rewritten(files: dict[str, bytes], name: str, body: bytes) -> dict[str, bytes]:
    """As somebody would who knows how: the manifest's check sum mended too."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"][name]["sha256"] = hashlib.sha256(body).hexdigest()
    return files | {name: body, "manifest.json": json.dumps(manifest).encode()}


async def test_whatever_is_altered_is_named(crisis: Crisis, tmp_path: Path) -> None:
    files = opened((await made(crisis, Subject(drill_id=await runs.drill(crisis)))).body)
    lines = files["log.jsonl"].splitlines()

    def faults(altered: Files) -> str:
        return "\n".join(package.verify(packed(tmp_path / "x.zip", altered)).faults)

    assert faults(files) == ""
    assert "report.html was altered" in faults(files | {"report.html": files["report.html"].replace(b"Moen", b"Byen")})
    assert "messages.json is missing" in faults({name: body for name, body in files.items() if name != "messages.json"})
    assert "extra.txt was added" in faults(files | {"extra.txt": b"x"})

    def blame(entry: dict[str, Any]) -> None:
        entry["record"] = entry["record"].replace("Kommunedirektøren", "Ordføreren")

    forged = b"\n".join([_entry(lines[0], blame), *lines[1:]]) + b"\n"
    assert "log.jsonl was altered" in faults(files | {"log.jsonl": forged})
    seq = json.loads(lines[0])["seq"]
    assert f"entry {seq} was altered" in faults(_rewritten(files, "log.jsonl", forged)), "also with the manifest mended"

    def reckon(entry: dict[str, Any]) -> None:
        blame(entry)
        previous = bytes.fromhex(entry["previous"])
        entry["hash"] = hashlib.sha256(previous + entry["record"].encode()).hexdigest()

    cunning = b"\n".join([_entry(lines[0], reckon), *lines[1:]]) + b"\n"
    assert f"does not follow entry {seq}" in faults(_rewritten(files, "log.jsonl", cunning)), "the next one tells on it"
    broken = b"\n".join([b"[" * 100_000, b"{}", *lines]) + b"\n"
    assert "line 1 was altered" in faults(_rewritten(files, "log.jsonl", broken))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"manifest.json": b"{"},
        {"manifest.json": b"[" * 100_000},
        {"manifest.json": b'{"format": "crisis-package/1", "files": []}'},
        {"manifest.json": b'{"format": "crisis-package/2", "files": {}}'},
        {"manifest.json": b" " * ((1 << 20) + 1)},
        {f"{number}": b"" for number in range(101)},
    ],
)
def test_what_is_no_package_is_refused(tmp_path: Path, files: Files) -> None:
    with pytest.raises(Invalid):
        package.verify(packed(tmp_path / "x.zip", files))


def test_a_bomb_and_what_is_no_zip_are_refused_without_reading_them(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("zeros", "w") as member,
    ):
        member.write(b"x")
    # What it claims to hold is believed first: no byte of it is unpacked.
    raw = bytearray(bomb.read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    bomb.write_bytes(raw)
    with pytest.raises(Invalid, match="larger than any package"):
        package.verify(bomb)
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04nothing")
    for path in (tmp_path / "no.zip", tmp_path / "gone.zip", tmp_path):
        with pytest.raises(Invalid):
            package.verify(path)
