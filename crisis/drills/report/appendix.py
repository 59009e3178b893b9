"""Appendix: what a report can be checked against: the log with its hashes, and the playbook's version."""

from crisis.drills.report.document import Block, Facts, Section, Table
from crisis.drills.report.material import Material
from crisis.tongue.tongue import Speaker

ENTRIES_MOST = 400
"""Entries of the log that are printed, the first ones. The package has all of them."""


def section(material: Material, speaker: Speaker) -> Section:
    """The last section."""
    run, _ = material.run, speaker.gettext
    seq, digest = material.head
    rows = [
        (_("Laget"), speaker.moment(material.read_at)),
        (_("Revisjonsloggens siste nummer da"), str(seq)),
        (_("Og dets kontrollsum"), digest),
    ]
    if run.drill is not None:
        rows += [
            (_("Dreiebok"), f"{run.drill.playbook_id} {run.drill.playbook_version}"),
            (_("Dreiebokens kontrollsum (SHA-256)"), run.drill.playbook_sha256),
        ]
    blocks: list[Block] = [Facts(rows)]
    if run.acts:
        head = [_("Nummer"), _("Klokken"), _("Hvem"), _("Handling"), _("Kontrollsum")]
        cells = [
            [str(each.seq), speaker.second(each.at), each.actor, each.action.replace("_", " "), each.hash]
            for each in run.acts[:ENTRIES_MOST]
        ]
        caption = _("Loggen, med hver linjes kontrollsum")
        blocks.append(Table(caption, head, cells, (0, 1), (1, 1.2, 2, 1.8, 4)))
    return Section("appendix", _("Vedlegg"), blocks)
