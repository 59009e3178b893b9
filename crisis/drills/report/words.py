"""Words: what a report calls measures, states, forms and reasons."""

from collections.abc import Mapping
from typing import Any, Final

from crisis.drills.measures.figure import Figure, Measured, Part, Unit
from crisis.drills.models import ImprovementState, Verdict
from crisis.drills.script import Script
from crisis.drills.states import DrillState, EndReason, ExpectationState, SkipReason
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Speaker

MEASURES: Final[Mapping[Measured, str]] = {
    Measured.ACTIVATE: N_("Krisestab satt"),
    Measured.ACCOUNTS_LOCKED: N_("Kontoene låst"),
    Measured.FIRST_MESSAGE: N_("Første melding ute"),
    Measured.LAST_CHANNEL: N_("Ute i siste kanal"),
    Measured.SWITCHBOARD: N_("Sentralbordet har meldingen"),
    Measured.EMPLOYEES: N_("De ansatte har meldingen"),
    Measured.MISSED_UPDATES: N_("Lovede meldinger som ikke kom i tide"),
    Measured.SILENCE: N_("Lengste stillhet"),
    Measured.COMPLETENESS: N_("Det første meldingen sa, av fem ting"),
    Measured.CONSISTENCY: N_("Meldinger som ikke sa det samme overalt"),
    Measured.RUMOUR: N_("Rykte rettet"),
    Measured.LOCK_INTEGRITY: N_("Innlegg som slapp forbi låsen"),
    Measured.FAULT_NOTICED: N_("Feil i en kanal oppdaget"),
    Measured.BREAK_GLASS: N_("I gang igjen uten innlogging"),
    Measured.ALL_CLEAR: N_("Faren over i alle kanaler"),
    Measured.UNLOCK: N_("Kontoene låst opp"),
}
FROM_TO: Final[Mapping[Measured, str]] = {
    Measured.ACTIVATE: N_("fra første innspill ble sett"),
    Measured.ACCOUNTS_LOCKED: N_("fra krisestab ble satt til låsen var bekreftet"),
    Measured.FIRST_MESSAGE: N_("fra krisestab ble satt til første kanal bekreftet"),
    Measured.LAST_CHANNEL: N_("fra første kanal til siste"),
    Measured.SWITCHBOARD: N_("fra første melding til de bekreftet"),
    Measured.EMPLOYEES: N_("fra første melding til det ble bekreftet"),
    Measured.MISSED_UPDATES: N_("mer enn fem minutter for sent, eller aldri"),
    Measured.SILENCE: N_("mellom to meldinger"),
    Measured.COMPLETENESS: N_("hvem, hva, hvor, hva folk skal gjøre, når neste kommer"),
    Measured.CONSISTENCY: N_("tid, tall, sted eller råd, mellom språk og kanaler"),
    Measured.RUMOUR: N_("fra ryktet kom til rettelsen var ute"),
    Measured.LOCK_INTEGRITY: N_("mens låsen holdt"),
    Measured.FAULT_NOTICED: N_("fra feilen til noen gjorde noe"),
    Measured.BREAK_GLASS: N_("fra innloggingen falt ut til neste handling"),
    Measured.ALL_CLEAR: N_("fra beslutningen til siste kanal"),
    Measured.UNLOCK: N_("fra avslutningen til siste konto"),
}
DRILL_STATES: Final[Mapping[DrillState, str]] = {
    DrillState.RUNNING: N_("pågår"),
    DrillState.PAUSED: N_("på pause"),
    DrillState.ENDED: N_("gjennomført"),
    DrillState.STOPPED: N_("avbrutt av øvingsleder"),
    DrillState.INTERRUPTED: N_("avbrutt av en virkelig hendelse"),
}
EXPECTATION_STATES: Final[Mapping[ExpectationState, str]] = {
    ExpectationState.WAITING: N_("ikke kommet så langt"),
    ExpectationState.RUNNING: N_("ikke avgjort"),
    ExpectationState.MET: N_("møtt"),
    ExpectationState.MISSED: N_("ikke møtt"),
    ExpectationState.LATE: N_("møtt for sent"),
    ExpectationState.VOID: N_("ikke prøvd"),
}
END_REASONS: Final[Mapping[str, str]] = {
    EndReason.TIME: N_("tiden var ute"),
    EndReason.DONE: N_("alt var avgjort, og krisestaben var avsluttet"),
    EndReason.ACTUAL: N_("en virkelig hendelse kom"),
}
"""What an exercise leader said who stopped it is shown as it was said."""
OVER: Final = N_("øvelsen var over før tiden")
SKIP_REASONS: Final[Mapping[str, str]] = {
    SkipReason.LEADER: N_("øvingsleder hoppet over det"),
    SkipReason.NOT_NEEDED: N_("det trengtes ikke"),
    SkipReason.FOLLOWS_NOTHING: N_("det som skulle komme før, kom ikke"),
    SkipReason.OVER: OVER,
}
FORMS: Final[Mapping[str, str]] = {
    "diskusjon": N_("diskusjonsøvelse"),
    "funksjon": N_("funksjonsøvelse"),
    "spill": N_("spilløvelse"),
    "fullskala": N_("fullskalaøvelse"),
}
ACTIONS: Final[Mapping[str, str]] = {
    "activate": N_("setter krisestab"),
    "lock_all": N_("låser alle kontoer"),
    "publish": N_("sender melding"),
    "publish_blocked": N_("blir stanset av låsen"),
    "update_due": N_("holder det lovede klokkeslettet"),
    "retry_or_note": N_("prøver igjen, eller loggfører"),
    "brief_switchboard": N_("sentralbordet har lest"),
    "brief_employees": N_("de ansatte har fått beskjed"),
    "note": N_("loggfører"),
    "break_glass": N_("kommer inn med nødtilgang"),
    "retract": N_("melder falsk alarm"),
    "deactivate": N_("avslutter krisestab"),
    "correct_rumour": N_("retter ryktet"),
    "refer": N_("viser til rett sted"),
    "answer_press": N_("svarer pressen"),
}
"""Of an expectation. What a playbook calls by a word of its own is shown by that word."""
IMPROVEMENT_STATES: Final[Mapping[ImprovementState, str]] = {
    ImprovementState.OPEN: N_("åpent"),
    ImprovementState.DONE: N_("gjort"),
    ImprovementState.DROPPED: N_("droppet"),
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.WENT_WELL: N_("Dette gikk bra"),
    Verdict.MUST_CHANGE: N_("Dette må endres"),
}


