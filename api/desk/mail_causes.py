"""Mail causes: :mod:`api.desk.causes` of e-mail, and of what is told too late."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

MAIL_CAUSES: Final[Mapping[str, str]] = {
    "The mail server does not let us in: {said}. Check CRISIS_SMTP_USER and the password.": N_(
        "Postserveren slipper oss ikke inn: «%(said)s». Se på brukernavnet og passordet."
    ),
    "There is no connection to the mail server {host}: {said}": N_(
        "Vi får ikke kontakt med postserveren %(host)s: «%(said)s»."
    ),
    "The mail server was lost on the way: {said}": N_("Postserveren forsvant underveis: «%(said)s». Vi prøver igjen."),
    "The mail server did not answer within {seconds} seconds.": N_(
        "Postserveren svarte ikke innen %(seconds)s sekunder."
    ),
    "The mail server answered {said}": N_("Postserveren svarte: «%(said)s»."),
    "The mail server takes no mail from {sender}: {said}": N_(
        "Postserveren tar ikke imot e-post fra %(sender)s: «%(said)s»."
    ),
    "The sandbox does not take mail: {said}": N_("Øvelsens postkasse tar ikke imot e-post: «%(said)s»."),
    "The sandbox takes no mail now: {said}": N_("Øvelsens postkasse tar ikke imot e-post akkurat nå: «%(said)s»."),
    "The sandbox answered {said}": N_("Øvelsens postkasse svarte: «%(said)s»."),
    "The sandbox refused the mail: {said}": N_("Øvelsens postkasse avviste e-posten: «%(said)s»."),
    "Nothing opens the e-mail address of contact {number} here.": N_(
        "E-postadressen til kontaktperson %(number)s kan ikke åpnes her."
    ),
    "Nothing opens the administrator's credentials of account {number} here.": N_(
        "Administratornøklene til konto %(number)s kan ikke åpnes her."
    ),
    "the crisis staff was stood down before it was sent": N_("Krisestaben ble avsluttet før den ble sendt."),
}
