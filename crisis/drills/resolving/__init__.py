"""Resolving: whether what a drill expects has been done, told from the log, the deliveries and the acknowledgements of its exercise.

One resolver per action that resolves by itself; what no resolver knows is the exercise leader's to judge.
"""

from collections.abc import Mapping
from typing import Final

from crisis.drills.resolving.handling import break_glass, note, retry_or_note
from crisis.drills.resolving.informing import brief_employees, brief_switchboard
from crisis.drills.resolving.publishing import publish, retract, update_due
from crisis.drills.resolving.shown import Lacking, Resolver, Shown
from crisis.drills.resolving.staff import activate, deactivate, lock_all
from crisis.drills.resolving.story import Story
from crisis.drills.resolving.units import publish_blocked
from crisis.playbooks.models import Action

RESOLVERS: Final[Mapping[str, Resolver]] = {
    Action.ACTIVATE: activate,
    Action.LOCK_ALL: lock_all,
    Action.PUBLISH: publish,
    Action.PUBLISH_BLOCKED: publish_blocked,
    Action.UPDATE_DUE: update_due,
    Action.RETRY_OR_NOTE: retry_or_note,
    Action.BRIEF_SWITCHBOARD: brief_switchboard,
    Action.BRIEF_EMPLOYEES: brief_employees,
    Action.NOTE: note,
    Action.BREAK_GLASS: break_glass,
    Action.RETRACT: retract,
    Action.DEACTIVATE: deactivate,
}
"""``{action of an expectation: what tells whether it was done}``."""

__all__ = ["RESOLVERS", "Lacking", "Resolver", "Shown", "Story"]
