"""Post sentences: what the domain says about units' posts and about pointers, as the desk says it. See :mod:`api.desk.sentences`."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

POSTS: Final[Mapping[str, str]] = {
    "Choose at least one post.": N_("Kryss av for minst ett innlegg."),
    "At most {most} posts can be decided about at once.": N_("Velg høyst %(most)s innlegg om gangen."),
    "Post {number} is not blocked any more: somebody has decided about it since. Nothing was published. Publish this as a new post if it is still wanted.": N_(
        "Noen har avgjort innlegg %(number)s siden du begynte å skrive det om. Ingenting er publisert. Trykk en gang til hvis dette skal ut som et nytt innlegg."
    ),
    "A pointer is at most {most} characters; this one is {count}.": N_(
        "Et henvisningsinnlegg kan ha høyst %(most)s tegn. Dette har %(count)s."
    ),
    "The pointer cannot go out as it is.": N_("Teksten kan ikke gå ut slik den er."),
    "There is a pointer already. Withdraw it first; what is out stays. Nothing was changed.": N_(
        "Det finnes et henvisningsinnlegg fra før. Trekk det tilbake først. Det som er ute, blir stående."
    ),
    "No account is locked, so there is nothing to point to. Units publish as usual.": N_(
        "Ingen kontoer er låst, så det er ingenting å henvise til. Enhetene publiserer som vanlig."
    ),
    "No pointer is approved. The web editors approve one first. Nothing was published.": N_(
        "Ingen henvisning er godkjent. Nettredaksjonen må godkjenne en først. Ingenting er publisert."
    ),
    "Pointer {number} was withdrawn. Write a new one.": N_("Henvisningsinnlegget er trukket tilbake. Skriv et nytt."),
    "Choose at least one account.": N_("Velg minst én konto."),
    "{account} is the web editors' own: it carries the messages themselves.": N_(
        "%(account)s er nettredaksjonens egen. Der går selve meldingene ut."
    ),
    "{account} sends to recipients, and a pointer is sent to nobody.": N_(
        "%(account)s sender SMS, og en henvisning sendes ikke til noen."
    ),
}
