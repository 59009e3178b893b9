"""Exporting: a run as one sealed file, to keep where this service is not, and to show later that nobody has changed it.

A zip with ``manifest.json``, which has the SHA-256 of every other file and the audit log's head; ``log.jsonl``, every entry of the log as it
was hashed, with its own hash and the one before it; the messages as sent, the report as a page and as a PDF, the answers, the
improvements and the playbook. The manifest's own SHA-256 goes into the audit log: who holds the log can tell a package that was made
here from one that was made to look like it. No telephone number of any recipient is in it: nothing that is read here knows one.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.audit import chain
from crisis.db import Database
from crisis.drills.measures.figure import Figure
from crisis.drills.report import page
from crisis.drills.report.material import Material
from crisis.drills.report.service import Reports
from crisis.drills.report.timeline import clocked
from crisis.drills.subject import Subject
from crisis.logbook.reading import Log
from crisis.roles import Act, Actor, require

FORMAT: Final = "crisis-package/1"
MANIFEST: Final = "manifest.json"
LOG: Final = "log.jsonl"

# The log of the activation, and every act on the drill itself, each with the hash before it.
_OWN = text(
    """
    SELECT e.seq, e.record, encode(e.hash, 'hex') AS hash FROM audit e
    WHERE e.record::jsonb ->> 'subject' = :subject AND e.seq <= :until ORDER BY e.seq
    """
)
_BEFORE = text("SELECT seq, encode(hash, 'hex') AS hash FROM audit WHERE seq = ANY(:numbers)")


@dataclass(frozen=True, slots=True)
class Package:
    """A package, made. ``digest`` is the manifest's SHA-256 in hexadecimal digits."""

    name: str
    body: bytes
    digest: str


async def make(actor: Actor, subject: Subject, reports: Reports, language: str) -> Package:
    """Make the package, and put on record that somebody took it. Raises :class:`crisis.errors.NotAllowed` and ``NotFound``.

    Reads and sets for some seconds where there is much to tell. Texts are in ``language``; the log is as it was written.
    """
    require(actor, Act.EXPORT_LOG)
    db, folder = reports.db, reports.shelf.settings.templates_dir
    found = await reports.read(actor, subject, Act.EXPORT_LOG)
    document = reports.document(found, language)
    entries = await _log(db, found)
    files: dict[str, bytes] = {
        LOG: "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries).encode(),
        "messages.json": _json([*_messages(found)]),
        "measures.json": _json([measured(figure) for figure in found.figures]),
        "improvements.json": _json(
            [_row(each, "id", "text", "owner", "due", "state", "outcome") for each in found.improvements]
        ),
        "remarks.json": _json([_row(each, "id", "verdict", "text", "by", "at") for each in found.remarks]),
        "report.html": page.whole(document, folder).encode(),
        "report.pdf": await reports.pdf(found, language),
    }
    if found.run.drill is not None:
        files["drill.json"] = _json(_drill(found))
        files["answers.json"] = _json([_row(each, "part", "answers") for each in found.answers])
        files["playbook.json"] = _json(found.run.drill.playbook)
    manifest = _json(_manifest(found, actor, files))
    digest = hashlib.sha256(manifest).hexdigest()
    async with db.transaction() as session:
        await chain.append(session, actor, "export_package", found.subject.name, mode=found.mode, manifest=digest)
    name = f"{found.subject.name.replace(':', '-')}.zip"
    return Package(name, _zipped({MANIFEST: manifest} | files, found.read_at), digest)


def _manifest(found: Material, actor: Actor, files: Mapping[str, bytes]) -> dict[str, Any]:
    seq, digest = found.head
    return {
        "format": FORMAT,
        "about": found.subject.name,
        "mode": found.mode.value,
        "municipality": found.municipality,
        "made_at": found.read_at.isoformat(),
        "made_by": actor.name,
        "audit_head": {"seq": seq, "hash": digest},
        "files": {
            name: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
            for name, body in sorted(files.items())
        },
    }


async def _log(db: Database, found: Material) -> list[dict[str, Any]]:
    """Every entry up to the head that was read, in order."""
    entries: dict[int, dict[str, Any]] = {}
    until, activation = found.head[0], found.run.activation
    if activation is not None:
        async for each in Log(activation.id, activation.mode, found.primary).all(db, until):
            entry: dict[str, Any] = {"seq": each.seq, "record": each.record, "hash": each.hash}
            if each.note is not None:
                entry["note"] = {"text": each.note.text, "told_by": each.note.told_by, "is_whole": each.is_whole}
            entries[each.seq] = entry
    async with db.transaction() as session:
        if found.run.drill is not None:
            rows = await session.execute(_OWN, {"subject": found.subject.name, "until": until})
            entries |= {row.seq: {"seq": row.seq, "record": row.record, "hash": row.hash} for row in rows}
        before = await _hashes(session, [seq - 1 for seq in entries])
    return [entries[seq] | {"previous": before.get(seq - 1, chain.GENESIS.hex())} for seq in sorted(entries)]


async def _hashes(session: AsyncSession, numbers: list[int]) -> dict[int, str]:
    return {row.seq: row.hash for row in await session.execute(_BEFORE, {"numbers": numbers})}


def _messages(found: Material) -> Iterator[dict[str, Any]]:
    """Every revision that was sent, with its texts and how many of it came out; never to whom."""
    for revision in found.run.sent:
        yield {
            **_row(
                revision, "message_id", "number", "kind", "approved_by", "approved_at", "next_update_at", "contents"
            ),
            "texts": [
                {"channel": each.channel, "language": each.language, "title": each.title, "text": each.text}
                for each in found.run.texts
                if each.revision_id == revision.id
            ],
            "deliveries": [
                {key: value for key, value in asdict(each).items() if key not in {"revision_id", "error"}}
                for each in found.run.of(revision.id)
            ],
        }


def measured(figure: Figure) -> dict[str, Any]:
    """A figure as JSON. Its value to the thousandth: the rest is what a float makes of a difference, and no clock's to tell."""
    return {
        "measure": figure.measured.value,
        "unit": figure.unit.value,
        "value": None if figure.value is None else round(figure.value, 3),
        "target": figure.target,
        "met": figure.is_met,
        "not_measured": figure.why or None,
    }


def _drill(found: Material) -> dict[str, Any]:
    run, drill = found.run, found.run.drill
    assert drill is not None  # noqa: S101 - asked of drills alone
    return {
        **_row(drill, "id", "playbook_id", "playbook_version", "playbook_sha256", "state", "autoplay", "started_by"),
        **_row(drill, "started_at", "ended_by", "ended_at", "end_reason"),
        "clock": [asdict(each) for each in run.clock.segments] if run.clock else [],
        "injects": [
            _row(each, "key", "state", "decided_elapsed", "decided_at", "decided_by", "reason") for each in run.injects
        ],
        "expectations": [
            _row(each, "key", "state", "begun_elapsed", "due_elapsed", "done_elapsed", "done_at", "judged_by", "note")
            for each in run.expectations
        ],
        "players": [_row(each, "name", "part", "joined_at", "left_at") for each in run.players],
        "observations": [
            {**_row(each, "text", "objective", "by", "at"), "elapsed": clocked(each.elapsed)}
            for each in run.observations
        ],
    }


def _row(row: object, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain).encode() + b"\n"


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _zipped(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    """With one time for all files, so that the same contents are the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(zipfile.ZipInfo(name, made_at.timetuple()[:6]), body, zipfile.ZIP_DEFLATED)
    return made.getvalue()
