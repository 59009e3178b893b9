"""Facts: what was run, when, by whom, and what of it was not tested."""

from crisis.drills.measures.evidence import Evidence
from crisis.drills.report.document import Block, Bullets, Facts, Paragraph, Section
from crisis.drills.report.material import Material
from crisis.drills.report.words import DRILL_STATES, END_REASONS, FORMS, MEASURES, OVER, SKIP_REASONS
from crisis.drills.states import ExpectationState, InjectState
from crisis.roles import Role
from crisis.tongue.roles import NAMES
from crisis.tongue.tongue import Speaker


def section(material: Material, speaker: Speaker) -> Section:
    """The second section."""
    run, _ = material.run, speaker.gettext
    blocks: list[Block] = [Facts(_rows(run, speaker))]
    if background := run.script.background:
        blocks.append(Paragraph(background))
    parts = [Section("people", _("Deltakere"), [_people(run, speaker)])]
    parts.append(Section("untested", _("Ikke prøvd"), [_untested(material, speaker)]))
    return Section("facts", _("Fakta"), blocks, parts)


def _rows(run: Evidence, speaker: Speaker) -> list[tuple[str, str]]:
    _, drill, activation = speaker.gettext, run.drill, run.activation
    rows: list[tuple[str, str]] = []
    if drill is not None:
        form = FORMS.get(run.script.form)
        version = _("%(title)s, versjon %(version)s", title=run.script.title, version=drill.playbook_version)
        rows += [(_("Dreiebok"), version)]
        rows += [(_("Øvingsform"), _(form))] if form else []
        rows += [
            (_("Begynte"), speaker.moment(run.began_at)),
            (_("Startet av"), drill.started_by),
            (_("Tilstand"), _(DRILL_STATES[drill.state])),
        ]
        if drill.ended_at is not None:
            rows.append((_("Sluttet"), speaker.moment(drill.ended_at)))
        if drill.end_reason:
            reason = END_REASONS.get(drill.end_reason)
            rows.append((_("Begrunnelse"), _(reason) if reason else drill.end_reason))
        if drill.autoplay:
            rows.append((_("Spilt av"), _("en maskin: ingen mennesker deltok")))
    if activation is not None:
        rows += [
            (_("Krisestab"), activation.title),
            (_("Satt av"), f"{activation.activated_by}, {speaker.moment(activation.activated_at)}"),
        ]
        if activation.stood_down_at is not None:
            rows.append((_("Avsluttet av"), f"{activation.stood_down_by}, {speaker.moment(activation.stood_down_at)}"))
    return rows


def _people(run: Evidence, speaker: Speaker) -> Block:
    by_part: dict[str, list[str]] = {}
    for player in run.players:
        names = by_part.setdefault(player.part, [])
        if player.name not in names:
            names.append(player.name)
    rows = [(run.script.role(part), ", ".join(names)) for part, names in by_part.items()]
    if not rows:  # nobody took a part: those who did something are known all the same
        by_role: dict[str, list[str]] = {}
        for act in run.acts:
            names = by_role.setdefault(act.role, [])
            if act.actor not in names and act.role != "system":
                names.append(act.actor)
        rows = [(_role(role, speaker), ", ".join(names)) for role, names in by_role.items() if names]
    if not rows:
        return Paragraph(speaker.gettext("Ingen gjorde noe."))
    return Facts(rows)


def _role(role: str, speaker: Speaker) -> str:
    """What a role on record is called; whoever holds the server's shell has no other name."""
    return speaker.gettext(NAMES[Role(role)]) if role in NAMES else role


def _untested(material: Material, speaker: Speaker) -> Block:
    run, _ = material.run, speaker.gettext
    known = run.script.injects
    items = [
        _(
            "Innspill %(key)s kom ikke (%(why)s): %(text)s",
            key=each.key,
            why=_(SKIP_REASONS.get(each.reason or "", OVER)),
            text=run.script.text(known.get(each.key, {}).get("text")),
        )
        for each in run.injects
        if each.state is not InjectState.FIRED
    ]
    void = [each.key for each in run.expectations if each.state is ExpectationState.VOID]
    if void:
        items.append(_("Forventninger som ikke ble prøvd: %(keys)s", keys=", ".join(void)))
    items += [f"{_(MEASURES[each.measured])}: {_(each.why)}" for each in material.figures if each.value is None]
    if not items:
        return Paragraph(_("Alt i dreieboken ble prøvd, og alt ble målt."))
    return Bullets(items)