def amount(speaker: Speaker, value: float | None, unit: Unit) -> str:
    """A figure as people read it; a dash where there is none."""
    if value is None:
        return "–"
    return speaker.lasting(value) if unit is Unit.SECONDS else speaker.number(round(value, 1))


def target(speaker: Speaker, figure: Figure) -> str:
    """What it should have been: at most, or at least."""
    if figure.target is None:
        return "–"
    said = amount(speaker, figure.target, figure.unit)
    if figure.more_is_better:
        return speaker.gettext("minst %(amount)s", amount=said)
    return speaker.gettext("høyst %(amount)s", amount=said) if figure.target else said


def verdict(speaker: Speaker, figure: Figure) -> str:
    """Whether the target was reached, in words: never by colour alone."""
    if figure.value is None:
        return speaker.gettext("ikke målt")
    if figure.is_met is None:
        return speaker.gettext("uten mål")
    return speaker.gettext("nådd") if figure.is_met else speaker.gettext("ikke nådd")


def action(speaker: Speaker, script: Script, wanted: Mapping[str, Any]) -> str:
    """What an expectation is of: one of ours in words; a playbook's own by what it says about it."""
    name = str(wanted.get("action") or "")
    if name in ACTIONS:
        return speaker.gettext(ACTIONS[name])
    return script.text(wanted.get("note")) or name.replace("_", " ")


def part(speaker: Speaker, each: Part) -> str:
    """One piece of a figure."""
    names = dict(each.names or {})
    if "channel" in names:
        names["channel"] = speaker.channel(names["channel"])
    if "language" in names:
        names["language"] = speaker.tongue(names["language"])
    said = speaker.gettext(each.label, **names)
    return said if each.value is None else f"{said}: {amount(speaker, each.value, each.unit)}"
