"""Timeline: what happened, in order: what came in, what people did, what they should have done, what observers saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from crisis.audit.chain import SYSTEM
from crisis.drills.measures.evidence import Evidence
from crisis.drills.report.document import Block, Paragraph, Section, Table
from crisis.drills.report.material import Material
from crisis.drills.report.words import EXPECTATION_STATES
from crisis.drills.states import ExpectationState, InjectState
from crisis.tongue.deeds import deed
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Speaker


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of it."""

    at: datetime
    who: str
    what: str


def section(material: Material, speaker: Speaker) -> Section:
    """The third section."""
    run, _ = material.run, speaker.gettext
    moments = sorted(_moments(run, speaker), key=lambda each: each.at)
    blocks: list[Block] = []
    if moments:
        since = _("Øvelsestid") if run.drill is not None else _("Etter")
        head = [since, _("Klokken"), _("Hvem"), _("Hva")]
        rows = [[clocked(run.elapsed(each.at)), speaker.second(each.at), each.who, each.what] for each in moments]
        blocks.append(Table(_("Hva som skjedde, i rekkefølge"), head, rows, (0, 1), (1.1, 1.1, 2.2, 6)))
    else:
        blocks.append(Paragraph(_("Ingenting skjedde.")))
    return Section("timeline", _("Tidslinje"), blocks)


def clocked(seconds: float) -> str:
    """``0.05.58``: hours, minutes and seconds from the beginning."""
    whole = max(0, round(seconds))
    return f"{whole // 3600}.{whole // 60 % 60:02d}.{whole % 60:02d}"


def _moments(run: Evidence, speaker: Speaker) -> Iterator[Moment]:
    yield from _injects(run, speaker)
    yield from _expectations(run, speaker)
    for entry in run.acts:
        if entry.note is not None:
            text = entry.note.text
            if entry.note.told_by:
                text += " " + speaker.gettext("(Fortalt av %(who)s.)", who=entry.note.told_by)
            yield Moment(entry.at, entry.actor, speaker.gettext("loggførte: «%(text)s»", text=text))
        else:
            yield Moment(entry.at, "" if entry.actor == SYSTEM else entry.actor, deed(speaker, entry))
    for each in run.observations:
        yield Moment(each.at, each.by, speaker.gettext("observerte: «%(text)s»", text=each.text))


def _injects(run: Evidence, speaker: Speaker) -> Iterator[Moment]:
    for each in run.injects:
        wanted = run.script.injects.get(each.key, {})
        if each.decided_at is None or each.state is InjectState.WAITING:
            continue
        words = (
            N_("Innspill %(key)s til %(to)s: «%(text)s»")
            if each.state is InjectState.FIRED
            else N_("Innspill %(key)s til %(to)s ble hoppet over: «%(text)s»")
        )
        to = run.script.role(str(wanted.get("to") or ""))
        text = run.script.text(wanted.get("post") or wanted.get("text"))
        who = run.script.text(wanted.get("from")) or speaker.gettext("Øvelsesledelsen")
        said = speaker.gettext(words, key=each.key, to=to or speaker.gettext("alle"), text=text)
        yield Moment(each.decided_at, who, said)


def _expectations(run: Evidence, speaker: Speaker) -> Iterator[Moment]:
    """When each was met; and of what was missed, when its time was out."""
    for each in run.expectations:
        told = {"key": each.key, "state": speaker.gettext(EXPECTATION_STATES[each.state])}
        if each.done_at is not None and each.state.is_done:
            who = each.judged_by or ""
            yield Moment(each.done_at, who, speaker.gettext("Forventning %(key)s: %(state)s", **told))
        elif each.state is ExpectationState.MISSED and each.due_elapsed is not None and run.clock is not None:
            at = run.clock.wall(each.due_elapsed)
            if at is not None:
                yield Moment(at, "", speaker.gettext("Forventning %(key)s: fristen gikk ut", **told))
