"""Troubles: how soon a rumour was put right, how soon somebody saw that a channel failed, and how soon work went on without signing in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from crisis.audit.chain import SYSTEM
from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import NotMeasured, Part, Value
from crisis.drills.measures.spread import approved_at
from crisis.drills.models import DrillInject
from crisis.drills.states import InjectState
from crisis.logbook.reading import Entry
from crisis.messages.models import Kind
from crisis.tongue.texts import lazily as N_

SEEING: Final = frozenset({"try_again", "check", "send_again", "mark_sent", "drop", "note"})
"""Acts that show that somebody has seen that a delivery failed."""
RUMOUR: Final = "correct_rumour"
"""The action of an expectation that a rumour is put right."""


def rumour_time(run: Evidence) -> Value:
    """From a rumour to what put it right: a correction that went out, or what the exercise leader took for one. The slowest counts."""
    rumours = [each for each in _fired(run, "via", "social") if _is_rumour(run, each)]
    if not rumours:
        raise NotMeasured(N_("Ingen rykter var i omløp."))
    answered = [(each, _answered(run, each)) for each in rumours]
    if any(end is None for _, end in answered):
        raise NotMeasured(N_("Et rykte ble aldri rettet."))
    spans = [(each.key, max(0.0, end - (each.decided_elapsed or 0.0))) for each, end in answered if end is not None]
    parts = [Part(N_("Innspill %(key)s"), span, names={"key": key}) for key, span in spans]
    return Value(max(span for _, span in spans), parts)


def fault_noticed(run: Evidence) -> Value:
    """From a channel that failed to somebody who tried again, decided or wrote it in the log. The slowest counts."""
    if run.drill is not None:
        begins = [(each.key, each.decided_at) for each in _fired(run, "via", "channel_fault")]
        missing = N_("Ingen kanal feilet.")
    else:
        failed = [each for each in run.arrivals if each.failed_at is not None]
        begins = [(each.account, each.failed_at) for each in failed]
        missing = N_("Ingen utsending feilet.")
    known = [(name, at) for name, at in begins if at is not None]
    if not known:
        raise NotMeasured(missing)
    return _slowest(
        run, known, [each for each in run.acts if each.action in SEEING], N_("Ingen gjorde noe med feilen.")
    )


def break_glass(run: Evidence) -> Value:
    """From the signing in that did not answer to the next thing that somebody did."""
    begins = [(each.key, each.decided_at) for each in _fired(run, "fault", "idp_down")]
    if run.drill is None:
        used = [each for each in run.acts if each.action == "use_break_glass_code"]
        begins = [(each.actor, each.at) for each in used]
    known = [(name, at) for name, at in begins if at is not None]
    if not known:
        raise NotMeasured(N_("Innloggingen virket hele tiden."))
    others = [each for each in run.acts if each.action != "use_break_glass_code"]
    return _slowest(run, known, others, N_("Ingen kom videre uten innloggingen."))


def _slowest(run: Evidence, begins: Sequence[tuple[str, datetime]], acts: Sequence[Entry], never: str) -> Value:
    parts: list[Part] = []
    for name, begin in begins:
        following = [each.at for each in acts if each.at > begin and each.actor != SYSTEM]
        if not following:
            raise NotMeasured(never)
        parts.append(Part(N_("%(what)s"), run.between(begin, min(following)), names={"what": name}))
    return Value(max(part.value or 0.0 for part in parts), parts)


def _fired(run: Evidence, name: str, value: str) -> list[DrillInject]:
    """The injects that came whose playbook says this of them."""
    known = run.script.injects
    return [
        each for each in run.injects if each.state is InjectState.FIRED and known.get(each.key, {}).get(name) == value
    ]


def _is_rumour(run: Evidence, inject: DrillInject) -> bool:
    """The playbook expects that what is said there is put right."""
    return any(
        _mends(wanted) and inject.key in run.script.asked_by(key) for key, wanted in run.script.expectations.items()
    )


def _mends(wanted: Mapping[str, Any]) -> bool:
    match = wanted.get("match")
    is_correction = isinstance(match, Mapping) and match.get("kind") == Kind.CORRECTION.value
    return wanted.get("action") == RUMOUR or is_correction


def _answered(run: Evidence, inject: DrillInject) -> float | None:
    """Drill time at which it was put right."""
    begin = inject.decided_elapsed or 0.0
    corrections = [run.elapsed(approved_at(each)) for each in run.sent if each.kind is Kind.CORRECTION]
    ends = [at for at in corrections if at >= begin]
    for each in run.expectations:
        wanted = run.script.expectations.get(each.key, {})
        if _mends(wanted) and inject.key in run.script.asked_by(each.key):
            ends += [each.done_elapsed] if each.done_elapsed is not None else []
    return min(ends, default=None)
