"""Locked: the lock certificate set as a report's sections: by itself, as a page and a PDF, and in the report of a drill or a crisis."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from crisis.accounts.locks import LockState
from crisis.activations.models import Activation
from crisis.activations.states import ActivationState
from crisis.deliveries.states import DeliveryState
from crisis.drills.report.document import Block, Bullets, Document, Facts, Paragraph, Section, Table
from crisis.locks.certificate import Certificate, Held, Passed
from crisis.mode import Mode
from crisis.notifications.standing import Person
from crisis.tongue import locks as words
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Speaker
from crisis.watch.models import BreachState

WAYS: Final[Mapping[str, str]] = {
    "link": N_("med lenken"),
    "desk": N_("innlogget"),
    "telephone": N_("på telefon"),
}
HANDLED: Final[Mapping[BreachState, str]] = {
    BreachState.OPEN: N_("ingen har tatt seg av det"),
    BreachState.CONTACTED: N_("eieren er kontaktet"),
    BreachState.TAKEN_DOWN: N_("tatt ned"),
    BreachState.ACCEPTED: N_("fikk stå"),
}
ACTS: Final[Mapping[str, str]] = {
    "activate": N_("låst"),
    "confirm": N_("bekreftet"),
    "stand_down": N_("låst opp"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    DeliveryState.ACCEPTED: N_("kom ut"),
    DeliveryState.SENT: N_("kom ut"),
    DeliveryState.DELIVERED: N_("kom ut"),
    DeliveryState.UNKNOWN: N_("kan ha kommet ut"),
    DeliveryState.UNKNOWN_FINAL: N_("kan ha kommet ut"),
    DeliveryState.REJECTED: N_("avvist av plattformen"),
    DeliveryState.RETRY_WAIT: N_("kom ikke ut"),
    DeliveryState.BLOCKED: N_("stanset av låsen"),
    DeliveryState.CANCELLED: N_("kom ikke ut"),
    DeliveryState.DEAD: N_("kom ikke ut"),
}
"""What a post had come to when its permit was closed."""
_LAST: Final = N_("siste så langt")


def document(found: Certificate, speaker: Speaker, marker: str) -> Document:
    """The certificate by itself. ``marker``: what marks the messages of an exercise."""
    _ = speaker.gettext
    return Document(
        language=speaker.language,
        title=_("Låsebevis: %(title)s", title=found.activation.title),
        subtitle=_("Lest %(when)s", when=speaker.moment(found.read_at)),
        mark=marker if found.activation.mode is Mode.EXERCISE else "",
        municipality=found.municipality,
        contents=_("Innhold"),
        page=_("Side"),
        sections=sections(found, speaker),
    )


def sections(found: Certificate, speaker: Speaker) -> Sequence[Section]:
    """All of it: the lock, what was under way, each account, breaches, what was taken, who answered, and how it is checked."""
    made = (_lock, _permits, _accounts, _breaches, _levers, _people, _check)
    return tuple(each(found, speaker) for each in made)


def _lock(found: Certificate, speaker: Speaker) -> Section:
    _, activation = speaker.gettext, found.activation
    rows = [
        (_("Kommune"), found.municipality),
        (_("Gjelder"), _("Øvelse") if activation.mode is Mode.EXERCISE else _("Virkelig hendelse")),
        (_("Krisestab"), f"{activation.title} ({activation.id})"),
        (_("Låsens nummer"), str(activation.epoch)),
        (_("Låst"), _exactly(speaker, activation.activated_at)),
        (_("Låst av"), activation.activated_by),
        (
            _("Bekreftet"),
            _exactly(speaker, activation.confirmed_at) if activation.confirmed_at else _("aldri bekreftet"),
        ),
        (_("Låst opp"), _ended(activation, speaker)),
        (_("Kontoer"), speaker.number(len(found.accounts))),
    ]
    final = _("Krisestaben er avsluttet, og alt er gitt tilbake.")
    said = final if found.is_final else _("Dette er slik det sto da det ble lest. Noe gjenstår.")
    return Section("lock-gate", _("Låsen"), [Facts(rows), Paragraph(said, "quiet")])


def _ended(activation: Activation, speaker: Speaker) -> str:
    if activation.stood_down_at is None:
        return speaker.gettext("ikke ennå")
    return f"{_exactly(speaker, activation.stood_down_at)}, {activation.stood_down_by}"


def _permits(found: Certificate, speaker: Speaker) -> Section:
    _ = speaker.gettext
    rows = [
        (_("Innlegg som alt var på vei da det ble låst"), speaker.number(len(found.permits))),
        (_("Avsluttet av den som sendte"), speaker.number(len(found.drained))),
        (_("Tatt fra en avsender som var død"), speaker.number(len(found.taken))),
        (_("Fortsatt åpne"), speaker.number(len(found.still_open))),
        (
            _("Kan ha kommet ut rett før"),
            ", ".join(f"{each.account} ({speaker.channel(each.channel)})" for each in found.unresolved) or _("ingen"),
        ),
    ]
    blocks: list[Block] = [Facts(rows)]
    if found.permits:
        head = [_("Konto"), _("Tekst"), _("Begynt"), _("Avsluttet"), _("Utfall")]
        cells = [
            [
                f"{each.account} ({speaker.channel(each.channel)})",
                words.shortened(each.text),
                speaker.second(each.opened_at),
                speaker.second(each.closed_at) if each.closed_at else "–",
                _outcome(each, speaker),
            ]
            for each in found.permits
        ]
        blocks.append(Table(_("Det som var på vei"), head, cells, (2, 3), (2.6, 3.4, 1.2, 1.2, 1.8)))
    return Section("lock-permits", _("På vei da det ble låst"), blocks)


def _outcome(permit: Passed, speaker: Speaker) -> str:
    if permit.closed_at is None:
        return speaker.gettext("åpen på %(host)s", host=permit.host.partition("/")[0])
    if permit.is_taken:
        return speaker.gettext("avsenderen var død, kan ha kommet ut")
    outcome = permit.outcome or ""
    return speaker.gettext(OUTCOMES[outcome]) if outcome in OUTCOMES else outcome


def _accounts(found: Certificate, speaker: Speaker) -> Section:
    _ = speaker.gettext
    heading = _("Hver konto, og hva låsen er verdt på den")
    if not found.accounts:
        return Section("lock-accounts", heading, [Paragraph(_("Ingen kontoer er registrert."))])
    is_over = found.activation.state is ActivationState.STOOD_DOWN
    head = [_("Konto"), _("Enhet"), _("Mens låsen sto"), _("Siden"), *([_("Nå")] if is_over else [])]
    cells = [
        [
            f"{each.outlet.name} ({speaker.channel(each.outlet.channel)})",
            each.outlet.unit,
            words.state(speaker, each.held.state),
            speaker.second(each.held.at) if each.held.at else "–",
            *([words.state(speaker, each.now.state, is_over=True)] if is_over else []),
        ]
        for each in sorted(found.accounts, key=lambda each: (each.outlet.unit.casefold(), each.outlet.name))
    ]
    counted = [
        f"{words.state(speaker, state)}: {speaker.number(sum(each.held.state is state for each in found.accounts))}"
        for state in LockState
        if any(each.held.state is state for each in found.accounts)
    ]
    widths = (3.2, 2.2, 2.2, 1.2, 1.8) if is_over else (3.4, 2.4, 2.4, 1.2)
    return Section("lock-accounts", heading, [Bullets(counted), Table(heading, head, cells, (3,), widths)])


def _breaches(found: Certificate, speaker: Speaker) -> Section:
    _ = speaker.gettext
    heading = _("Innlegg som ikke var våre")
    breaches = [(each, breach) for each in found.accounts for breach in each.breaches]
    blocks: list[Block] = [Paragraph(_watched(found, speaker), "quiet")]
    if not breaches:
        return Section("lock-breaches", heading, [Paragraph(_("Ingen ble funnet.")), *blocks])
    head = [_("Konto"), _("Kom ut"), _("Tekst"), _("Hva som ble gjort")]
    cells = [
        [
            f"{each.outlet.name} ({speaker.channel(each.outlet.channel)})",
            speaker.second(breach.posted_at),
            words.shortened(breach.text) + (f" ({breach.author})" if breach.author else ""),
            _(HANDLED[breach.state])
            + (f", {breach.handled_by} {speaker.second(breach.handled_at)}" if breach.handled_at else ""),
        ]
        for each, breach in sorted(breaches, key=lambda pair: pair[1].posted_at)
    ]
    return Section("lock-breaches", heading, [Table(heading, head, cells, (1,), (2.4, 1.2, 3.6, 2.6)), *blocks])


def _watched(found: Certificate, speaker: Speaker) -> str:
    watched, total = found.board.coverage.watched, speaker.number(len(found.accounts))
    return speaker.gettext(
        "Vaktholdet så etter på %(watched)s av %(total)s kontoer.", watched=speaker.number(watched), total=total
    )


def _levers(found: Certificate, speaker: Speaker) -> Section:
    _ = speaker.gettext
    heading = _("Sperring hos plattformene")
    pulled = [each for each in found.accounts if each.lever is not None]
    if not pulled:
        return Section("lock-levers", heading, [Paragraph(_("Ingen sperring hos noen plattform ble brukt."))])
    head = [_("Konto"), _("Tatt fra"), _("Lest tilbake"), _("Gitt tilbake"), _("Slik står det")]
    cells = [_lever(each, speaker) for each in pulled]
    return Section("lock-levers", heading, [Table(heading, head, cells, (2, 3), (2.4, 2.2, 1.2, 1.2, 3.2))])


def _lever(held: Held, speaker: Speaker) -> list[str]:
    lever = held.lever
    assert lever is not None  # noqa: S101 - asked of those that have one
    said = [each for each in held.now.evidence if each.kind.value.startswith("lever_") or each.kind.value == "gone"]
    return [
        f"{held.outlet.name} ({speaker.channel(held.outlet.channel)})",
        ", ".join(each.name for each in lever.had) or "–",
        speaker.second(lever.pulled_at) if lever.pulled_at else "–",
        speaker.second(lever.restored_at) if lever.restored_at else "–",
        " ".join(words.evidence(speaker, each, speaker.time_of_day) for each in said)
        or speaker.gettext("Ingenting ble tatt fra noen på plattformen."),
    ]


def _people(found: Certificate, speaker: Speaker) -> Section:
    _ = speaker.gettext
    heading = _("De som svarer for kontoene")
    if not found.people:
        return Section("lock-people", heading, [Paragraph(_("Ingen kontaktpersoner er registrert."))])
    head = [_("Navn"), _("Enhet"), _("Fikk beskjed"), _("Bekreftet"), _("Hvordan")]
    cells = [
        [
            each.name,
            each.unit,
            speaker.second(each.told_at) if each.told_at else _("nei"),
            speaker.second(each.acknowledged_at) if each.acknowledged_at else _("nei"),
            _way(each, speaker),
        ]
        for each in found.people
    ]
    answered = _(
        "%(answered)s av %(total)s har bekreftet.",
        answered=speaker.number(len(found.acknowledged)),
        total=speaker.number(len(found.people)),
    )
    table = Table(heading, head, cells, (2, 3), (2.4, 2.2, 1.4, 1.4, 2.6))
    return Section("lock-people", heading, [Paragraph(answered), table])


def _way(person: Person, speaker: Speaker) -> str:
    if person.acknowledged_at is None:
        return "–"
    said = speaker.gettext(WAYS.get(person.acknowledged_way or "", "–"))
    by = person.acknowledged_by
    return said if by in {None, person.name} else f"{said}, {by}"


def _check(found: Certificate, speaker: Speaker) -> Section:
    _ = speaker.gettext
    rows = [
        (
            _(
                "Nummer %(seq)s: %(what)s, %(when)s",
                seq=each.seq,
                what=_(ACTS.get(each.action, _LAST)),
                when=speaker.second(each.at),
            ),
            each.head,
        )
        for each in found.entries
    ]
    how = _(
        "Hver linje er et nummer i revisjonsloggen og dets kontrollsum. Kjør «crisis audit verify --head» med linjen bak: da "
        "regnes hele loggen gjennom, og det bevises at den fortsatt har akkurat dette, og at ingenting før det er endret."
    )
    return Section("lock-check", _("Slik kontrolleres det"), [Facts(rows), Paragraph(how, "quiet")])


def _exactly(speaker: Speaker, at: datetime) -> str:
    return f"{speaker.date(at)} {speaker.second(at)}"
