"""WordPress causes: :mod:`api.desk.causes` of municipalities' WordPress sites."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

WORDPRESS_CAUSES: Final[Mapping[str, str]] = {
    "The account {name} needs the credentials {user} and {password}.": N_(
        "Kontoen %(name)s mangler brukernavn eller programpassord (%(user)s, %(password)s)."
    ),
    "The account {name} needs the address of its site, as in https://www.example.no.": N_(
        "Kontoen %(name)s mangler nettstedets adresse, for eksempel https://www.example.no."
    ),
    "The site {what} (HTTP {status}).": N_("Nettstedet svarte ikke som det skulle (HTTP %(status)s)."),
    "The post may be out.": N_("Innlegget kan ha kommet ut."),
    "The site asks us to come back later.": N_("Nettstedet ber oss vente litt."),
    "The site redirects us (HTTP {status}).": N_("Nettstedet viser oss videre (HTTP %(status)s)."),
    "Set the account's address to where it really is, https and www included.": N_(
        "Rett kontoens adresse til der nettstedet faktisk er, med https og www."
    ),
    "WordPress does not accept the username and application password.": N_(
        "WordPress godtar ikke brukernavnet og programpassordet."
    ),
    "Make a new application password for the service's user and save it with the account.": N_(
        "Lag et nytt programpassord for tjenestens bruker, og lagre det på kontoen."
    ),
    "WordPress does not let the service's user do this ({code}).": N_(
        "WordPress lar ikke tjenestens bruker gjøre dette (%(code)s)."
    ),
    "Give the user the author role.": N_("Gi brukeren rollen forfatter."),
    "The site's REST API for posts is switched off.": N_(
        "Nettstedet tar ikke imot innlegg utenfra: REST API-et er slått av."
    ),
    "WordPress has no such post ({code}).": N_("Innlegget finnes ikke i WordPress lenger (%(code)s)."),
    "WordPress refuses this post ({code}).": N_("WordPress godtar ikke innlegget (%(code)s)."),
    "WordPress could not say whether this post is there already, so nothing was written.": N_(
        "WordPress kunne ikke si om innlegget alt står der, så ingenting ble skrevet."
    ),
    "WordPress does not let us look among all posts ({code}).": N_(
        "WordPress lar oss ikke se blant alle innlegg (%(code)s)."
    ),
    "Check the username and the application password, and that the user has the author role.": N_(
        "Se over brukernavnet og programpassordet, og at brukeren har rollen forfatter."
    ),
    "WordPress reports nothing back; read the post instead.": N_(
        "WordPress melder ingenting tilbake. Se på innlegget."
    ),
    "WordPress has no subscription to confirm.": N_("WordPress melder ingenting tilbake."),
    "WordPress answered a search with something that is no list of posts.": N_(
        "WordPress svarte noe vi ikke kan lese, så vi vet ikke om innlegget er der."
    ),
    "{reference} is not the id of a WordPress post.": N_("%(reference)s er ikke et innlegg i WordPress."),
    "WordPress answered something that is no post, so it may be out.": N_(
        "WordPress svarte noe vi ikke kan lese, så innlegget kan ha kommet ut."
    ),
    "WordPress kept the post as {status} and did not publish it.": N_(
        "WordPress tok vare på innlegget (%(status)s), men la det ikke ut."
    ),
    "Give the service's user the right to publish (the author role); the post is then published as it is.": N_(
        "Gi tjenestens bruker rett til å publisere (rollen forfatter). Da legges innlegget ut som det er."
    ),
    # Who can publish there, and what waits there.
    "It may be done.": N_("Det kan være gjort."),
    "It is read back.": N_("Vi ser etter."),
    "It is asked again.": N_("Vi spør igjen."),
    "Give the user the administrator role.": N_("Gi brukeren rollen administrator."),
    "WordPress has no such user ({code}).": N_("Brukeren finnes ikke på nettstedet lenger (%(code)s)."),
    "There is no WordPress at the account's address (HTTP {code}).": N_(
        "Det er ikke noe WordPress på kontoens adresse lenger (HTTP %(code)s)."
    ),
    "WordPress answered with something that is no list.": N_("WordPress svarte noe vi ikke kan lese."),
    "WordPress shows {shown} of {there} and hides the rest from the user we ask as.": N_(
        "WordPress viser %(shown)s av %(there)s og skjuler resten for brukeren vi spør som."
    ),
    "Ask as an administrator; in a network of sites, as the network's own.": N_(
        "Lagre en administrators programpassord på kontoen; i et nettverk av nettsteder en av nettverkets."
    ),
    "WordPress does not say who we are there.": N_("WordPress sier ikke hvem vi er der."),
    "No user of the site is called {publisher}, as the administrator's credentials name our publishing user.": N_(
        "Ingen bruker på nettstedet heter %(publisher)s, som er oppgitt som tjenestens egen bruker."
    ),
    "Name it right (publisher), or the lever would take our own right to publish.": N_(
        "Rett navnet (publisher). Ellers ville sperringen ta fra oss retten til å publisere."
    ),
    "WordPress answered something that is no user.": N_("WordPress svarte noe vi ikke kan lese."),
    "The administrator's credentials of the account {name} do not name our own publishing user (publisher).": N_(
        "Administratorens nøkler for kontoen %(name)s sier ikke hvem som er tjenestens egen bruker (publisher)."
    ),
    "Nothing was changed.": N_("Ingenting er endret."),
    "Not everyone could be kept from publishing.": N_("Ikke alle kunne sperres."),
    "Not everyone got back what they had.": N_("Ikke alle fikk tilbake rollene sine."),
    "The user is not at the site any more.": N_("Brukeren finnes ikke på nettstedet lenger."),
    "The post is not waiting any more: it was published meanwhile.": N_(
        "Innlegget venter ikke lenger: det er lagt ut."
    ),
    "The post is not published any more.": N_("Innlegget er ikke lenger lagt ut."),
    "WordPress says yes to a draft, and does not show one.": N_(
        "WordPress sier at innlegget er gjort til et utkast, men viser ikke noe utkast."
    ),
}
