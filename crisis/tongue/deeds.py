"""Deeds: what the log calls each act on record, as what somebody did. Who and when stand beside it."""

from collections.abc import Mapping
from typing import Final

from crisis.logbook.acts import About
from crisis.logbook.models import Party
from crisis.logbook.reading import Entry
from crisis.tongue.channels import named
from crisis.tongue.parties import PARTIES
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Tongue

DEEDS: Final[Mapping[str, str]] = {
    "note": N_("loggførte"),
    "activate": N_("satte krisestab og låste kontoene"),
    "confirm": N_("Låsen er bekreftet: ingenting fra enhetene er på vei ut"),
    "stand_down": N_("avsluttet krisestab og låste opp kontoene"),
    "notify": N_("varslet dem som svarer for kontoene"),
    "acknowledge_lock": N_("bekreftet låsen for %(unit)s"),
    "write": N_("begynte på et utkast"),
    "submit": N_("sendte til godkjenning: «%(headline)s»"),
    "take back": N_("tok tilbake fra godkjenning: «%(headline)s»"),
    "send back": N_("sendte tilbake for retting: «%(headline)s»"),
    "approve": N_("sendte ut: «%(headline)s»"),
    "retract": N_("meldte falsk alarm: «%(headline)s»"),
    "withdraw": N_("tok ned: «%(headline)s»"),
    "promise due soon": N_("Lovet melding nærmer seg: «%(headline)s»"),
    "promise missed": N_("Lovet melding kom ikke i tide: «%(headline)s»"),
    "try_again": N_("prøvde igjen det som ventet: «%(headline)s»"),
    "check": N_("sjekket med %(channel)s om den kom ut: «%(headline)s»"),
    "send_again": N_("sendte på nytt til %(channel)s: «%(headline)s»"),
    "mark_sent": N_("merket som sendt for hånd på %(channel)s: «%(headline)s»"),
    "drop": N_("ga opp en utsending på %(channel)s: «%(headline)s»"),
    "withdrawn": N_("Tatt ned fra %(channel)s: «%(headline)s»"),
    "not withdrawn": N_("Kunne ikke tas ned fra %(channel)s: «%(headline)s»"),
    "acknowledge": N_("har lest «%(headline)s» (%(party)s)"),
    "post": N_("prøvde å publisere fra %(account)s, og ble stanset av låsen"),
    "publish_blocked": N_("publiserte et stanset innlegg fra %(account)s"),
    "drop_blocked": N_("forkastet et stanset innlegg fra %(account)s"),
    "take_back_post": N_("tok tilbake et planlagt innlegg fra %(account)s"),
    "write_pointer": N_("skrev henvisningsinnlegget «%(text)s»"),
    "approve_pointer": N_("godkjente henvisningsinnlegget «%(text)s»"),
    "withdraw_pointer": N_("trakk henvisningsinnlegget tilbake"),
    "publish_pointer": N_("publiserte henvisningsinnlegget fra %(account)s"),
    "divert_account": N_("%(account)s svarer ikke, og reserven sender i stedet"),
    "return_account": N_("%(account)s er i orden igjen og sender selv"),
    "connect_account": N_("koblet til %(account)s"),
    "close_account": N_("stengte %(account)s"),
    "set_limit": N_("endret grensen for %(account)s"),
    "set_standby": N_("endret reserven til %(account)s"),
    "use_break_glass_code": N_("logget inn med nødkode"),
    "acknowledge_break_glass": N_("har sett at en nødkode er brukt"),
    "acknowledge_appointment": N_("har sett at noen kan sende krisemeldinger"),
    "export_log": N_("hentet ut loggen"),
    "export_package": N_("hentet ut alt som forseglet pakke"),
}
ABOUT: Final[Mapping[About, str]] = {
    About.NOTE: N_("Loggføringer"),
    About.LOCK: N_("Krisestab og lås"),
    About.MESSAGE: N_("Meldinger"),
    About.DELIVERY: N_("Utsendinger"),
    About.READ: N_("Lest"),
    About.POST: N_("Enhetenes innlegg"),
    About.ACCOUNT: N_("Kontoer"),
    About.ACCESS: N_("Tilgang"),
}


def deed(tongue: Tongue, entry: Entry) -> str:
    """What was done, in the page's language. An act that has no words yet is shown by its name, never left out."""
    words = DEEDS.get(entry.action)
    if words is None:
        return entry.action
    party = entry.detail.get("party")
    return tongue.gettext(
        words,
        headline=entry.headline or tongue.gettext("uten overskrift"),
        channel=named(entry.channel or "", tongue.gettext),
        account=entry.account or "",
        text=entry.detail.get("text", ""),
        unit=entry.detail.get("unit", ""),
        party=tongue.gettext(PARTIES[Party(party)]) if party in set(Party) else "",
    )
