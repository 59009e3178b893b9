"""Spread: how fast the first message came, how fast it was everywhere, and how fast those who answer questions had it."""

from collections.abc import Iterator
from datetime import datetime

from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import NotMeasured, Part, Value
from crisis.drills.measures.lock import NO_STAFF
from crisis.logbook.models import Party
from crisis.messages.models import Kind, Revision
from crisis.tongue.texts import lazily as N_

NOTHING_SENT = N_("Ingen melding ble sendt.")
NOT_CONFIRMED = N_("Ingen kanal bekreftet meldingen.")


def first(run: Evidence) -> Revision:
    """The first message. Raises :class:`NotMeasured`."""
    if run.activation is None:
        raise NotMeasured(NO_STAFF)
    if not run.sent:
        raise NotMeasured(NOTHING_SENT)
    return run.sent[0]


def time_to_first_message(run: Evidence) -> Value:
    """From the crisis staff set to the first channel that confirmed, split into thinking, writing, deciding and the machine's part.

    Writing ends when it was sent for approval, or else at the last save. What was written in one go has no time of writing.
    """
    revision = first(run)
    confirmed = [each.first_at for each in run.of(revision.id) if each.first_at is not None]
    if not confirmed:
        raise NotMeasured(NOT_CONFIRMED)
    assert run.activation is not None  # noqa: S101 - first() has seen to that
    approved = approved_at(revision)
    written = _written(revision, approved)
    marks = [run.activation.activated_at, revision.written_at, written, approved, min(confirmed)]
    names = (
        N_("Tenke: til utkastet ble åpnet"),
        N_("Skrive: til teksten var ferdig"),
        N_("Bestemme: til den ble sendt"),
        N_("Maskinen: til første kanal bekreftet"),
    )
    parts = [Part(name, run.between(begin, end)) for name, begin, end in zip(names, marks, marks[1:], strict=False)]
    return Value(run.between(marks[0], marks[-1]), parts)


def time_to_last_channel(run: Evidence) -> Value:
    """From the first channel to the last, retries included; and for each channel and language, how long after the sending."""
    revision = first(run)
    rows = [each for each in run.of(revision.id) if each.first_at is not None and each.last_at is not None]
    if not rows:
        raise NotMeasured(NOT_CONFIRMED)
    begin, end = min(_times(row.first_at for row in rows)), max(_times(row.last_at for row in rows))
    approved = approved_at(revision)
    parts = [
        Part(
            N_("%(account)s (%(channel)s, %(language)s)"),
            run.between(approved, row.last_at) if row.last_at else None,
            names={"account": row.account, "channel": row.channel, "language": row.language},
        )
        for row in rows
    ]
    parts += [
        Part(N_("Bekreftet aldri: %(account)s (%(channel)s)"), names={"account": row.account, "channel": row.channel})
        for row in run.of(revision.id)
        if row.first_at is None
    ]
    return Value(run.between(begin, end), parts)


def switchboard_lag(run: Evidence) -> Value:
    """From the first message until the switchboard said that it has read it."""
    return _lag(run, Party.SWITCHBOARD, N_("Sentralbordet meldte aldri at de hadde lest den."))


def employee_lag(run: Evidence) -> Value:
    """From the first message until somebody said that the employees have it."""
    return _lag(run, Party.EMPLOYEES, N_("Ingen meldte at de ansatte hadde fått den."))


def time_to_all_clear(run: Evidence) -> Value:
    """From the decision to send the all-clear until every channel that took it had it."""
    ends = [each for each in run.sent if each.kind is Kind.ALL_CLEAR]
    if not ends:
        raise NotMeasured(N_("Det ble ikke sendt noen melding om at faren er over."))
    revision = ends[-1]
    rows = run.of(revision.id)
    taken = _times(row.last_at for row in rows)
    if not taken or any(row.first_at is None for row in rows):
        raise NotMeasured(N_("Ikke alle kanaler bekreftet at faren er over."))
    return Value(run.between(approved_at(revision), max(taken)))


def approved_at(revision: Revision) -> datetime:
    """When a revision that was sent was sent."""
    return revision.approved_at or revision.written_at


def _lag(run: Evidence, party: Party, never: str) -> Value:
    revision = first(run)
    read = [each.at for each in run.read.get(revision.id, ()) if each.party is party]
    if not read:
        # Whoever has read what came after it knows of it too.
        read = [each.at for later in run.sent[1:] for each in run.read.get(later.id, ()) if each.party is party]
    if not read:
        raise NotMeasured(never)
    return Value(run.between(approved_at(revision), min(read)))


def _written(revision: Revision, approved: datetime) -> datetime:
    saves = [datetime.fromisoformat(each["at"]) for each in revision.part_saves.values() if each.get("at")]
    last = revision.submitted_at or max(saves, default=revision.written_at)
    return min(max(last, revision.written_at), approved)


def _times(moments: Iterator[datetime | None]) -> list[datetime]:
    return [each for each in moments if each is not None]
