"""Summary: a report in five lines, made of figures. It judges nothing that was not measured."""

from collections.abc import Sequence

from crisis.drills.measures.figure import Measured
from crisis.drills.models import ImprovementState
from crisis.drills.report.document import Bullets, Section
from crisis.drills.report.material import Material
from crisis.drills.report.words import DRILL_STATES, amount, target, verdict
from crisis.drills.states import ExpectationState
from crisis.tongue.tongue import Speaker


def section(material: Material, speaker: Speaker) -> Section:
    """The first section."""
    return Section("summary", speaker.gettext("Sammendrag"), [Bullets(lines(material, speaker))])


def lines(material: Material, speaker: Speaker) -> Sequence[str]:
    """Five lines."""
    return [
        _when(material, speaker),
        _lock(material, speaker),
        _first_message(material, speaker),
        _expectations(material, speaker),
        _targets(material, speaker),
    ]


def counted(material: Material) -> dict[ExpectationState, int]:
    """How many expectations ended in each state."""
    states = [each.state for each in material.run.expectations]
    return {state: states.count(state) for state in ExpectationState}


def _when(material: Material, speaker: Speaker) -> str:
    run, _ = material.run, speaker.gettext
    lasted = speaker.lasting(run.between(run.began_at, run.until))
    began = speaker.moment(run.began_at)
    if run.drill is not None:
        return _(
            "Øvelsen begynte %(began)s og varte %(lasted)s i øvelsestid. Den er %(state)s.",
            began=began,
            lasted=lasted,
            state=_(DRILL_STATES[run.drill.state]),
        )
    if run.activation is not None and run.activation.stood_down_at is None:
        return _("Krisestab ble satt %(began)s og er ikke avsluttet.", began=began)
    return _("Krisestab ble satt %(began)s og varte %(lasted)s.", began=began, lasted=lasted)


def _lock(material: Material, speaker: Speaker) -> str:
    _ = speaker.gettext
    staff, locked = material.figure(Measured.ACTIVATE), material.figure(Measured.ACCOUNTS_LOCKED)
    if locked.value is None:
        return _(locked.why)
    after = amount(speaker, locked.value, locked.unit)
    if staff.value is None:
        return _("Låsen var bekreftet %(after)s etter at krisestab ble satt.", after=after)
    return _(
        "Krisestab ble satt etter %(staff)s. Låsen var bekreftet %(after)s senere.",
        staff=amount(speaker, staff.value, staff.unit),
        after=after,
    )


def _first_message(material: Material, speaker: Speaker) -> str:
    _, figure = speaker.gettext, material.figure(Measured.FIRST_MESSAGE)
    if figure.value is None:
        return _(figure.why)
    return _(
        "Første melding var ute %(after)s etter at krisestab ble satt (mål: %(target)s, %(verdict)s).",
        after=amount(speaker, figure.value, figure.unit),
        target=target(speaker, figure),
        verdict=verdict(speaker, figure),
    )


def _expectations(material: Material, speaker: Speaker) -> str:
    _, states = speaker.gettext, counted(material)
    if material.run.drill is None:
        return speaker.ngettext("%(num)s melding ble sendt.", "%(num)s meldinger ble sendt.", len(material.run.sent))
    tested = sum(states.values()) - states[ExpectationState.VOID]
    return _(
        "%(met)s av %(tested)s forventninger ble møtt i tide, %(late)s for sent og %(missed)s ikke. %(void)s ble ikke prøvd.",
        met=states[ExpectationState.MET],
        tested=tested,
        late=states[ExpectationState.LATE],
        missed=states[ExpectationState.MISSED],
        void=states[ExpectationState.VOID],
    )


def _targets(material: Material, speaker: Speaker) -> str:
    judged = [each for each in material.figures if each.is_met is not None]
    reached = sum(1 for each in judged if each.is_met)
    left = sum(1 for each in material.improvements if each.state is ImprovementState.OPEN)
    return speaker.gettext(
        "%(reached)s av %(judged)s målte mål ble nådd. Åpne forbedringstiltak: %(left)s.",
        reached=reached,
        judged=len(judged),
        left=left,
    )
