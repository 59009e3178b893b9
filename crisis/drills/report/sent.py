"""Sent: the messages as they went out, on each channel in its own form; and the lock's account of itself."""

from collections.abc import Mapping
from typing import Any

from crisis.drills.measures.evidence import Evidence
from crisis.drills.report.document import Block, Facts, Paragraph, Passage, Section, Table
from crisis.drills.report.material import Material
from crisis.drills.report.words import LOCKS
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
    confirmed = next((each for each in run.acts if each.action == "confirm"), None)
    unresolved = confirmed.detail.get("unresolved", []) if confirmed else []
    rows = [
        (_("Låst"), f"{speaker.date(activation.activated_at)} {speaker.second(activation.activated_at)}"),
        (_("Låst av"), activation.activated_by),
        (_("Låsens nummer"), str(activation.epoch)),
        (
            _("Bekreftet"),
            speaker.second(activation.confirmed_at) if activation.confirmed_at else _("aldri bekreftet"),
        ),
        (
            _("Innlegg som kan ha kommet ut rett før"),
            ", ".join(f"{each['account']} ({speaker.channel(each['channel'])})" for each in unresolved) or _("ingen"),
        ),
        (
            _("Innlegg som begynte mens låsen holdt"),
            ", ".join(f"{account} ({speaker.channel(channel)}): {posts}" for channel, account, posts in run.escaped)
            or _("ingen"),
        ),
    ]
    if activation.stood_down_at is not None:
        rows.append((_("Låst opp"), speaker.moment(activation.stood_down_at)))
    hashed = [each for each in run.acts if each.action in {"activate", "confirm", "stand_down"}]
    rows += [(_("I revisjonsloggen, nummer %(seq)s", seq=each.seq), each.hash) for each in hashed]
    blocks: list[Block] = [Facts(rows)]
    if run.accounts:
        head = [_("Konto"), _("Kanal"), _("Enhet"), _("Låsen")]
        cells = [
            [each.account, speaker.channel(each.channel), each.unit, _(LOCKS[each.state])] for each in run.accounts
        ]
        blocks.append(Table(_("Hver konto, og hva låsen er verdt på den"), head, cells))
    return Section("lock", heading, blocks)


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
