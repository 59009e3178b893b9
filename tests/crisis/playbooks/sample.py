"""The sample playbook, whole or with something changed, and what is said about it."""

from collections.abc import Sequence
from pathlib import Path

from crisis.bootstrap import known_of
from crisis.playbooks.faults import PlaybookFault, PlaybookRefused
from crisis.playbooks.models import Playbook
from crisis.playbooks.reading import read
from crisis.settings import Settings

FILE = Path(__file__).with_name("skred.yaml")
TEXT = FILE.read_text(encoding="utf-8")
KNOWN = known_of(Settings())


def whole() -> Playbook:
    """The playbook as it stands."""
    return read(TEXT.encode(), FILE.name, KNOWN)


def changed(*changes: tuple[str, str]) -> str:
    """Its text with each first string replaced by the second. The first must stand there."""
    text = TEXT
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def faults(text: str | bytes, name: str = FILE.name) -> Sequence[PlaybookFault]:
    """What is wrong with it; nothing where it can be used."""
    try:
        read(text.encode() if isinstance(text, str) else text, name, KNOWN)
    except PlaybookRefused as refused:
        return refused.faults
    return ()


def line_of(text: str, piece: str) -> int:
    """The number of the first line that has this."""
    return next(number for number, line in enumerate(text.split("\n"), start=1) if piece in line)
