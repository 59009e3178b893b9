"""Platform causes: :mod:`api.desk.causes` of levers, the watch and planned posts at Facebook, X and Twilio, and of feeds."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

PLATFORM_CAUSES: Final[Mapping[str, str]] = {
    # Facebook.
    "Facebook answered 200 but did not confirm the change of access; read it back.": N_(
        "Facebook bekreftet ikke endringen av tilganger. Vi ser etter."
    ),
    "Facebook answered 200 but did not confirm the deletion; list what is planned again.": N_(
        "Facebook bekreftet ikke at det planlagte innlegget er slettet. Vi ser etter."
    ),
    "Facebook answered with something else than the planned post.": N_(
        "Facebook svarte med noe annet enn det planlagte innlegget."
    ),
    "The planned post has been published meanwhile.": N_("Det planlagte innlegget har kommet ut i mellomtiden."),
    "Facebook does not say who is behind the administrator's token.": N_(
        "Facebook sier ikke hvem administratorens nøkkel hører til."
    ),
    "Facebook listed a planned post without a time, so its list is not whole.": N_(
        "Facebook viste et planlagt innlegg uten tidspunkt, så listen er ikke hel."
    ),
    "Facebook's list is longer than {most} pages and was not read to its end.": N_(
        "Facebooks liste er for lang til å leses til ende."
    ),
    "Facebook's list is not in the form it documents, so it proves nothing.": N_(
        "Facebooks liste kan ikke leses, så den beviser ingenting."
    ),
    "The Facebook account {name} has no usable administrator's token.": N_(
        "Facebook-kontoen %(name)s mangler en administratornøkkel som kan brukes."
    ),
    "The Facebook account {name} has no business id among its administrator's credentials.": N_(
        "Facebook-kontoen %(name)s mangler nummeret på virksomheten (business_id)."
    ),
    "The Facebook account {name} does not say which system user publishes for us (publisher).": N_(
        "Facebook-kontoen %(name)s sier ikke hvilken systembruker som publiserer for oss (publisher)."
    ),
    "The page has no user {ids}, as the administrator's credentials name our publishing user.": N_(
        "Siden har ingen bruker %(ids)s, som er oppgitt som brukeren vår der."
    ),
    "The administrator's token gives no token of this page, so nobody can be asked who has direct access to it.": N_(
        "Administratorens nøkkel åpner ikke denne siden, så vi får ikke sett hvem som har direkte tilgang."
    ),
    "Give its system user the task MANAGE on the page.": N_("Gi systembrukeren oppgaven MANAGE på siden."),
    # X.
    "X did not confirm that the token is revoked; read it back.": N_(
        "X bekreftet ikke at nøkkelen er trukket tilbake. Vi ser etter."
    ),
    "X has no such user any more.": N_("Kontoen finnes ikke på X lenger."),
    "The X account {name} lacks key, secret, token or token secret of the tool.": N_(
        "X-kontoen %(name)s mangler en av nøklene til verktøyet."
    ),
    "The token of {name} was given to this service's own app.": N_("Nøkkelen til %(name)s hører til vår egen app."),
    "Revoking it would stop what we publish.": N_("Å trekke den tilbake ville stanset det vi selv publiserer."),
    "The tool's token is not for the account {name} (user {user}).": N_(
        "Verktøyets nøkkel hører ikke til kontoen %(name)s (bruker %(user)s)."
    ),
    "Give the right one.": N_("Oppgi den riktige."),
    "The account has posted more than {most} times in the time asked for.": N_(
        "Kontoen har lagt ut mer enn %(most)s innlegg, og alle ble ikke sett på."
    ),
    # SMS, through Twilio.
    "The SMS account {name} has no sender, so nobody can look at what it sends.": N_(
        "SMS-kontoen %(name)s mangler avsender, så vi kan ikke se hva den sender."
    ),
    "The SMS account {name} lacks the SID of its sub-account at Twilio, or the SID and token of the account above it.": N_(
        "SMS-kontoen %(name)s mangler underkontoen hos Twilio, eller nøkkelen til kontoen over den."
    ),
    "The sub-account of {name} is the account that this service sends through.": N_(
        "Underkontoen til %(name)s er kontoen vi selv sender gjennom."
    ),
    "Give the unit a sub-account of its own: suspending ours would silence every SMS.": N_(
        "Gi enheten en egen underkonto: Å sperre vår ville stanset alle SMS."
    ),
    "The sub-account is closed at Twilio, for good.": N_("Underkontoen er lukket for godt hos Twilio."),
    "The Twilio SID or token cannot be used.": N_("Nøkkelen til Twilio kan ikke brukes."),
    "Twilio answered with something else than the sub-account.": N_("Twilio svarte med noe annet enn underkontoen."),
    "Twilio asks us to ask less often.": N_("Twilio ber oss spørre sjeldnere."),
    "Twilio did not confirm that the sub-account is {status}; read it back.": N_(
        "Twilio bekreftet ikke endringen av underkontoen (%(status)s). Vi ser etter."
    ),
    "Twilio does not accept this account's SID and token, or the account is not active.": N_(
        "Twilio godtar ikke nøkkelen til kontoen, eller kontoen er ikke aktiv."
    ),
    "Twilio gave no answer that can be used (HTTP {status}); read it back.": N_(
        "Twilio svarte ikke som det skulle (HTTP %(status)s). Vi ser etter."
    ),
    "Twilio has no such account any more.": N_("Kontoen finnes ikke hos Twilio lenger."),
    "Twilio listed a message whose time cannot be read, so its age is not known.": N_(
        "Twilio viste en melding uten tidspunkt, så vi vet ikke hvor gammel den er."
    ),
    "Twilio refuses this with error {code} (twilio.com/docs/api/errors/{number}).": N_(
        "Twilio sier nei med feilkode %(code)s (twilio.com/docs/api/errors/%(number)s)."
    ),
    "Twilio's SDK returned without having asked.": N_("Twilio ble ikke spurt."),
    "Twilio's list of messages is not in the form it documents, so it proves nothing.": N_(
        "Twilios liste kan ikke leses, så den beviser ingenting."
    ),
    "More than {most} SMS went out from this sender in the time that was asked for; not all were looked at.": N_(
        "Mer enn %(most)s SMS gikk ut fra denne avsenderen, og alle ble ikke sett på."
    ),
    # Feeds, and what is said of several platforms.
    "{platform} gave no usable date with its answer, so nobody can tell how old the posts in it are.": N_(
        "%(platform)s oppga ingen dato, så vi vet ikke hvor gamle innleggene er."
    ),
    "{platform} gave a post whose time cannot be read, so its age is not known.": N_(
        "%(platform)s viste et innlegg uten tidspunkt, så vi vet ikke hvor gammelt det er."
    ),
    "What is there is no Atom or RSS feed.": N_("Det som ligger der, er ingen nyhetsstrøm (Atom eller RSS)."),
    "The feed is broken, and nothing in it could be read.": N_(
        "Nyhetsstrømmen er ødelagt, og ingenting i den kan leses."
    ),
    "The feed of the account {name} has no address that can be asked.": N_(
        "Kontoen %(name)s mangler adressen til nyhetsstrømmen."
    ),
    "{where} answered HTTP {status}.": N_("%(where)s svarte ikke som det skulle (HTTP %(status)s)."),
    "{where} asks us to look less often.": N_("%(where)s ber oss se etter sjeldnere."),
    "{where} is longer than {most} bytes; it was not read to its end.": N_(
        "%(where)s er for lang til å leses til ende."
    ),
    "{where} is not open to us (HTTP {status}).": N_("%(where)s slipper oss ikke inn (HTTP %(status)s)."),
    "{where} is not there any more (HTTP {status}).": N_("%(where)s finnes ikke lenger (HTTP %(status)s)."),
    "{where} leads on to another site, {host}, which is not followed.": N_(
        "%(where)s fører videre til et annet nettsted, %(host)s, og dit går vi ikke."
    ),
    "Look whether that is the feed, and give the account that address.": N_(
        "Se om det er riktig nyhetsstrøm, og gi kontoen den adressen."
    ),
    "{where} redirects in circles.": N_("%(where)s sender oss i ring."),
}
