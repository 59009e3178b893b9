"""Sent: the messages as they went out, on each channel in its own form; and the lock's certificate."""

from collections.abc import Mapping
from typing import Any

from crisis.drills.measures.evidence import Evidence
from crisis.drills.report import locked
from crisis.drills.report.document import Block, Facts, Paragraph, Passage, Section, Table
from crisis.drills.report.material import Material
from crisis.messages.models import Revision
from crisis.tongue.kinds import KINDS
from crisis.tongue.tongue import Speaker


def messages(material: Material, speaker: Speaker) -> Section:
    """Every revision with its texts."""
    run, _ = material.run, speaker.gettext
    heading = _("Meldingene som de ble sendt")
    if not run.sent:
        return Section("messages", heading, [Paragraph(_("Ingen melding ble sendt."))])
    parts = [_message(run, each, material.primary, speaker) for each in run.sent]
    return Section("messages", heading, (), parts)


def lock(material: Material, speaker: Speaker) -> Section:
    """What was locked when, what could not be, and what may have been out."""
    run, _ = material.run, speaker.gettext
    heading = _("Låsens egen redegjørelse")
    activation = run.activation
    if activation is None:
        return Section("lock", heading, [Paragraph(_("Krisestab ble ikke satt, så ingenting ble låst."))])
    escaped = ", ".join(f"{account} ({speaker.channel(channel)}): {posts}" for channel, account, posts in run.escaped)
    rows = [(_("Innlegg som begynte mens låsen holdt"), escaped or _("ingen"))]
    parts = locked.sections(run.certificate, speaker) if run.certificate is not None else ()
    return Section("lock", heading, [Facts(rows)], parts)


def _message(run: Evidence, revision: Revision, primary: str, speaker: Speaker) -> Section:
    _ = speaker.gettext
    fields: Mapping[str, Any] = revision.contents.get(primary) or next(iter(revision.contents.values()), {})
    heading = f"{_(KINDS[revision.kind])}: {fields.get('headline', '')}"
    blocks: list[Block] = []
    if revision.approved_at is not None:
        sent = _("Sendt %(when)s av %(who)s.", when=speaker.moment(revision.approved_at), who=revision.approved_by)
        blocks.append(Paragraph(sent, "quiet"))
    texts: dict[str, list[str]] = {}
    for each in run.texts:
        if each.revision_id == revision.id:
            name = f"{speaker.channel(each.channel)}, {speaker.tongue(each.language)}"
            texts.setdefault(each.text, []).append(name)
    for text, names in texts.items():  # complete in itself: what a text message or X was given has no title
        blocks.append(Passage(" · ".join(names), text))
    rows = run.of(revision.id)
    if rows:
        head = [_("Konto"), _("Språk"), _("Sendt til"), _("Bekreftet"), _("Klokken")]
        cells = [
            [
                f"{each.account} ({speaker.channel(each.channel)})",
                speaker.tongue(each.language),
                speaker.number(each.total),
                speaker.number(each.taken),
                speaker.second(each.last_at) if each.last_at else "–",
            ]
            for each in rows
        ]
        blocks.append(Table(_("Hvordan den kom ut"), head, cells, (2, 3, 4), (4, 2, 1.4, 1.4, 1.4)))
    return Section(f"revision-{revision.id}", heading, blocks)
