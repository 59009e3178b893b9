"""Sentences: what the domain says in English, as the desk says it. See :class:`crisis.said.Said`."""

from collections.abc import Mapping
from typing import Any, Final

from babel.numbers import format_decimal

from api.desk.breach_sentences import BREACHES
from api.desk.contact_sentences import CONTACTS
from api.desk.drill_sentences import DRILLS
from api.desk.findings import FINDINGS
from api.desk.post_sentences import POSTS
from api.desk.visit import Visit
from crisis.said import Said
from crisis.tongue.texts import lazily as N_

SENTENCES: Final[Mapping[str, str]] = {
    **FINDINGS,
    **DRILLS,
    **CONTACTS,
    **POSTS,
    **BREACHES,
    "line {line}: {problem}": N_("Linje %(line)s: %(problem)s"),
    "the column {name!r} is missing": N_("kolonnen «%(name)s» mangler"),
    "the column {name!r} is not known": N_("kolonnen «%(name)s» er ukjent"),
    "the column {name!r} is there {times} times": N_("kolonnen «%(name)s» står der %(times)s ganger"),
    "The file has more than {most:,} lines: that is not a register of accounts. Nothing was imported.": N_(
        "Filen har mer enn %(most)s linjer. Det er ikke et kontoregister. Ingenting er hentet inn."
    ),
    "{file} was not imported, and nothing was changed. Mend this:": N_(
        "%(file)s ble ikke hentet inn, og ingenting er endret. Rett dette og prøv igjen:"
    ),
    "{file} names no account. Nothing was changed.": N_("Det er ingen kontoer i %(file)s. Ingenting er endret."),
    "The file is not UTF-8 throughout. Nothing was imported. Save it as “CSV UTF-8”.": N_(
        "Filen er ikke UTF-8 tvers igjennom. Ingenting er hentet inn. Lagre den som «CSV UTF-8» og prøv igjen."
    ),
    "The first line must name the columns: {required}, and if you like {more}. Nothing was imported.": N_(
        "Den første linjen må ha navnene på kolonnene: %(required)s. Du kan også ha med %(more)s. Ingenting er hentet inn."
    ),
    "has {cells} cells, and the first line names {columns} columns; quote cells that hold commas": N_(
        "har %(cells)s celler, og den første linjen har %(columns)s kolonner. Sett anførselstegn rundt celler med komma."
    ),
    "is about the same account as line {first}": N_("gjelder samme konto som linje %(first)s"),
    "there is no channel {channel!r}; the nearest is {nearest!r}": N_(
        "det finnes ingen kanal «%(channel)s». Den nærmeste er «%(nearest)s»."
    ),
    "The file cannot be read on from there. Nothing was imported.": N_(
        "Filen kan ikke leses videre herfra. Ingenting er hentet inn."
    ),
    "{name} has {count:,} characters, and at most {most:,} are kept": N_(
        "«%(name)s» har %(count)s tegn, og det er plass til høyst %(most)s"
    ),
    "feed_url {given!r} is not the address of a feed": N_("«%(given)s» i feed_url er ikke adressen til en nyhetsstrøm"),
    "only_here {given!r} is neither yes nor no": N_("«%(given)s» i only_here er verken ja eller nei"),
    "A feed's address begins with https:// or http://, and has no spaces. Nothing was changed.": N_(
        "Adressen til en nyhetsstrøm begynner med https:// eller http://, og har ingen mellomrom. Ingenting er endret."
    ),
    "The address holds a user name or a password. A feed is read as anybody reads it.": N_(
        "Adressen har et brukernavn eller passord i seg. En nyhetsstrøm leses slik alle kan lese den."
    ),
    "opened_on {given!r} is not a date like 2011-01-15": N_("«%(given)s» i opened_on er ikke en dato som 2011-01-15"),
    "{name} has a control character in it": N_("det er et usynlig styretegn i «%(name)s»"),
    "is not UTF-8 text": N_("er ikke tekst i UTF-8"),
    "a quote is not closed, or something stands after the closing one": N_(
        "et anførselstegn mangler, eller det står noe etter det siste"
    ),
    "{name} is empty": N_("«%(name)s» er tom"),
    "The address holds a user name or a password. Give those among the credentials.": N_(
        "Det står et brukernavn eller et passord i adressen. Skriv dem i feltene for nøkler."
    ),
    "The {channel} account {account} ({unit}) is closed. Nothing was changed.": N_(
        "%(account)s (%(channel)s, %(unit)s) er tatt ut av bruk. Ingenting er endret."
    ),
    "The {what} must have 1 to {most:,} printable characters. Nothing was changed.": N_(
        "Skriv 1 til %(most)s tegn. Ingenting er endret."
    ),
    "a language that is not a code such as nb, nn or en": N_("språket er ikke en kode som nb, nn eller en"),
    "no number: fewer cells than the first line": N_("mangler nummer: færre celler enn i den første linjen"),
    "The first line has a quote that is not closed. Nothing was imported.": N_(
        "Et anførselstegn mangler i den første linjen. Ingenting er hentet inn."
    ),
    "a quote that is not closed on the line": N_("et anførselstegn mangler på linjen"),
    "No column holds the number: the first line must name the columns, one of them {known}. Nothing was imported. A file with nothing but numbers, one a line, needs no first line.": N_(
        "Finner ikke kolonnen med numre. Den første linjen må ha navnene på kolonnene, og en av dem må hete %(known)s. Ingenting er hentet inn. En fil med bare numre, ett på hver linje, trenger ingen slik linje."
    ),
    "Which column to read cannot be told: one column alone may be called {known}, and one {language}. Nothing was imported. Rename or take away the others.": N_(
        "Det går ikke an å se hvilken kolonne som gjelder. Bare én kolonne kan hete %(known)s, og bare én kan hete %(language)s. Ingenting er hentet inn. Gi de andre nye navn, eller ta dem bort."
    ),
    "There is an audience {name!r} already. Nothing was changed. Replace it, or choose another name.": N_(
        "Det finnes allerede en liste som heter «%(name)s». Ingenting er endret. Kryss av for å erstatte den, eller velg et annet navn."
    ),
    "No usable number is in the file ({rejected:,} of {read:,} rows rejected), and an audience without recipients would reach nobody. Nothing was changed.": N_(
        "Ingen av numrene i filen kan brukes (%(rejected)s av %(read)s linjer er avvist), og en tom liste når ingen. Ingenting er endret."
    ),
    "a landline, which text messages do not reach": N_("en fasttelefon, som SMS ikke når"),
    "a premium-rate number, not a person's mobile": N_("et nummer med overtakst, ikke en persons mobil"),
    "a shared-cost number, not a person's mobile": N_("et nummer med delt kostnad, ikke en persons mobil"),
    "a freephone number, not a person's mobile": N_("et gratisnummer, ikke en persons mobil"),
    "a company's service number, not a person's mobile": N_(
        "et femsifret nummer eller servicenummer, ikke en persons mobil"
    ),
    "an internet telephone, which text messages do not reach": N_("en internettelefon, som SMS ikke når"),
    "a pager": N_("en personsøker"),
    "a voicemail box": N_("en telefonsvarer"),
    "a forwarding number, which text messages do not reach": N_("et nummer som viderekobler, og som SMS ikke når"),
    "no country has a number that begins like this": N_("ingen land har numre som begynner slik"),
    "too many digits for a phone number": N_("for mange sifre for et telefonnummer"),
    "a short or emergency number, not a person's mobile": N_("et kortnummer eller nødnummer, ikke en persons mobil"),
    "a number for machines (58 and 59 series), not a person's mobile": N_(
        "et nummer for maskiner (58- og 59-serien), ikke en persons mobil"
    ),
    "no number": N_("mangler nummer"),
    "not a phone number": N_("ikke et telefonnummer"),
    "not a number in use in its country": N_("ikke et nummer som er i bruk i landet"),
    "letters, where a phone number was expected": N_("bokstaver der det skulle stått et telefonnummer"),
    "a character that no phone number has": N_("et tegn som ikke finnes i telefonnumre"),
    "An audience needs a name of 1 to {most} printable characters.": N_("Gi listen et navn på 1 til %(most)s tegn."),
    "“{title}” is in force, and its updates go to everyone who got it. Erase after standing down.": N_(
        "«%(title)s» pågår, og nye meldinger går til alle som fikk den første. Slett når krisestab er avsluttet."
    ),
    "concurrency must be a whole number from 1 to {most:,}, not {given:,.15g}.": N_(
        "Skriv et helt tall fra 1 til %(most)s, ikke %(given)s."
    ),
    "per_second must be from {least:g} to {most:,.0f}, not {given:,.15g}.": N_(
        "Skriv et tall fra %(least)s til %(most)s, ikke %(given)s."
    ),
    "An account cannot stand by for itself. Nothing was changed.": N_(
        "En konto kan ikke være reserve for seg selv. Ingenting er endret."
    ),
    "{account} ({channel}, {unit}) cannot stand by for {first} ({first_channel}, {first_unit}): both must be the same unit's, on the same channel. Nothing was changed.": N_(
        "%(account)s (%(channel)s, %(unit)s) kan ikke være reserve for %(first)s (%(first_channel)s, %(first_unit)s). De må høre til samme enhet og samme kanal. Ingenting er endret."
    ),
    "One of the two accounts is closed. Nothing was changed.": N_(
        "En av de to kontoene er tatt ut av bruk. Ingenting er endret."
    ),
    "{account} is not connected, so it could carry nothing. Connect it first. Nothing was changed.": N_(
        "%(account)s er ikke koblet til, så den kan ikke sende noe. Koble den til først. Ingenting er endret."
    ),
    "{what} must be a number, not {given!r}. Nothing was changed.": N_(
        "Skriv et tall, ikke «%(given)s». Ingenting er endret."
    ),
    "{first} is itself a standby, and has no standby of its own. Nothing was changed.": N_(
        "%(first)s er selv en reserve, og kan ikke ha noen reserve. Ingenting er endret."
    ),
    "{account} has a standby itself, so it cannot be one. Nothing was changed.": N_(
        "%(account)s har selv en reserve, og kan ikke være det. Ingenting er endret."
    ),
    "{first} has a standby already. Take that away first: --clear. Nothing was changed.": N_(
        "%(first)s har allerede en reserve. Ta bort den først. Ingenting er endret."
    ),
    "The time to publish at needs a time zone, such as 2026-11-20T08:00:00+01:00.": N_("Skriv dato og klokkeslett."),
    "This service does not publish units' posts on {channel}. Use the platform itself.": N_(
        "Denne tjenesten publiserer ikke enhetenes innlegg på %(channel)s. Legg det ut på plattformen selv."
    ),
    "The account {account} is closed.": N_("%(account)s er tatt ut av bruk. Velg en annen konto."),
    "The account {account} is not connected. Give its address: crisis accounts connect.": N_(
        "%(account)s er ikke koblet til. Be administratoren koble den til, eller velg en annen konto."
    ),
    "{account} stands by for account {first} and publishes nothing of its own. Publish through that one; should it fail, this one carries the post.": N_(
        "%(account)s er reserve for konto %(first)s og publiserer ingenting selv. Velg den andre kontoen. Svarer den ikke, tar reserven over."
    ),
    "The post cannot go out as it is.": N_("Innlegget kan ikke publiseres slik det står."),
    "The time to publish at is more than a year away. Schedule it nearer to the day.": N_(
        "Tidspunktet er mer enn et år fram. Planlegg det nærmere dagen."
    ),
    "The audience is empty: nobody would get this. Import recipients first.": N_(
        "Listen er tom, så ingen ville fått dette. Hent inn mottakere først."
    ),
    "Post {number} is not blocked, so there is nothing to decide.": N_(
        "Innlegg %(number)s er ikke stanset, så det er ingenting å avgjøre. Kanskje noen andre har gjort det."
    ),
    "{account} publishes to everyone on {channel}: leave the audience out.": N_(
        "%(account)s publiserer til alle på %(channel)s. Ikke velg noen mottakerliste."
    ),
    "{account} sends to recipients: name the audience it is for.": N_(
        "%(account)s sender til mottakere. Velg hvem som skal få det."
    ),
    "The file has more than {most:,} rows, and no more are read at a time. Nothing was imported. Split it, or raise CRISIS_CSV_MAX_ROWS.": N_(
        "Filen har mer enn %(most)s linjer, og flere kan ikke leses om gangen. Ingenting er hentet inn. Del den opp."
    ),
    "The file is UTF-16, not UTF-8. Nothing was imported. Save it again as “CSV UTF-8” and import that.": N_(
        "Filen er UTF-16, ikke UTF-8. Ingenting er hentet inn. Lagre den på nytt som «CSV UTF-8» og hent inn den."
    ),
    "The file {file} cannot be read: {why}.": N_("Filen kan ikke leses: %(why)s. (%(file)s)"),
    "The file is larger than {most:,} bytes. Nothing was imported. Split it, or raise CRISIS_CSV_MAX_BYTES.": N_(
        "Filen er større enn %(most)s byte. Ingenting er hentet inn. Del den opp."
    ),
    "Line {line} holds a NUL byte, which no text has: the file is damaged or not a CSV file. Nothing was imported. Save it again as CSV, UTF-8.": N_(
        "Linje %(line)s har et tegn som ikke finnes i tekst. Filen er skadet, eller den er ikke en CSV-fil. Ingenting er hentet inn. Lagre den på nytt som «CSV UTF-8»."
    ),
    "Line {line} is longer than {most:,} bytes: the file is not a CSV file with one row a line. Nothing was imported. Check where the lines end, or raise CRISIS_CSV_MAX_LINE.": N_(
        "Linje %(line)s er lengre enn %(most)s byte. Filen er ikke en CSV-fil med én mottaker på hver linje. Ingenting er hentet inn. Se etter hvor linjene slutter."
    ),
    "The import was broken off, and nothing was changed. Import the file again.": N_(
        "Innhentingen ble avbrutt, og ingenting er endret. Hent inn filen på nytt."
    ),
    "Something went wrong that nobody foresaw. Nothing was changed. The log says what it was.": N_(
        "Noe gikk galt som ingen hadde tenkt på. Ingenting er endret. Loggen på tjeneren forteller hva det var."
    ),
    "Post {number} is not waiting for its time any more.": N_(
        "Innlegg %(number)s venter ikke lenger på tidspunktet sitt: det er publisert, stanset eller trukket tilbake."
    ),
    "too_long_for_channel": N_(
        "Teksten er for lang: %(count)s, og kanalen tar høyst %(most)s. Kort ned med minst %(over)s tegn."
    ),
    "refused_character": N_("Kanalen tar ikke imot et av tegnene i teksten: %(where)s. Ta det bort."),
    "The note is empty.": N_("Notatet er tomt."),
    "The note has {count:,} characters, and {most:,} fit.": N_(
        "Notatet har %(count)s tegn, og det er plass til %(most)s."
    ),
    "Who told it has more than {most:,} characters.": N_("Hvem som fortalte det, har mer enn %(most)s tegn."),
    "There is a character in it that shows nothing. Type it again.": N_(
        "Det er et usynlig tegn i teksten. Skriv den på nytt."
    ),
    "The time needs a time zone, such as 2026-11-20T05:58:00+01:00.": N_(
        "Skriv når det skjedde, med dato og klokkeslett."
    ),
    "The time is still to come. A log tells what has happened.": N_(
        "Tidspunktet er ikke kommet ennå. En logg forteller hva som har skjedd."
    ),
    "Nothing was written in the log. Mend this:": N_("Ingenting er skrevet i loggen. Rett dette:"),
}
"""By the domain's template, with the same names in the blanks."""


def told(visit: Visit, text: str) -> str:
    """The sentence in the page's language; as it is, where the desk has none of its own for it."""
    return find(visit, text) or str(text)


def find(visit: Visit, text: str) -> str | None:
    """The sentence in the page's language, if the desk has one for it."""
    template, values = (text.template, text.values) if isinstance(text, Said) else (text, {})
    ours = SENTENCES.get(template)
    if ours is None:
        return None
    return visit.gettext(ours, **{name: _shown(visit, value) for name, value in values.items()})


def _shown(visit: Visit, value: Any) -> str:
    if isinstance(value, str):
        return told(visit, value)
    return format_decimal(value, locale=visit.language) if isinstance(value, int | float) else str(value)
