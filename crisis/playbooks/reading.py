"""Reading: a playbook out of a file, or every reason why it is none, at once."""

from pathlib import Path

from crisis.playbooks import references, structure, wording
from crisis.playbooks.document import bytes_of, parse
from crisis.playbooks.faults import PlaybookRefused
from crisis.playbooks.known import Known
from crisis.playbooks.models import Playbook


def read(data: bytes, name: str, known: Known) -> Playbook:
    """The playbook in these bytes. ``name`` is its file's, for the faults; without its ending it is the playbook's id too.

    In three steps, each with all its faults: YAML, keys and values, and what it names. Raises :class:`PlaybookRefused`.
    """
    document = parse(data, name)
    playbook = structure.read(document)
    if found := [*references.faults(playbook, document, known), *wording.faults(playbook, document, known)]:
        raise PlaybookRefused(name, found)
    return playbook


def read_file(path: Path, known: Known) -> tuple[Playbook, bytes]:
    """The same of a file, with its bytes. Raises :class:`PlaybookRefused`, for a file that cannot be read as well."""
    data = bytes_of(path)
    return read(data, path.name, known), data
