"""Causes: why a delivery stands as it does, as the engine leaves it with it and as the desk says it, sentence by sentence.

The engine's and the adapters' own are English, for whoever runs the service. ``{name}`` is a blank; the desk's sentence may leave
it out. What each provider's adapter adds is in :mod:`api.desk.provider_causes`.
"""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

CAUSES: Final[Mapping[str, str]] = {
    # The engine's own.
    "superseded by a newer revision": N_("En nyere melding tok plassen før den gikk ut."),
    "withdrawn before it was sent": N_("Trukket tilbake før den gikk ut."),
    "too late to send: its validity has passed": N_("For sent å sende: den gjaldt ikke lenger."),
    "the sender was lost during the call": N_("Avsenderen falt ut midt i sendingen, så vi vet ikke om den kom fram."),
    "the sender died during the call": N_("Avsenderen falt ut midt i sendingen, så vi vet ikke om den kom fram."),
    "held by the lock": N_("Holdt igjen av låsen."),
    "came due during the lock": N_("Skulle ut mens kontoen var låst."),
    "taken back before it went out": N_("Trukket tilbake før det gikk ut."),
    "rewritten as another post": N_("Skrevet om: et nytt innlegg tok plassen."),
    "its pointer was withdrawn before it was sent": N_("Henvisningsinnlegget ble trukket tilbake før det gikk ut."),
    "was scheduled at the platform, and held by the lock": N_("Lå planlagt på plattformen, og ble stanset av låsen."),
    "the drill is over": N_("Øvelsen er over."),
    "Its sender was lost {times} times while it held this.": N_(
        "Avsenderen falt ut %(times)s ganger mens den holdt på med denne."
    ),
    "It was not sent the last time.": N_("Den ble ikke sendt den siste gangen."),
    "Check, then decide.": N_("Se etter, og avgjør."),
    "sent again by {who}": N_("%(who)s sendte den en gang til."),
    "marked as sent by {who}": N_("%(who)s merket den som sendt for hånd."),
    "dropped by {who}": N_("%(who)s lot den være usendt."),
    "The account was closed.": N_("Kontoen er tatt ut av bruk."),
    "Nothing is published through it any more.": N_("Ingenting går ut gjennom den lenger."),
    "The adapter failed in a way it should not; the log has the details.": N_(
        "Noe sviktet hos oss. Teknikerne finner det i loggen."
    ),
    "This process has no adapter for {channel}.": N_("Vi kan ikke sende til denne kanalen herfra (%(channel)s)."),
    "The recipient was erased from the register.": N_("Mottakeren er slettet fra listen."),
    "The sender stood still for too long.": N_("Avsenderen sto stille for lenge."),
    "No answer within {seconds} seconds.": N_("Tilbyderen svarte ikke innen %(seconds)s sekunder."),
    "What this replaces may be out, and is being looked into; this waits a moment for the answer.": N_(
        "Den forrige kan være ute, og det undersøkes. Denne venter på svaret."
    ),
    "The post it should have changed was gone, so this was posted anew.": N_(
        "Innlegget som skulle endres, var borte, så dette ble lagt ut på nytt."
    ),
    "{count} earlier posts still have their old text:": N_(
        "%(count)s tidligere innlegg har fortsatt den gamle teksten."
    ),
    "Edit them by hand.": N_("Rett dem for hånd."),
    "Looked: it did not go out.": N_("Vi så etter: den gikk ikke ut."),
    "Sending again.": N_("Den sendes på nytt."),
    "Looked: the provider cannot tell yet.": N_("Vi så etter: tilbyderen vet det ikke ennå."),
    "Looking again later.": N_("Vi ser etter igjen om litt."),
    "It may have gone out.": N_("Den kan ha gått ut."),
    "Check the account, then decide.": N_("Se på kontoen, og avgjør."),
    "Looked: it is not there.": N_("Vi så etter: den er ikke der."),
    "Looked: nobody can tell.": N_("Vi så etter, og fikk ikke noe sikkert svar."),
    "Look at the account yourself.": N_("Se på kontoen selv."),
    "Decide: send again, mark as sent (with the link), or drop.": N_(
        "Avgjør om den skal sendes en gang til, merkes som sendt eller være usendt."
    ),
    "This channel cannot be asked.": N_("Denne kanalen kan ikke spørres."),
    "There was no answer in time.": N_("Svaret kom ikke i tide."),
    "This process has no {purpose} key.": N_("Nøkkelen som åpner dette, mangler (%(purpose)s)."),
    "Set {name} or {file} as a secret file.": N_("Den som drifter tjenesten, må sette %(name)s."),
    "A value was sealed with another {purpose} key.": N_("Dette er låst med en annen nøkkel (%(purpose)s)."),
    "Restore the key it was made with.": N_("Den som drifter tjenesten, må hente fram den gamle nøkkelen."),
    "A sealed value ({purpose}) was altered or moved and does not open.": N_(
        "Noe som var låst (%(purpose)s), er endret eller flyttet og kan ikke åpnes."
    ),
    # Of every channel.
    "Nothing was sent.": N_("Ingenting ble sendt."),
    "Nothing was sent; it can be tried again.": N_("Ingenting ble sendt, og det kan prøves igjen."),
    "Nothing was sent; try again.": N_("Ingenting ble sendt, og det kan prøves igjen."),
    "Nothing was done.": N_("Ingenting ble gjort."),
    "Nothing was posted.": N_("Ingenting ble lagt ut."),
    "Nothing was written.": N_("Ingenting ble skrevet."),
    "Nothing was written; it is tried again.": N_("Ingenting ble skrevet, og vi prøver igjen."),
    "It is tried again.": N_("Vi prøver igjen av oss selv."),
    "Read back first.": N_("Vi ser etter før noe sendes på nytt."),
    "It is looked up first.": N_("Vi ser etter før noe sendes på nytt."),
    "An earlier attempt has probably landed; read back first.": N_(
        "Et tidligere forsøk har trolig kommet ut. Vi ser etter før noe sendes på nytt."
    ),
    "It may have been done all the same: read back first.": N_(
        "Det kan ha blitt gjort likevel. Vi ser etter før noe sendes på nytt."
    ),
    "We closed before anything was sent.": N_("Tjenesten stoppet før noe var sendt."),
    "The connections to the provider are closed already.": N_("Forbindelsene til tilbyderen var alt lukket."),
    "We closed the connection before an answer came, so it may have been processed.": N_(
        "Vi lukket forbindelsen før svaret kom, så den kan ha kommet ut."
    ),
    "No connection to the provider, so nothing was sent.": N_(
        "Vi fikk ikke kontakt med tilbyderen, så ingenting ble sendt."
    ),
    "The address or a credential cannot be sent; check the settings.": N_(
        "Adressen eller en nøkkel kan ikke brukes. Se over oppsettet."
    ),
    "No usable answer, so it may have been processed; read back first.": N_(
        "Vi fikk ikke noe brukbart svar, så den kan ha kommet ut. Vi ser etter før noe sendes på nytt."
    ),
    "The call ran out of time before it was sent.": N_("Tiden gikk ut før noe var sendt."),
    "No connection within {seconds} s.": N_("Vi fikk ikke kontakt innen %(seconds)s sekunder."),
    "No answer within {seconds} s.": N_("Tilbyderen svarte ikke innen %(seconds)s sekunder."),
    "The provider may have processed it; read back first.": N_(
        "Den kan ha kommet ut. Vi ser etter før noe sendes på nytt."
    ),
    "{address} is not among the hosts this process may reach, so nothing was sent.": N_(
        "%(address)s er ikke blant adressene vi har lov til å nå, så ingenting ble sendt."
    ),
    "Check the provider's address in the settings, and whether this should be an exercise.": N_(
        "Se over tilbyderens adresse i oppsettet, og om dette skulle vært en øvelse."
    ),
    "{address} in the list of allowed hosts is not host:port.": N_(
        "%(address)s i listen over tillatte adresser mangler portnummer."
    ),
    "The provider answered a write with a redirect to {where}, which is not followed.": N_(
        "Tilbyderen viste oss videre til %(where)s. Dit sender vi ingenting."
    ),
    "Read back first, and check the provider's address in the settings.": N_(
        "Vi ser etter før noe sendes på nytt. Se over tilbyderens adresse i oppsettet."
    ),
    "Check the provider's address in the settings.": N_("Se over tilbyderens adresse i oppsettet."),
    "The answer was longer than {most} bytes and was not read to its end.": N_(
        "Svaret var for langt til å leses til ende, så vi vet ikke om den kom ut."
    ),
    # The crisis page.
    "The crisis page in {folder} was only partly rewritten ({what}); readers may have the old or the new one.": N_(
        "Bare en del av krisesiden ble skrevet (%(what)s). Leserne kan ha den gamle eller den nye."
    ),
    "It is tried again from what is kept.": N_("Vi prøver igjen av oss selv."),
    "Another process has held the lock on {folder} for {seconds} seconds.": N_(
        "Noe annet har holdt på med krisesiden i %(seconds)s sekunder."
    ),
    "The crisis page's folder {folder} cannot be written to ({what}).": N_(
        "Vi får ikke skrevet i krisesidens mappe %(folder)s (%(what)s)."
    ),
    "Give this user the right to write there, or set CRISIS_PUBLIC_DIR.": N_(
        "Den som drifter tjenesten, må gi den rett til å skrive der, eller sette CRISIS_PUBLIC_DIR."
    ),
    "The crisis page in {folder} could not be written ({what}).": N_("Krisesiden kunne ikke skrives (%(what)s)."),
    "An exercise may not write its crisis page to {folder}: that folder is not inside one named 'exercise', so the public could be reading it.": N_(
        "Øvelsen får ikke skrive krisesiden sin i %(folder)s, for den mappen kan innbyggerne lese."
    ),
    "Set the exercise's folder to one under .../exercise/.": N_(
        "Den som drifter tjenesten, må gi øvelsen en mappe under .../exercise/."
    ),
    "The crisis page's template {name} is not in {folder}.": N_("Krisesidens mal %(name)s finnes ikke i %(folder)s."),
    "No page can be written.": N_("Ingen side kan skrives."),
    "Check CRISIS_TEMPLATES_DIR, or install again.": N_(
        "Den som drifter tjenesten, må se på CRISIS_TEMPLATES_DIR, eller installere på nytt."
    ),
    "The crisis page is a file of our own; nobody reports back about it.": N_(
        "Krisesiden er vår egen fil, og ingen melder tilbake om den."
    ),
    "The crisis page is a file of our own; nobody subscribes us to it.": N_(
        "Krisesiden er vår egen fil, og ingen melder tilbake om den."
    ),
    "This is the crisis page of mode {mode}, and the message is of mode {other}.": N_(
        "Meldingen og krisesiden hører ikke til samme verden: den ene er øvelse, den andre på ordentlig."
    ),
    "Find out who sent it here.": N_("Si fra til den som drifter tjenesten."),
    "The crisis page has no message {reference} to change: it was withdrawn, or never published.": N_(
        "Meldingen som skulle endres, står ikke på krisesiden: den er trukket tilbake, eller kom aldri ut."
    ),
    "Publish the text as a new message.": N_("Send teksten som en ny melding."),
    "{reference} is not a message on the crisis page: it needs a language tag and a delivery's id, as in nb/17.": N_(
        "%(reference)s er ingen melding på krisesiden."
    ),
}
