"""Locks: what people call each state of an account's lock, and the sentences of its evidence and of what somebody must do."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from crisis.accounts.locks import LockState
from crisis.locks.evidence import Evidence, Kind, Need, NeedKind
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Tongue

STATES: Final[Mapping[LockState, str]] = {
    LockState.OPEN: N_("Åpen"),
    LockState.HELD: N_("Hindret her"),
    LockState.NOT_ENFORCEABLE: N_("Kan ikke låses herfra"),
    LockState.ACCESS_REVOKED: N_("Tilgangen er trukket"),
    LockState.INSTRUCTED: N_("Bedt om stillhet"),
    LockState.ACKNOWLEDGED: N_("Har bekreftet stillhet"),
    LockState.BREACHED: N_("Brudd"),
    LockState.RESTORED: N_("Gitt tilbake"),
}
ABOUT: Final[Mapping[LockState, str]] = {
    LockState.OPEN: N_("Enheten publiserer som vanlig."),
    LockState.HELD: N_("Ingenting kan komme ut der uten gjennom denne tjenesten."),
    LockState.NOT_ENFORCEABLE: N_("Ingenting stanser det som legges ut rett på plattformen, og ingen er nådd ennå."),
    LockState.ACCESS_REVOKED: N_("Sperret hos plattformen, og lest tilbake: ingen andre kan publisere."),
    LockState.INSTRUCTED: N_("De har fått beskjed, og har ikke svart."),
    LockState.ACKNOWLEDGED: N_("Den som svarer for kontoen, har sagt at ingenting legges ut."),
    LockState.BREACHED: N_("Et innlegg som ikke er vårt, har kommet ut, og ingen har tatt seg av det."),
    LockState.RESTORED: N_("Krisestaben er avsluttet, og det som ble tatt, er gitt tilbake."),
}
STILL_TAKEN: Final = N_("Ikke gitt tilbake ennå")
"""What an account is called whose access is still revoked after the activation."""

EVIDENCE: Final[Mapping[Kind, str]] = {
    Kind.GATE: N_("Det som går gjennom denne tjenesten, er stanset siden %(when)s (lås nummer %(epoch)s)."),
    Kind.GATE_OPENED: N_("%(by)s låste opp %(when)s."),
    Kind.NOT_CONNECTED: N_("Det som legges ut her, går ikke gjennom denne tjenesten."),
    Kind.IN_FLIGHT: N_("%(post)s begynte før låsen, og er fortsatt på vei."),
    Kind.UNRESOLVED: N_("%(post)s kan ha kommet ut rett før låsen."),
    Kind.EDITORS: N_("Den er nettredaksjonens egen, og bærer krisemeldingene."),
    Kind.OURS: N_("Bare denne tjenesten kan publisere her."),
    Kind.ONLY_HERE: N_("Kontoregisteret sier at bare denne tjenesten kan publisere her."),
    Kind.ONLY_HERE_DISPROVED: N_(
        "Kontoregisteret sier at bare denne tjenesten kan publisere her. Det stemmer ikke: noe kom ut."
    ),
    Kind.LEVER_WANTED: N_("Sperringen hos plattformen er ikke satt ennå."),
    Kind.LEVER_PULLING: N_("Sperringen hos plattformen settes nå."),
    Kind.LEVER_PULLED: N_("Sperret hos plattformen og lest tilbake %(when)s: ingen andre kan publisere."),
    Kind.LEVER_INCOMPLETE: N_(
        "Sperret hos plattformen %(when)s, men disse kan ikke fjernes og kan publisere: %(names)s."
    ),
    Kind.LEVER_FAILED: N_("Sperringen hos plattformen lyktes ikke%(why)s."),
    Kind.LEVER_LIED: N_("Lest tilbake kan disse fortsatt publisere, hva plattformen enn svarte: %(names)s."),
    Kind.LEVER_RESTORING: N_("Tilgangen gis tilbake hos plattformen."),
    Kind.LEVER_RESTORED: N_("Tilgangen er gitt tilbake, og lest tilbake %(when)s."),
    Kind.LEVER_BY_HAND: N_("Tilgangen må gis tilbake for hånd. Disse hadde den: %(names)s."),
    Kind.LEVER_LEFT: N_("Det som ble tatt, er ikke gitt tilbake ennå."),
    Kind.LEVER_HELD_BACK: N_("Tilgangen holdes tilbake til noen gir den til denne enheten."),
    Kind.NOTHING_TAKEN: N_("Ingenting ble tatt fra noen på plattformen."),
    Kind.GONE: N_("Kontoen finnes ikke lenger på plattformen."),
    Kind.ACKNOWLEDGED_LINK: N_("%(name)s bekreftet med lenken %(when)s."),
    Kind.ACKNOWLEDGED_DESK: N_("%(name)s har bekreftet %(when)s."),
    Kind.ACKNOWLEDGED_TELEPHONE: N_("%(name)s bekreftet på telefon %(when)s, skrevet ned av %(by)s."),
    Kind.DELIVERED: N_("SMS til %(name)s kom fram %(when)s."),
    Kind.TOLD_SMS: N_("SMS til %(name)s er tatt imot av leverandøren %(when)s."),
    Kind.TOLD_EMAIL: N_("E-post til %(name)s er tatt imot av e-posttjeneren %(when)s."),
    Kind.ON_ITS_WAY: N_("Beskjeden til %(name)s er på vei."),
    Kind.NOT_REACHED: N_("%(name)s er ikke nådd%(why)s."),
    Kind.NO_WAY: N_("%(name)s kan ikke nås: verken nummer eller e-postadresse er registrert."),
    Kind.NO_SENDER: N_("%(name)s kan ikke nås: nettredaksjonen har ingen SMS-konto som er koblet til."),
    Kind.NO_MAIL: N_("%(name)s kan ikke nås: det er ikke satt opp noen e-posttjener."),
    Kind.ASKED_AGAIN: N_("%(name)s ble spurt på nytt %(when)s."),
    Kind.NOBODY: N_("Ingen kontaktperson er registrert for %(unit)s."),
    Kind.BREACH_OPEN: N_("%(post)s kom ut %(when)s, og er ikke vårt."),
    Kind.BREACH_CONTACTED: N_("%(post)s er ikke vårt. %(by)s tok kontakt med eieren %(when)s."),
    Kind.BREACH_TAKEN_DOWN: N_("%(post)s er ikke vårt. %(by)s tok det ned %(when)s."),
    Kind.BREACH_ACCEPTED: N_("%(post)s er ikke vårt. %(by)s lot det stå %(when)s."),
    Kind.PLANNED_LEFT: N_("%(post)s ligger igjen på plattformen, og går ut %(when)s."),
    Kind.PLANNED_FOUND: N_("%(post)s er planlagt på plattformen til %(when)s. Vi tar det ut nå."),
    Kind.PLANNED_TAKEN_OUT: N_("%(post)s var planlagt på plattformen til %(when)s, og er tatt ut."),
    Kind.PLANNED_GONE: N_("%(post)s var planlagt på plattformen til %(when)s, og er ikke der lenger."),
    Kind.LISTED: N_("Planlagte innlegg på plattformen er sist sett på %(when)s."),
    Kind.LIST_UNREAD: N_("Vi vet ikke hva som er planlagt på plattformen%(why)s."),
    Kind.SEEN: N_("Sist sett %(when)s."),
    Kind.NOT_SEEN_YET: N_("Vaktholdet har ikke sett hit ennå."),
    Kind.BLIND: N_("Vaktholdet ser ikke kontoen nå%(why)s. Sist sett %(when)s."),
    Kind.NOT_WATCHED: N_("Vaktholdet kan ikke se denne kontoen."),
}
_NEVER_SEEN: Final = N_("Vaktholdet har aldri sett kontoen%(why)s.")

NEEDS: Final[Mapping[NeedKind, str]] = {
    NeedKind.BREACH: N_("%(post)s kom ut %(when)s, og er ikke vårt. Ta deg av det."),
    NeedKind.PLANNED_SOON: N_("%(post)s går ut av seg selv %(when)s. Be eieren ta det ut."),
    NeedKind.UNRESOLVED: N_("%(post)s kan ha kommet ut rett før låsen. Finn ut om det gjorde det."),
    NeedKind.LEVER_FAILED: N_("Sperringen hos plattformen lyktes ikke%(why)s. Prøv igjen, eller gjør det for hånd."),
    NeedKind.NOBODY: N_("Ingen i %(unit)s er nådd%(why)s. Ring %(whom)s og be om at ingenting legges ut."),
    NeedKind.NO_ANSWER: N_("%(names)s ble spurt på nytt %(when)s og har ikke svart. Ring."),
    NeedKind.STILL_IN: N_("Ring %(names)s og be om at ingenting legges ut: plattformen lar oss ikke stanse dem."),
    NeedKind.BY_HAND: N_("Gi tilgangen tilbake for hånd. Disse hadde den: %(names)s."),
    NeedKind.RESTORE_LATE: N_("Tilgangen kan ikke gis tilbake så langt%(why)s. Vi prøver igjen."),
    NeedKind.CANNOT_ENFORCE: N_("Ring %(whom)s og be om at ingenting legges ut: beskjeden er ikke kommet fram ennå."),
    NeedKind.PLANNED_LATER: N_("%(post)s går ut av seg selv %(when)s. Eieren må ta det ut."),
    NeedKind.BLIND: N_("Se på kontoen selv: vaktholdet ser den ikke%(why)s."),
    NeedKind.GIVE_BACK: N_("Tilgangen holdes tilbake. Gi den til enheten når den skal ha den."),
}
_STILL_CAN: Final = N_(
    "Sperringen hos plattformen lyktes ikke: %(names)s kan fortsatt publisere. Prøv igjen, eller gjør det for hånd."
)
_THE_UNIT: Final = N_("enheten")
SHOWN: Final = 80
"""Characters of somebody's post that are quoted."""

