"""Snapshot: the playbook as a drill keeps it, so that changing the file changes no drill."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from crisis.drills.models import Drill
from crisis.playbooks.models import Expectation, Inject, Playbook

_KEPT: Final = 16
_read: dict[tuple[int, datetime], Playbook] = {}  # a conductor asks four times a second, and a snapshot never changes


def taken(playbook: Playbook) -> dict[str, Any]:
    """The document, as a drill's row keeps it."""
    return playbook.model_dump(mode="json", by_alias=True, exclude_none=True)


def playbook_of(drill: Drill) -> Playbook:
    """The playbook that a drill is run from."""
    key = (drill.id, drill.started_at)
    if key not in _read:
        while len(_read) >= _KEPT:
            _read.pop(next(iter(_read)))
        _read[key] = Playbook.model_validate(drill.playbook)
    return _read[key]


def inject_of(playbook: Playbook, key: str) -> Inject | None:
    """One of its injects, if there is one by this id."""
    return next((each for each in playbook.injects if each.id == key), None)


def expectation_of(playbook: Playbook, key: str) -> Expectation | None:
    """One of its expectations, if there is one by this id."""
    return next((each for each in playbook.expectations if each.id == key), None)


def naming(playbook: Playbook, key: str) -> Sequence[Inject]:
    """The injects that expect this."""
    return [inject for inject in playbook.injects if key in inject.expects]
