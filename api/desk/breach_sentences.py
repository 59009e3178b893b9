"""Breach sentences: what the domain says of posts that are not ours, as the desk says it."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

BREACHES: Final[Mapping[str, str]] = {
    "Write who was reached, in at most {most} characters. Nothing was changed.": N_(
        "Skriv hvem du nådde, med høyst %(most)s tegn. Ingenting er endret."
    ),
    "Write what was said. Nothing was changed.": N_("Skriv hva som ble sagt. Ingenting er endret."),
    "Write why the post may stand. Nothing was changed.": N_("Skriv hvorfor innlegget kan stå. Ingenting er endret."),
    "Write at most {most} characters; this has {count}. Nothing was changed.": N_(
        "Skriv høyst %(most)s tegn. Dette har %(count)s. Ingenting er endret."
    ),
    "This service cannot take down posts on {account}. Take it down on the platform itself.": N_(
        "Innlegg på %(account)s kan ikke tas ned herfra. Ta det ned på plattformen selv."
    ),
    "The post is taken down, and read back as gone.": N_("Innlegget er tatt ned, og vi har sett at det er borte."),
    "The post is not taken down. {why} Take it down on the platform itself, or call its owner.": N_(
        "Innlegget er ikke tatt ned. Hvorfor står nedenfor. Ta det ned på plattformen selv, eller ring den som eier det."
    ),
    "Breach {number} is {state} already, by {by}. Nothing was changed.": N_(
        "%(by)s har allerede tatt seg av dette. Ingenting er endret. Slik står det nå."
    ),
}
"""By the sentence that the domain has."""
