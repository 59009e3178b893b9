"""Drill sentences: why a drill does not start, and why something in it cannot be done, as the desk says it."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

DRILLS: Final[Mapping[str, str]] = {
    "A real crisis is on: {who} has activated “{title}”. No drill starts until it is stood down. Nothing was started.": N_(
        "Det er krise på ordentlig: %(who)s har satt krisestab for «%(title)s». Øvelser kan starte når den er avsluttet. Ingenting er startet."
    ),
    "Drill {number} ({playbook}), started by {who}, is not over. Stop it first. Nothing was started.": N_(
        "En annen øvelse pågår (%(playbook)s, startet av %(who)s). Vent til den er over, eller stopp den først. Ingenting er startet."
    ),
    "An exercise is in force already: {who} has activated “{title}”. Stand it down first. Nothing was started.": N_(
        "%(who)s har satt krisestab i øvelse for «%(title)s», uten dreiebok. Avslutt den først. Ingenting er startet."
    ),
    "Another drill was started at the same moment. See it under drills. Nothing was started.": N_(
        "Noen andre startet en øvelse i samme øyeblikk. Du finner den under Øvelser. Ingenting mer er startet."
    ),
    "Sirens and Nødvarsel are tested all over the country on {day} at {at}, and no drill is held within half an hour of it: people would take the one for the other. Start it after {after}, or so early that it is over half an hour before. Nothing was started.": N_(
        "Varslingsanleggene og Nødvarsel prøves i hele landet %(day)s kl. %(at)s. Da skal ingen øve, for folk kunne tatt det ene for det andre. Start etter kl. %(after)s, eller så tidlig at øvelsen er over en halv time før. Ingenting er startet."
    ),
    "Drill time goes {least:g} to {most:g} times as fast as the clock on the wall, not {given:g} times.": N_(
        "Øvelsestiden kan gå fra %(least)s til %(most)s ganger så fort som klokka, ikke %(given)s."
    ),
    "This playbook allows no pause: it is to be as in a real crisis. Go on, or stop the drill.": N_(
        "Denne dreieboken tillater ikke pause. Det skal være som i en virkelig krise. Fortsett, eller stopp øvelsen."
    ),
    "Say why it is stopped, in at most {most} characters: the report says so. It goes on.": N_(
        "Skriv hvorfor øvelsen stoppes, med høyst %(most)s tegn. Det står i rapporten. Øvelsen går fortsatt."
    ),
    "Drill {number} is over ({state}), and nothing about it can be changed any more.": N_(
        "Øvelsen er over, og ingenting i den kan endres."
    ),
    "Expectation {key} is not asked for yet: what it follows has not happened. Nothing was decided.": N_(
        "Forventning %(key)s gjelder ikke ennå, for det som kommer først, har ikke skjedd. Ingenting er avgjort."
    ),
    "Expectation {key} was decided already: {state}. Nothing was changed.": N_(
        "Forventning %(key)s er allerede avgjort. Ingenting er endret."
    ),
    "Inject {key} was {state} already, by {who}. Nothing was changed.": N_(
        "Innspill %(key)s er allerede gitt eller hoppet over. Ingenting er endret."
    ),
    "This is not the emergency word of this drill. The exercise leader has it, and so has the sheet.": N_(
        "Det er ikke nødordet for denne øvelsen. Øvingsleder har det, og det står på nødarket."
    ),
    "You play no part in this drill. Join it first.": N_("Du spiller ingen rolle i øvelsen. Bli med først."),
}
"""By the domain's template, with the same names in the blanks."""
