"""Questions: the hints as the desk asks them. A question and never an order; nothing here stops anything."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.desk.draft import language_name
from api.desk.mends import NAMES
from api.desk.visit import Visit
from crisis.messages.hints.hint import Hint
from crisis.tongue import times
from crisis.tongue.texts import lazily as N_

QUESTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "source": (N_("Står det hvem som sender?"), N_("Sett inn «%(municipality)s»")),
    "hazard": (N_("Står det hva som har skjedd?"), N_("Sett det først")),
    "location": (N_("Står det hvor?"), N_("Sett inn stedet")),
    "guidance": (N_("Står det hva folk skal gjøre?"), N_("Legg til rådet fra malen")),
    "time": (N_("Når kommer neste melding?"), N_("Sett %(at)s")),
    "today": (N_("Skriv dato. Folk leser dette i morgen også."), N_("Bytt til dato")),
    "police": (N_("Er dette klarert med politiet?"), N_("Ta bort setningen")),
    "personal": (N_("Kan noen kjennes igjen?"), N_("Ta bort tallene")),
    "blame": (N_("Vet vi årsaken?"), N_("Ta bort setningen")),
    "reassure": (N_("Si heller hva dere gjør."), N_("Ta bort setningen")),
    "long": (N_("%(words)s ord i én setning. Kan den deles i to?"), ""),
    "hard": (N_("Kan du si det enklere? For eksempel «%(instead)s»."), N_("Bytt ord")),
    "negation": (N_("Kan du si hva folk skal gjøre, i stedet for hva de ikke skal?"), ""),
    "caps": (N_("Bruk store bokstaver bare på ett eller to ord."), N_("Skriv med små bokstaver")),
    "link": (N_("Folk har lært at de ikke skal trykke på lenker i SMS."), N_("Bruk «%(host)s»")),
    "sms": (N_("SMS-en er i %(parts)s deler. Kan den kortes ned?"), ""),
    "sms-character": (N_("Tegnet «%(character)s» gjør SMS-en dyrere: %(parts)s deler."), N_("Ta bort tegnet")),
    "same": (N_("«%(value)s» er ulikt på %(language)s og %(against)s."), N_("Gjør likt")),
    "same-short": (N_("«%(value)s» står i den korte teksten, og ikke i den lange."), ""),
    "promise": (N_("Dere lovet melding %(at)s. Er det ikke noe nytt, så si det."), N_("Skriv «Ingen endring»")),
    "alt": (N_("Ikke alle ser bilder. Skriv det samme som tekst."), ""),
    "translation-missing": (N_("%(language)s mangler. Den kan komme etterpå."), ""),
    "translation-unfinished": (N_("%(language)s er ikke ferdig og blir ikke sendt nå."), ""),
    "translation-outdated": (N_("%(language)s er eldre enn den første teksten. Stemmer den?"), ""),
}
"""The question, and what its one click is called, by the hint's id."""


@dataclass(frozen=True, slots=True)
class Question:
    """A hint as it is shown."""

    key: str
    """Of this hint in this draft: what a form names it by."""
    said: str
    found: str
    click: str
    """What the fix is called; empty where none is offered."""
    language: str
    language_name: str
    field: str
    name: str
    """What the field is called."""
    hint: Hint


def questions(visit: Visit, hints: Iterable[Hint]) -> list[Question]:
    """The hints in the reader's language."""
    return [_question(visit, hint) for hint in hints]


def key_of(hint: Hint) -> str:
    """``police.nb.what_happened``."""
    return ".".join((hint.id, hint.place.language, hint.place.field or "-"))


def _question(visit: Visit, hint: Hint) -> Question:
    values: dict[str, Any] = {"language": language_name(visit, hint.place.language), **hint.values}
    if isinstance(values.get("at"), datetime):
        values["at"] = times.moment(values["at"], visit.language)
    if hint.id == "same" and values["against"] != "long":
        values["against"] = language_name(visit, values["against"])
    question, click = QUESTIONS[_variant(hint)]
    said = visit.gettext(question, **values)
    place = hint.place
    return Question(
        key=key_of(hint),
        said=said[:1].upper() + said[1:],
        found=hint.found,
        click=visit.gettext(click, **values) if click and hint.fix else "",
        language=place.language,
        language_name=language_name(visit, place.language),
        field=place.field,
        name=visit.gettext(NAMES[place.field]) if place.field in NAMES else "",
        hint=hint,
    )


def _variant(hint: Hint) -> str:
    if hint.id == "translation":
        return f"translation-{hint.values['state']}"
    if hint.id == "same" and hint.values["against"] == "long":
        return "same-short"
    if hint.id == "sms" and hint.values["character"]:
        return "sms-character"
    return hint.id
