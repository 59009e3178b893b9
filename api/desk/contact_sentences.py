"""Contact sentences: what the domain says of contacts and their answers, as the desk says it."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

CONTACTS: Final[Mapping[str, str]] = {
    "A contact needs a name, and whether it is the leader, a deputy or an editor.": N_(
        "Skriv navnet, og velg om det er leder, stedfortreder eller redaktør."
    ),
    "A contact needs a mobile number or an e-mail address: otherwise nobody can be told.": N_(
        "Skriv et mobilnummer eller en e-postadresse. Ellers kan ingen varsles."
    ),
    "{unit} has a contact called {name} already. Change that one.": N_(
        "%(unit)s har allerede en kontaktperson som heter %(name)s. Endre den i stedet."
    ),
    "No account belongs to a unit {unit!r}; the nearest is {nearest!r}.": N_(
        "Ingen konto hører til enheten «%(unit)s». Den nærmeste er «%(nearest)s»."
    ),
    "A contact needs a name of 1 to {most} printable characters.": N_("Skriv et navn på høyst %(most)s tegn."),
    "The e-mail address cannot be used. Write it like kari@fjordvik.kommune.no.": N_(
        "E-postadressen kan ikke brukes. Skriv den som kari@fjordvik.kommune.no."
    ),
    "Notifications are written in nb, nn and en; {language!r} is none of them.": N_(
        "Varsler skrives på nb, nn og en. «%(language)s» er ingen av dem."
    ),
    "{file} names no contact. Nothing was changed.": N_(
        "Det er ingen kontaktpersoner i %(file)s. Ingenting er endret."
    ),
    "part {given!r} is none of leader, deputy and editor": N_(
        "«%(given)s» i kolonnen part er verken leader, deputy eller editor"
    ),
    "is about the same contact as line {first}": N_("gjelder samme kontaktperson som linje %(first)s"),
    "neither a mobile number nor an e-mail address: otherwise nobody can be told": N_(
        "verken mobilnummer eller e-postadresse, så ingen kan varsles"
    ),
    "{unit} has no contact on record, so the answer has no place. Ask the web editors to write it down.": N_(
        "%(unit)s har ingen kontaktperson, så svaret har ingen plass. Be nettredaksjonen skrive det ned."
    ),
    "The crisis staff has been stood down. Nobody needs to answer any more.": N_(
        "Krisestaben er avsluttet. Ingen trenger å svare lenger."
    ),
}
