"""Provider causes: :mod:`api.desk.causes` of the channels that are other people's."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

PROVIDER_CAUSES: Final[Mapping[str, str]] = {
    # Facebook.
    "Facebook {code}:": N_("Facebook svarte med kode %(code)s."),
    "Facebook asks to slow down.": N_("Facebook ber oss vente litt."),
    "Facebook answered {status} without an error of Graph; it may have been done.": N_(
        "Facebook svarte med en feil (HTTP %(status)s), men kan ha gjort det likevel."
    ),
    "Facebook's answer was neither JSON nor an error of Graph.": N_(
        "Facebook svarte noe vi ikke kan lese, så vi vet ikke om den kom ut."
    ),
    "Facebook answered 200, but not with a JSON object.": N_(
        "Facebook svarte noe vi ikke kan lese, så vi vet ikke om den kom ut."
    ),
    "Facebook answered 200 but gave no id of a post; read the page before trying again.": N_(
        "Facebook sa ikke hvilket innlegg det ble. Vi ser etter før noe sendes på nytt."
    ),
    "Facebook answered 200 but did not confirm the edit; read the post back.": N_(
        "Facebook bekreftet ikke endringen. Vi ser etter."
    ),
    "Facebook answered 200 but did not confirm the deletion; read the post back.": N_(
        "Facebook bekreftet ikke at innlegget er tatt ned. Vi ser etter."
    ),
    "Facebook's list goes on, but it gave no cursor to go on from.": N_(
        "Facebooks liste kan ikke leses til ende, så vi vet ikke om den er der."
    ),
    "Facebook's list of comments is not in the form it documents, so it proves nothing.": N_(
        "Facebooks liste over kommentarer kan ikke leses, så vi vet ikke om kommentaren er der."
    ),
    "Facebook's list of comments goes on, but gave no cursor to go on from.": N_(
        "Facebooks liste over kommentarer kan ikke leses til ende, så vi vet ikke om kommentaren er der."
    ),
    "The post has its new text.": N_("Innlegget har fått den nye teksten."),
    "The post has its new text, but no comment says so:": N_(
        "Innlegget har fått den nye teksten, men ingen kommentar sier fra om det."
    ),
    "Comment on it by hand.": N_("Skriv kommentaren for hånd."),
    "Whether the comment is there could not be read, so none was added.": N_(
        "Vi fikk ikke lest om kommentaren står der, så ingen ble lagt til."
    ),
    "Facebook answered 200 to the comment but gave no id of one.": N_("Facebook bekreftet ikke kommentaren."),
    "The post was not made by our app, and so Facebook lets us change nothing of it.": N_(
        "Innlegget er ikke laget herfra, så Facebook lar oss ikke endre det."
    ),
    "The Facebook account {name} has no usable page token.": N_(
        "Facebook-kontoen %(name)s mangler en nøkkel som kan brukes."
    ),
    "The Facebook account {name} has no page id as its address.": N_(
        "Facebook-kontoen %(name)s mangler nummeret på siden."
    ),
    "{reference} is not the id of a Facebook post.": N_("%(reference)s er ikke et innlegg på Facebook."),
    "Give the page a new token.": N_("Gi siden en ny nøkkel."),
    "Facebook has blocked this for now, for its policies.": N_(
        "Facebook har sperret dette inntil videre, etter sine egne regler."
    ),
    "Nothing was done; look at the page's notices.": N_("Ingenting ble gjort. Se på varslene på siden."),
    "The same as the post before: an earlier attempt has probably landed.": N_(
        "Det er likt innlegget før: et tidligere forsøk har trolig kommet ut."
    ),
    "The app is no longer installed.": N_("Appen er ikke installert lenger."),
    "Facebook wants the person behind the token to log in.": N_(
        "Facebook vil at den som lagde nøkkelen, skal logge inn."
    ),
    "The password was changed.": N_("Passordet er endret."),
    "The token has expired.": N_("Nøkkelen har gått ut."),
    "The token is no longer valid.": N_("Nøkkelen gjelder ikke lenger."),
    # X.
    "X {status}:": N_("X svarte med kode %(status)s."),
    "The answer is not a JSON object.": N_("Svaret kan ikke leses."),
    "Check the account's access token and the app's consumer key.": N_("Se over kontoens nøkkel og appens nøkkel."),
    "The prepaid credits are used up: buy more, or turn on auto-recharge.": N_(
        "Det som er betalt på forhånd, er brukt opp. Kjøp mer, eller slå på automatisk påfylling."
    ),
    "tweepy returned without having called X.": N_("X ble aldri spurt, på grunn av en feil hos oss."),
    "The X account {name} lacks a usable access token and secret, or the app lacks its consumer key and secret.": N_(
        "X-kontoen %(name)s mangler en nøkkel som kan brukes, eller appen mangler sin."
    ),
    "The X account {name} has no numeric user id as its address.": N_("X-kontoen %(name)s mangler brukerens nummer."),
    "{reference} is not the id of a post on X.": N_("%(reference)s er ikke et innlegg på X."),
    "X answered with success but no id of a post; read the account first.": N_(
        "X sa ikke hvilket innlegg det ble. Vi ser etter før noe sendes på nytt."
    ),
    "X did not confirm the deletion; read the post back.": N_(
        "X bekreftet ikke at innlegget er tatt ned. Vi ser etter."
    ),
    "X's list of posts is not whole or not in its documented form.": N_(
        "X' liste over innlegg kan ikke leses, så vi vet ikke om den er der."
    ),
    "X cannot {what}.": N_("X kan ikke dette (%(what)s)."),
    "This should not have been asked of it.": N_("Si fra til den som drifter tjenesten."),
    # SMS.
    "An SMS that is out cannot be changed.": N_("En SMS som er sendt, kan ikke endres."),
    "An SMS that is out cannot be recalled.": N_("En SMS som er sendt, kan ikke kalles tilbake."),
    "Send a correction.": N_("Send en rettelse."),
    "Twilio asks for no confirmation of a callback address.": N_("Twilio ber ikke om bekreftelse av adressen."),
    "The SMS account {name} names the Twilio account {account}, and there are {first} and {second}.": N_(
        "SMS-kontoen %(name)s viser til Twilio-kontoen %(account)s, men det er bare %(first)s og %(second)s."
    ),
    "Connect it again: crisis accounts connect.": N_("Koble den til på nytt, under Kontoer."),
    "The SMS account has no sender.": N_("SMS-kontoen mangler avsender."),
    "Set its address to a sender name, a number or a Messaging Service.": N_(
        "Sett adressen til et avsendernavn, et nummer eller en Messaging Service."
    ),
    "The recipient has no number in international form (+47...).": N_(
        "Mottakeren har ikke et nummer med landkode (+47 ...)."
    ),
    "Nothing was sent; mend the audience.": N_("Ingenting ble sendt. Rett listen over mottakere."),
    "There are no credentials for our {name} Twilio account, so no SMS can be sent.": N_(
        "Nøklene til Twilio-kontoen vår mangler (%(name)s), så ingen SMS kan sendes."
    ),
    "Set {names}.": N_("Den som drifter tjenesten, må sette %(names)s."),
    "Twilio answered 201 but gave no message id, so the SMS may be out.": N_(
        "Twilio bekreftet ikke, så SMS-en kan være sendt."
    ),
    "Twilio asks us to send more slowly; it did not take this SMS.": N_(
        "Twilio ber oss sende saktere, og tok ikke imot denne SMS-en."
    ),
    "Nothing was sent; check the Twilio settings and the account's sender.": N_(
        "Ingenting ble sendt. Se over oppsettet for Twilio og kontoens avsender."
    ),
    "Twilio refuses this SMS with error {code}.": N_("Twilio godtar ikke denne SMS-en (feil %(code)s)."),
    "Twilio {what} (HTTP {status}), so the SMS may be out.": N_(
        "Twilio svarte ikke som det skulle (HTTP %(status)s), så SMS-en kan være sendt."
    ),
    "Twilio does not accept our account SID and token.": N_("Twilio godtar ikke kontonummeret og nøkkelen vår."),
    "Our Twilio account is not active.": N_("Twilio-kontoen vår er ikke aktiv."),
    "Twilio does not know our account SID.": N_("Twilio kjenner ikke kontonummeret vårt."),
    "Twilio does not accept the sender.": N_("Twilio godtar ikke avsenderen."),
    "The account has no sender.": N_("Kontoen mangler avsender."),
    "The sender does not belong to our Twilio account, or cannot send SMS.": N_(
        "Avsenderen hører ikke til Twilio-kontoen vår, eller kan ikke sende SMS."
    ),
    "The sender belongs to another Twilio account than ours.": N_(
        "Avsenderen hører til en annen Twilio-konto enn vår."
    ),
    "Twilio does not know the Messaging Service.": N_("Twilio kjenner ikke denne Messaging Service."),
    "The Messaging Service has no sender in it.": N_("Det er ingen avsender i denne Messaging Service."),
    "The number is not a valid phone number.": N_("Nummeret er ikke et gyldig telefonnummer."),
    "Our Twilio account may not send SMS to this country.": N_(
        "Twilio-kontoen vår har ikke lov til å sende SMS til dette landet."
    ),
    "Switch it on under Messaging, Geo permissions.": N_("Slå det på hos Twilio, under Messaging, Geo permissions."),
    "The SMS has no text.": N_("SMS-en har ingen tekst."),
    "The recipient has answered STOP to this sender and gets nothing more until they answer START.": N_(
        "Mottakeren har svart STOP til denne avsenderen."
    ),
    "There is no way from our sender to this number.": N_(
        "Det går ikke an å sende fra vår avsender til dette nummeret."
    ),
    "The number is not a mobile number.": N_("Nummeret er ikke et mobilnummer."),
    "The text is longer than the 1,600 characters Twilio takes.": N_(
        "Teksten er lengre enn de 1 600 tegnene som Twilio tar imot."
    ),
    "The number is a landline, which cannot receive SMS.": N_("Nummeret er en fasttelefon, som ikke kan ta imot SMS."),
}
