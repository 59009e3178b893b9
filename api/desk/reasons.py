"""Reasons: why a text message did not arrive, or a post did not go out, as the desk says it.

What is not here is shown in the words that the provider's adapter or the engine left, which are English.
"""

from collections.abc import Mapping
from typing import Final

from api.desk.visit import Visit
from crisis.tongue.texts import lazily as N_

BY_CODE: Final[Mapping[str, str]] = {
    "21211": N_("Nummeret er ikke et gyldig telefonnummer."),
    "21408": N_("Twilio-kontoen vår har ikke lov til å sende SMS til dette landet."),
    "21610": N_("Mottakeren har svart STOP til denne avsenderen."),
    "21612": N_("Det går ikke an å sende fra vår avsender til dette nummeret."),
    "21614": N_("Nummeret er ikke et mobilnummer."),
    "21635": N_("Nummeret er en fasttelefon, som ikke kan ta imot SMS."),
    "30003": N_("Telefonen var avslått eller uten dekning."),
    "30004": N_("Meldingen ble sperret hos mottakeren."),
    "30005": N_("Nummeret er ikke i bruk."),
    "30006": N_("Nummeret kan ikke ta imot SMS."),
    "30007": N_("Operatøren stanset meldingen som uønsket."),
    "30008": N_("Operatøren sier ikke hvorfor."),
    "30036": N_("Telefonen tok ikke imot før meldingen gikk ut på tid."),
}
"""Twilio's error codes, by its error dictionary (twilio.com/docs/api/errors)."""
BY_WORDS: Final[Mapping[str, str]] = {
    "superseded by a newer revision": N_("En nyere melding tok plassen før den gikk ut."),
    "withdrawn before it was sent": N_("Trukket tilbake før den gikk ut."),
    "too late to send: its validity has passed": N_("For sent å sende: den gjaldt ikke lenger."),
    "the sender was lost during the call": N_("Avsenderen falt ut midt i sendingen, så vi vet ikke om den kom fram."),
    "the sender died during the call": N_("Avsenderen falt ut midt i sendingen, så vi vet ikke om den kom fram."),
}
"""The engine's own."""


def reason(visit: Visit, error: str | None, code: str | None) -> str:
    """In the page's language where the desk has it; nothing where nothing is known."""
    ours = BY_CODE.get(code or "") or BY_WORDS.get(error or "")
    if ours:
        return visit.gettext(ours)
    _ = visit.gettext
    return _("Oppgitt grunn: %(said)s", said=error) if error else ""
