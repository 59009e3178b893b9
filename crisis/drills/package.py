"""Package: what a sealed package is held against when somebody comes with one. Needs no database and believes nothing it reads."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from crisis.drills.exporting import FORMAT, LOG, MANIFEST
from crisis.errors import Invalid

FILES_MOST: Final = 100
BYTES_MOST: Final = 1 << 30
"""Of everything in it together, unpacked. A package of weeks of a crisis has some tens of megabytes."""
MANIFEST_MOST: Final = 1 << 20
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``digest`` is the manifest's SHA-256: the audit log has it, under ``export_package``."""

    about: str
    digest: str
    head: str
    files: int
    entries: int
    faults: Sequence[str]

    @property
    def holds(self) -> bool:
        """Everything is as it was packed."""
        return not self.faults


def verify(path: Path) -> Verdict:
    """Hold every file against the manifest, and every entry of the log against its hash.

    Raises :class:`Invalid` for what is no package, or too large to be one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _verdict(archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Invalid(f"{path} is not a package that can be read: {error}.") from None


def _verdict(archive: zipfile.ZipFile) -> Verdict:
    inside = archive.infolist()
    if len(inside) > FILES_MOST or sum(each.file_size for each in inside) > BYTES_MOST:
        raise Invalid("This is larger than any package of ours. Nothing of it was read.")
    names = [each.filename for each in inside]
    if MANIFEST not in names or archive.getinfo(MANIFEST).file_size > MANIFEST_MOST:
        raise Invalid(f"There is no {MANIFEST} in it: this is not a package of ours.")
    raw = archive.read(MANIFEST)
    try:
        manifest = json.loads(raw)
        if manifest["format"] != FORMAT:
            raise Invalid(f"The package is of another format than {FORMAT}. Verify it with the version that made it.")
        listed: Mapping[str, Any] = manifest["files"]
        about, head = str(manifest["about"]), f"{manifest['audit_head']['seq']}:{manifest['audit_head']['hash']}"
        wanted = {str(name): str(each["sha256"]) for name, each in listed.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Invalid(f"{MANIFEST} was altered: it cannot be read as a package's.") from None
    faults = [f"{name} is there twice" for name in sorted({name for name in names if names.count(name) > 1})]
    faults += [f"{name} was added: the manifest does not know it" for name in names if name not in {*wanted, MANIFEST}]
    faults += [f"{name} is missing" for name in wanted if name not in names]
    for name, digest in wanted.items():
        if name in names and _sha256(archive, name) != digest:
            faults.append(f"{name} was altered: its SHA-256 is not the manifest's")
    entries, wrong = _log(archive) if LOG in names else (0, [])
    return Verdict(about, hashlib.sha256(raw).hexdigest(), head, len(wanted), entries, [*faults, *wrong])


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as opened:
            while piece := opened.read(_PIECE):
                digest.update(piece)
    except zipfile.BadZipFile:  # its own check sum does not fit either
        return ""
    return digest.hexdigest()


def _log(archive: zipfile.ZipFile) -> tuple[int, list[str]]:
    """How many entries there are, and those that do not hold: by their own hash, or by that of the one before where it is here."""
    faults: list[str] = []
    known: dict[int, str] = {}
    count = 0
    for number, entry in enumerate(_lines(archive), start=1):
        count += 1
        try:
            seq, record = int(entry["seq"]), str(entry["record"])
            previous, digest = bytes.fromhex(entry["previous"]), str(entry["hash"])
            says = json.loads(record)["seq"]
        except (KeyError, ValueError, TypeError, RecursionError):
            faults.append(f"{LOG}, line {number} was altered: it is no entry of a log")
            continue
        if says != seq or hashlib.sha256(previous + record.encode()).hexdigest() != digest:
            faults.append(f"{LOG}, entry {seq} was altered: its record does not give its hash")
        if known.get(seq - 1, previous.hex()) != previous.hex():
            faults.append(f"{LOG}, entry {seq} does not follow entry {seq - 1}")
        known[seq] = digest
    return count, faults


def _lines(archive: zipfile.ZipFile) -> Iterator[Mapping[str, Any]]:
    try:
        with archive.open(LOG) as opened:
            for line in opened:
                try:
                    said = json.loads(line)
                except (ValueError, RecursionError):
                    said = {}
                yield said if isinstance(said, dict) else {}
    except zipfile.BadZipFile:
        return
