"""Results: each objective with what was expected for it, and each measure with its target and the runs before."""

from collections.abc import Sequence

from crisis.drills.measures.evidence import Evidence
from crisis.drills.measures.figure import Unit
from crisis.drills.models import DrillExpectation
from crisis.drills.report.document import Block, Bullets, Paragraph, Section, Table
from crisis.drills.report.material import Material
from crisis.drills.report.plot import plot
from crisis.drills.report.words import EXPECTATION_STATES, FROM_TO, MEASURES, action, amount, part, target, verdict
from crisis.drills.states import ExpectationState
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Speaker

REACHED = N_("nådd")
PARTLY = N_("delvis nådd")
NOT = N_("ikke nådd")
UNTESTED = N_("ikke prøvd")


def objectives(material: Material, speaker: Speaker) -> Section:
    """The fourth section, of a drill."""
    run, _ = material.run, speaker.gettext
    parts = []
    for key, text in run.script.objectives:
        serving = [each for each in run.expectations if key in run.script.served_by(each.key)]
        heading = _("%(key)s %(text)s: %(result)s", key=key, text=text.rstrip(" ."), result=_(result(serving)))
        blocks: list[Block] = [_expected(run, serving, speaker)] if serving else []
        if not serving:
            blocks = [Paragraph(_("Dreieboken har ingen forventning for dette målet."))]
        parts.append(Section(f"objective-{key}", heading, blocks))
    others = [each for each in run.expectations if not run.script.served_by(each.key)]
    if others:
        parts.append(Section("objective-none", _("Uten mål"), [_expected(run, others, speaker)]))
    return Section("objectives", _("Resultat for hvert mål"), (), parts)


def result(expectations: Sequence[DrillExpectation]) -> str:
    """Reached, partly, not, or not tested. What came too late does not count as reached."""
    tested = [each.state for each in expectations if each.state is not ExpectationState.VOID]
    met = tested.count(ExpectationState.MET)
    if not tested:
        return UNTESTED
    if met == len(tested):
        return REACHED
    return PARTLY if met or ExpectationState.LATE in tested else NOT


def measures(material: Material, speaker: Speaker) -> Section:
    """Every measure, and the trend of those that have one."""
    _ = speaker.gettext
    head = [_("Hva"), _("Målt"), _("Mål"), _("Resultat"), _("Median av siste fem")]
    rows = []
    for figure in material.figures:
        trend = material.trends[figure.measured]
        name = f"{_(MEASURES[figure.measured])} ({_(FROM_TO[figure.measured])})"
        rows.append(
            [
                name,
                amount(speaker, figure.value, figure.unit),
                target(speaker, figure),
                verdict(speaker, figure),
                amount(speaker, trend.median, figure.unit),
            ]
        )
    blocks: list[Block] = [Table(_("Det loggen viser"), head, rows, (1, 2, 4), (4.4, 1.5, 1.7, 1.3, 1.4))]
    if details := [item for figure in material.figures if (item := _detail(speaker, figure.measured, figure.parts))]:
        blocks.append(Bullets(details))
    plots = [
        made
        for figure in material.figures
        if figure.unit is Unit.SECONDS
        and figure.target is not None
        and (
            made := plot(
                speaker, figure.measured, material.trends[figure.measured], more_is_better=figure.more_is_better
            )
        )
    ]
    trend_blocks: list[Block] = list(plots) or [
        Paragraph(_("Dette er den første kjøringen som kan sammenlignes. Neste gang kommer utviklingen her."))
    ]
    parts = [Section("trend", _("Utvikling over de siste kjøringene"), trend_blocks)]
    return Section("measures", _("Målinger"), blocks, parts)


def comparison(material: Material, speaker: Speaker) -> Section:
    """This run beside those before it."""
    _ = speaker.gettext
    heading = _("Sammenlignet med tidligere")
    if not material.before:
        none = _("Det er ingen tidligere kjøring å sammenligne med.")
        return Section("comparison", heading, [Paragraph(none)])
    head = [_("Hva"), *(speaker.date(run.began_at) for run in material.before), _("Nå")]
    rows = [
        [
            _(MEASURES[figure.measured]),
            *(amount(speaker, run.figures[figure.measured].value, figure.unit) for run in material.before),
            amount(speaker, figure.value, figure.unit),
        ]
        for figure in material.figures
    ]
    columns = tuple(range(1, len(head)))
    widths = (3.0, *(1.2 for _each in columns))
    return Section("comparison", heading, [Table(_("De siste kjøringene"), head, rows, columns, widths)])


def _detail(speaker: Speaker, measured: object, parts: Sequence[object]) -> str:
    said = "; ".join(part(speaker, each) for each in parts)  # type: ignore[arg-type]
    return f"{speaker.gettext(MEASURES[measured])}: {said}." if said else ""  # type: ignore[index]


def _expected(run: Evidence, expectations: Sequence[DrillExpectation], speaker: Speaker) -> Table:
    _ = speaker.gettext
    head = [_("Forventning"), _("Resultat"), _("Etter"), _("Frist"), _("Merknad")]
    rows = []
    for each in expectations:
        wanted = run.script.expectations.get(each.key, {})
        role = str(wanted.get("role") or "")
        who = _("Systemet") if role == "system" else run.script.role(role)
        took = each.done_elapsed - each.begun_elapsed if None not in {each.done_elapsed, each.begun_elapsed} else None  # type: ignore[operator]
        allowed = each.due_elapsed - each.begun_elapsed if None not in {each.due_elapsed, each.begun_elapsed} else None  # type: ignore[operator]
        said = action(speaker, run.script, wanted)
        remark = [each.note or "", _("Vurdert av %(who)s.", who=each.judged_by) if each.judged_by else ""]
        rows.append(
            [
                f"{each.key} {who}: {said}",
                _(EXPECTATION_STATES[each.state]),
                speaker.lasting(took) if took is not None else "–",
                speaker.lasting(allowed) if allowed is not None else "–",
                " ".join(filter(None, remark)),
            ]
        )
    return Table(_("Det dreieboken ventet"), head, rows, (2, 3), (3.4, 1.5, 1.2, 1.2, 2.7))