When = Callable[[datetime], str]
"""How a time is written: ``kl. 05.58``, or with its date where that is read another year."""


def evidence(tongue: Tongue, each: Evidence, when: When) -> str:
    """One line of evidence as a sentence."""
    words = _NEVER_SEEN if each.kind is Kind.BLIND and each.at is None else EVIDENCE[each.kind]
    return tongue.gettext(words, **_blanks(tongue, each.values, each.at, when))


def need(tongue: Tongue, each: Need, when: When) -> str:
    """What somebody must do, as a sentence."""
    words = _STILL_CAN if each.kind is NeedKind.LEVER_FAILED and each.values.get("names") else NEEDS[each.kind]
    return tongue.gettext(words, **_blanks(tongue, each.values, each.at, when))


def state(tongue: Tongue, each: LockState, *, is_over: bool = False) -> str:
    """The word, as it begins a line."""
    is_left = is_over and each is LockState.ACCESS_REVOKED
    return tongue.gettext(STILL_TAKEN if is_left else STATES[each])


def _blanks(tongue: Tongue, values: Mapping[str, object], at: datetime | None, when: When) -> dict[str, str]:
    said = {name: str(value) for name, value in values.items()}
    post, author, error = said.get("text", ""), said.get("author"), said.get("error")
    whom = said.get("names") or said.get("leader") or tongue.gettext(_THE_UNIT)
    return said | {
        "when": when(at) if at is not None else "",
        "post": f"«{shortened(post)}»" + (f" ({author})" if author else ""),
        "why": f": {error.rstrip(' .')}" if error else "",
        "whom": whom,
    }


def shortened(post: str) -> str:
    """The beginning of somebody's post, on one line."""
    line = " ".join(post.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1].rstrip()}…"
