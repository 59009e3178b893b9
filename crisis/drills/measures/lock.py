"""Lock: from the first word of it to every account locked, whether it held, and until every account was open again."""

from crisis.accounts.locks import LockState
from crisis.activations.states import ActivationState
from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import NotMeasured, Part, Unit, Value
from crisis.drills.states import InjectState
from crisis.tongue.texts import lazily as N_

NO_STAFF = N_("Krisestab ble ikke satt.")


def time_to_activate(run: Evidence) -> Value:
    """From the first inject seen to the crisis staff set. One that nobody said they saw counts from when it came."""
    fired = [each for each in run.injects if each.state is InjectState.FIRED and each.decided_at is not None]
    if run.drill is None:
        raise NotMeasured(N_("I en virkelig hendelse vet vi ikke når den første fikk vite det."))
    if run.activation is None:
        raise NotMeasured(NO_STAFF)
    if not fired:
        raise NotMeasured(N_("Ingen innspill kom før krisestab ble satt."))
    first = min(fired, key=lambda each: (each.decided_elapsed or 0.0, each.position))
    seen = [each.at for each in run.sights if each.key == first.key and each.at <= run.activation.activated_at]
    begin = min(seen) if seen else first.decided_at
    assert begin is not None  # noqa: S101 - of what was fired it is known
    if begin > run.activation.activated_at:
        raise NotMeasured(N_("Krisestab ble satt før det første innspillet."))
    parts = () if seen else (Part(N_("Ingen meldte at innspillet var sett. Regnet fra det kom.")),)
    return Value(run.between(begin, run.activation.activated_at), parts)


def time_to_lock(run: Evidence) -> Value:
    """From the crisis staff set to the lock confirmed, with every account that no lock of ours can hold."""
    if run.activation is None:
        raise NotMeasured(NO_STAFF)
    if run.activation.confirmed_at is None:
        raise NotMeasured(N_("Låsen ble aldri bekreftet."))
    parts = [
        Part(
            N_("Kan ikke låses her: %(account)s (%(channel)s)"),
            names={"account": each.account, "channel": each.channel},
        )
        for each in run.accounts
        if each.state is LockState.NOT_ENFORCEABLE
    ]
    return Value(run.between(run.activation.activated_at, run.activation.confirmed_at), parts)


def lock_integrity(run: Evidence) -> Value:
    """Posts that a unit got out while the lock held. What it stopped is told beside."""
    if run.activation is None:
        raise NotMeasured(NO_STAFF)
    stopped = [each for each in run.acts if each.action == "post"]
    parts = [Part(N_("Innlegg som låsen stanset"), float(len(stopped)), Unit.COUNT)]
    parts += [
        Part(
            N_("Kom ut likevel: %(account)s (%(channel)s)"),
            float(posts),
            Unit.COUNT,
            {"account": account, "channel": channel},
        )
        for channel, account, posts in run.escaped
    ]
    return Value(float(sum(posts for _, _, posts in run.escaped)), parts)


def time_to_unlock(run: Evidence) -> Value:
    """From the stand-down to the last account open: the gate is one row, so that is one moment. What waited for its owner is told."""
    if run.activation is None:
        raise NotMeasured(NO_STAFF)
    if run.activation.state is not ActivationState.STOOD_DOWN or run.activation.stood_down_at is None:
        raise NotMeasured(N_("Krisestaben ble ikke avsluttet."))
    decided = [each.at for each in run.acts if each.action in {"publish_blocked", "drop_blocked"}]
    parts = (
        [Part(N_("Siste stansede innlegg avgjort"), run.between(run.activation.stood_down_at, max(decided)))]
        if decided
        else []
    )
    return Value(0.0, parts)
