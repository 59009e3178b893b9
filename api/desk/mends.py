"""Mends: what stops a message, said beside the field it is about, with what to do. And what the fields are called."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.desk.channels import channel_name
from api.desk.draft import ADVICE, language_name
from api.desk.visit import Visit
from crisis.channels import Unit
from crisis.messages.faults import Fault
from crisis.tongue import times
from crisis.tongue.texts import lazily as N_

NAMES: Final[Mapping[str, str]] = {
    "headline": N_("Overskrift"),
    "what_happened": N_("Hva har skjedd"),
    "where": N_("Hvor"),
    ADVICE: N_("Gjør dette nå"),
    "leads": N_("Hvem leder"),
    "contact": N_("Kontakt"),
    "short": N_("Kort tekst til SMS og X"),
    "next_update_at": N_("Neste melding"),
    "audience_id": N_("Mottakere av SMS"),
    "channels": N_("Kanaler"),
}
EMPTY: Final[Mapping[str, str]] = {
    "headline": N_("Skriv en overskrift: hva det gjelder, på én linje."),
    "what_happened": N_("Skriv hva dere vet, og hva dere ikke vet ennå."),
    "where": N_("Skriv stedet, så folk vet om det gjelder dem."),
    ADVICE: N_("Skriv minst én ting folk skal gjøre."),
    "leads": N_("Skriv hvem som leder, for eksempel politiet."),
    "contact": N_("Skriv hvem folk kan ringe, og hvor."),
}
SENTENCES: Final[Mapping[str, str]] = {
    "no_text": N_("Teksten mangler. Alle meldinger må ha %(language)s."),
    "strange": N_("Her er et tegn som ikke kan sendes (%(characters)s). Slett det, eller skriv teksten på nytt."),
    "long": N_("Dette er %(length)s tegn, og det er plass til %(most)s. Kort ned med %(over)s."),
    "many": N_("Dette er %(count)s råd, og det er plass til 10. Behold de viktigste."),
    "placeholder": N_("Fyll ut: %(placeholders)s."),
    "no_promise": N_("Si når neste melding kommer. Bare «Faren er over» kan la det være."),
    "promise_passed": N_("Tidspunktet er passert. Velg et som ligger fram i tid."),
    "no_channel": N_("Ingen konto kan sende krisemeldinger. Be administratoren koble til en konto."),
    "no_people": N_("Listen er tom, så ingen ville fått SMS. Hent inn mottakere, eller velg en annen liste."),
    "no_sender": N_("Det er ingen SMS-konto å sende fra. Be administratoren koble til en, eller velg ingen mottakere."),
    "nothing_sent": N_("Ingenting av meldingen er sendt ennå. Skriv en oppdatering: den går til alle."),
    "nobody_sent": N_(
        "Ingen har fått meldingen på SMS, så ingen kan få denne. Skriv en oppdatering: den går til alle."
    ),
    "refused_character": N_("%(channel)s tar ikke imot teksten: den har et tegn som ikke er lov. Slett det."),
    "parts": N_(
        "Teksten er for lang for %(channel)s: %(count)s deler, og høyst %(most)s går. Kort ned med %(over)s tegn."
    ),
    "characters": N_(
        "Teksten er for lang for %(channel)s: %(count)s tegn, og høyst %(most)s går. Kort ned med %(over)s tegn."
    ),
    "retraction": N_("Skulle det vise seg å være falsk alarm, kan ikke beskjeden om det sendes: %(problem)s"),
    "other": N_("Dette må rettes før meldingen kan sendes."),
}
_FORM_FIELD: Final = "short"
"""Where a text that is too long for a channel is shortened."""


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing to mend: the sentence, and the field it stands beside."""

    said: str
    language: str | None
    field: str
    name: str
    """What the field is called."""


def mends(visit: Visit, faults: Iterable[Fault]) -> list[Mend]:
    """Every fault in the reader's language, each once."""
    found: dict[tuple[str, str | None, str], Mend] = {}
    for fault in faults:
        field = fault.field or (_FORM_FIELD if fault.code == "too_long_for_channel" else "")
        said = sentence(visit, fault)
        name = visit.gettext(NAMES[field]) if field in NAMES else ""
        found.setdefault((said, fault.language, field), Mend(said, fault.language, field, name))
    return list(found.values())


def sentence(visit: Visit, fault: Fault) -> str:
    """One fault in the reader's language."""
    if fault.of_retraction:
        return visit.gettext(SENTENCES["retraction"], problem=_plain(visit, fault))
    return _plain(visit, fault)


def _plain(visit: Visit, fault: Fault) -> str:
    values: dict[str, Any] = dict(fault.values)
    if fault.code == "empty":
        return visit.gettext(EMPTY.get(fault.field or "", SENTENCES["other"]))
    code = fault.code
    if code == "too_long_for_channel":
        code = "parts" if values["unit"] is Unit.SEGMENTS else "characters"
    if "channel" in values:
        values["channel"] = channel_name(visit, values["channel"])
    if "at" in values:
        values["at"] = times.moment(values["at"], visit.language)
    if fault.language:
        values["language"] = language_name(visit, fault.language)
    return visit.gettext(SENTENCES.get(code, SENTENCES["other"]), **values)
