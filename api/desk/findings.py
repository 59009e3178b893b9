"""Findings: what the checkup says, as the desk says it: to an administrator who is not a developer."""

from collections.abc import Mapping
from typing import Final

from crisis.tongue.texts import lazily as N_

FINDINGS: Final[Mapping[str, str]] = {
    "{first}, {second}": N_("%(first)s, %(second)s"),
    "{first} and {last}": N_("%(first)s og %(last)s"),
    "the crisis page": N_("krisesiden"),
    "database": N_("Databasen"),
    "accounts": N_("Kontoer"),
    "keys": N_("Nøkler"),
    "broker": N_("Køen"),
    "sandbox": N_("Øvingsverdenen"),
    "sweep, actual": N_("Gjennomgang"),
    "sweep, exercise": N_("Gjennomgang, øvelse"),
    "worker, actual": N_("Senderen"),
    "worker, exercise": N_("Senderen, øvelse"),
    "workers": N_("Senderne"),
    "mode": N_("Øvelse eller ordentlig"),
    "drill": N_("Øvelsen"),
    "Drill {number} is under way.": N_("Øvelse %(number)s er i gang."),
    "Nobody has made drill {number} go for {span}.": N_("Øvelse %(number)s har stått uten drift i %(span)s."),
    "Start what does: crisis conductor (or everything: crisis up). What has fallen due meanwhile comes at once, in its order.": N_(
        "Start crisis conductor på tjeneren. Innspill som skulle ha kommet imens, kommer da med én gang."
    ),
    "providers": N_("Tilbydere"),
    "ceilings": N_("Fartsgrenser"),
    "receipts": N_("Kvitteringer"),
    "channels": N_("Kanaler"),
    "crisis page": N_("Krisesiden"),
    "its exercise": N_("Krisesiden, øvelse"),
    "{channel}, kept": N_("Krisesiden, slik den står"),
    "No database is known.": N_("Ingen database er oppgitt."),
    "Answers, and has this version's schema.": N_("Svarer, og passer til denne versjonen."),
    "It has the schema {found}; this version needs {wanted}.": N_(
        "Databasen er i versjon %(found)s, og tjenesten trenger %(wanted)s."
    ),
    "It has no schema; this version needs {wanted}.": N_("Databasen er tom, og tjenesten trenger versjon %(wanted)s."),
    "Run: crisis migrate": N_("Kjør på tjeneren: crisis migrate"),
    "The database does not answer: {reason}": N_("Databasen svarer ikke: %(reason)s"),
    "What was under way was done whole or not at all. Start everything on this machine with `crisis up`; if the database is elsewhere, see that it runs and that CRISIS_DATABASE_URL is right.": N_(
        "Det som var i gang, ble gjort helt eller ikke i det hele tatt. Se at databasen går, og at CRISIS_DATABASE_URL stemmer."
    ),
    "clock": N_("Klokken"),
    "Agrees with the database's.": N_("Går likt med databasens."),
    "Is {span} ahead of the database's.": N_("Går %(span)s foran databasens."),
    "Is {span} behind the database's.": N_("Går %(span)s etter databasens."),
    "Let both machines set their clocks by a time server (NTP). Nothing goes out too early or too late: that is the database's to say. But the log's times are this machine's, and X refuses calls from one that is minutes off.": N_(
        "La begge maskinene stille klokken etter en tidstjener (NTP). Ingenting går ut for tidlig eller for sent, for der gjelder databasens klokke. Men klokkeslettene i loggen er denne maskinens, og X avviser kall fra en maskin som går noen minutter feil."
    ),
    "{count} deliveries have lost their mode, or have another than their text.": N_(
        "%(count)s sendinger har mistet om de er øvelse eller ordentlige."
    ),
    "No worker sends them, to anybody. The schema forbids such rows: find out what changed it (a migration? a restore?) before anything else is approved.": N_(
        "De sendes ikke til noen. Finn ut hva som endret databasen, før noe annet sendes."
    ),
    "{count:.0f} s ago.": N_("Sist for %(count)s sekunder siden."),
    "The last one was {span} ago.": N_("Den siste var for %(span)s siden."),
    "{count} days": N_("%(count)s døgn"),
    "{count} hours": N_("%(count)s timer"),
    "{count} minutes": N_("%(count)s minutter"),
    "{count} s": N_("%(count)s sekunder"),
    "Start beat and the worker (crisis up, or crisis beat and crisis worker); until then nothing is sent.": N_(
        "Start crisis beat og crisis worker på tjeneren. Til da sendes ingenting."
    ),
    "Run: crisis accounts import FILE": N_("Hent inn kontoregisteret under Kontoer."),
    "The register is empty.": N_("Kontoregisteret er tomt."),
    "Connect them: crisis accounts connect --help": N_("Koble dem til under Kontoer."),
    "None of {unit}'s is connected: no message can go out.": N_(
        "Ingen av kontoene til %(unit)s er koblet til. Ingen melding kan sendes."
    ),
    "{unit} can publish on {channels}.": N_("%(unit)s kan publisere på %(channels)s."),
    "{unit} has no connected account on {channels}.": N_("%(unit)s har ingen tilkoblet konto på %(channels)s."),
    "Put back the key that was in use when it was stored; a new key cannot open it.": N_(
        "Sett tilbake nøkkelen som var i bruk da det ble lagret. En ny nøkkel kan ikke åpne det."
    ),
    "Start one with `crisis up`, or set CRISIS_REDIS_URL. Until then only the standby sends, slower.": N_(
        "Start en, og sett CRISIS_REDIS_URL. Til da sender bare reserven, saktere."
    ),
    "No broker is known.": N_("Ingen kø er oppgitt."),
    "Start it again, or mend CRISIS_REDIS_URL. Nothing is lost: the standby sends meanwhile, slower.": N_(
        "Start den igjen, eller rett CRISIS_REDIS_URL. Ingenting er mistet: reserven sender imens, saktere."
    ),
    "Does not answer: {why}": N_("Svarer ikke: %(why)s"),
    "Answers.": N_("Svarer."),
    "Could not be asked: {why}": N_("Fikk ikke spurt: %(why)s"),
    "See that the broker is well.": N_("Se at køen går."),
    "Answers on {hosts}.": N_("Svarer på %(hosts)s."),
    "Start one: crisis worker --mode {mode} (or everything: crisis up)": N_(
        "Start den på tjeneren: crisis worker --mode %(mode)s"
    ),
    "None answers.": N_("Ingen svarer."),
    "Exercises need it: crisis up starts one; or run crisis sandbox, and set CRISIS_SANDBOX_URL.": N_(
        "Øvelser trenger den. Start crisis sandbox på tjeneren, og sett CRISIS_SANDBOX_URL."
    ),
    "None is known.": N_("Ingen er oppgitt."),
    "Answers at {url}.": N_("Svarer på %(url)s."),
    "Exercises cannot run without it. Start it: crisis sandbox, or everything: crisis up": N_(
        "Uten den kan dere ikke øve. Start crisis sandbox på tjeneren."
    ),
    "{url}: {why}.": N_("%(url)s: %(why)s."),
    "Both are set.": N_("Begge er satt."),
    "{names} not set: nothing sealed can be opened.": N_(
        "%(names)s er ikke satt. Det som er forseglet, kan ikke åpnes."
    ),
    "Make each with: python -c 'import secrets; print(secrets.token_hex(32))'. Keep a copy somewhere safe.": N_(
        "Lag 32 tilfeldige byte til hver, og ha en kopi på et trygt sted. Se README."
    ),
    "Is written to {folder}.": N_("Skrives til %(folder)s."),
    "Make the folder, or let the worker's user write there. The page is the public's main source.": N_(
        "Lag mappen, eller la senderens bruker skrive der. Siden er innbyggernes viktigste kilde."
    ),
    "{folder} cannot be written.": N_("Får ikke skrevet til %(folder)s."),
    "{folder} is not there, and {there} cannot be written.": N_(
        "%(folder)s finnes ikke, og vi får ikke skrevet til %(there)s."
    ),
    "Is there, and as it should be.": N_("Er der, og er som den skal."),
    "Mend CRISIS_CEILINGS, or leave it out. Until then no worker starts.": N_(
        "Rett CRISIS_CEILINGS, eller ta den bort. Til da starter ingen sender."
    ),
    "Calls a second through each account: {rates}.": N_("Høyst så mange i sekundet gjennom hver konto: %(rates)s."),
    "{names} not set here.": N_("%(names)s er ikke satt."),
    "Set them for the API and the workers, or nothing goes out there.": N_(
        "Sett dem for tjenesten og senderne. Til da går ingenting ut der."
    ),
    "{variable} is not an address.": N_("%(variable)s er ikke en adresse."),
    "Write https://host, or leave it out.": N_("Skriv https://…, eller ta den bort."),
    "{variable} is not encrypted: tokens would go in the clear.": N_(
        "%(variable)s er ikke kryptert. Nøklene ville gått i klartekst."
    ),
    "Use https.": N_("Bruk https."),
    "{variables} point to this machine: nothing reaches the public.": N_(
        "%(variables)s peker på denne maskinen. Ingenting når innbyggerne."
    ),
    "Right for a demo, and only there.": N_("Riktig i en demo, og bare der."),
    "Their own addresses, encrypted.": N_("Deres egne adresser, kryptert."),
    "CRISIS_PUBLIC_URL is {url}, which no provider can reach: receipts will not come.": N_(
        "CRISIS_PUBLIC_URL er %(url)s, som ingen tilbyder når. Kvitteringene kommer ikke."
    ),
    "Set it to the address the API has from outside.": N_("Sett den til adressen tjenesten har utenfra."),
}
