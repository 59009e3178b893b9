"""The channels' own words around messages, and how they write times: bokmål, nynorsk and English.

Messages come in more languages than the page itself speaks; a page in another language has English words around them.
Times are local (Europe/Oslo) and written as Språkrådet advises: ``20. november kl. 05.58``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crisis.clock import OSLO

_MONTHS = (
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
)
_ENGLISH_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip

NAMES: Mapping[str, str] = {
    "nb": "Bokmål",
    "nn": "Nynorsk",
    "no": "Norsk",
    "en": "English",
    "se": "Davvisámegiella",
    "sma": "Åarjelsaemien gïele",
    "smj": "Julevsámegiella",
    "ar": "العربية",
    "da": "Dansk",
    "de": "Deutsch",
    "es": "Español",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "lt": "Lietuvių",
    "pl": "Polski",
    "ru": "Русский",
    "so": "Soomaali",
    "sv": "Svenska",
    "ti": "ትግርኛ",
    "uk": "Українська",
}
"""Languages by their own names; one that is not here is called by its tag."""

_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "fa", "he", "ps", "ur"})


@dataclass(frozen=True, slots=True)
class Phrases:
    """Everything a channel says by itself, in one language, most of it on the crisis page. ``{...}`` is filled in there."""

    language: str
    months: tuple[str, ...]
    day: str
    time: str
    at: str
    page: str
    skip: str
    languages: str
    latest: str
    earlier: str
    published: str
    changed: str
    next_today: str
    next_later: str
    updated: str
    reload: str
    quiet: str
    quiet_more: str
    advice: str
    not_here: str
    read_in: str
    help: str
    numbers: tuple[tuple[str, str], ...]
    radio: str
    feed: str
    cookies: str
    exercise: str
    kinds: Mapping[str, str]
    message: str
    corrected: str
    read_correction: str
    withdrawn: str
    read_why: str
    post_corrected: str
    post_withdrawn: str
    corrects: str
    withdraws: str

    def moment(self, when: datetime) -> str:
        """``20. november kl. 05.58``."""
        return self.at.format(day=self._day(when), time=self._time(when))

    def next_update(self, when: datetime, issued_at: datetime) -> str:
        """When the next message comes; with the date only if it is another day than the message's own."""
        same_day = when.astimezone(OSLO).date() == issued_at.astimezone(OSLO).date()
        return (self.next_today if same_day else self.next_later).format(day=self._day(when), time=self._time(when))

    def moment_or_time(self, when: datetime, beside: datetime) -> str:
        """``kl. 05.58``; with the date when that is another day than ``beside``."""
        if when.astimezone(OSLO).date() != beside.astimezone(OSLO).date():
            return self.moment(when)
        return self.at.format(day="", time=self._time(when)).strip()

    def kind(self, kind: str) -> str:
        """What this kind of message is called."""
        return self.kinds.get(kind, self.message)

    def _day(self, when: datetime) -> str:
        local = when.astimezone(OSLO)
        return self.day.format(day=local.day, month=self.months[local.month - 1])

    def _time(self, when: datetime) -> str:
        return when.astimezone(OSLO).strftime(self.time)


_BOKMAAL = Phrases(
    language="nb",
    months=_MONTHS,
    day="{day}. {month}",
    time="%H.%M",
    at="{day} kl. {time}",
    page="Kriseinformasjon fra {municipality}",
    skip="Hopp til innholdet",
    languages="Språk",
    latest="Siste melding",
    earlier="Tidligere meldinger",
    published="Publisert",
    changed="Endret",
    next_today="Neste melding kommer kl. {time}.",
    next_later="Neste melding kommer {day} kl. {time}.",
    updated="Siden ble sist oppdatert",
    reload="Oppdater siden",
    quiet="Det er ingen pågående krise",
    quiet_more="Hvis det skjer noe alvorlig, finner du informasjon her.",
    advice="Råd om egenberedskap",
    not_here="Det er ingen melding på dette språket ennå",
    read_in="Du kan lese på:",
    help="Trenger du hjelp?",
    numbers=(("110", "Brann"), ("112", "Politi"), ("113", "Ambulanse"), ("116 117", "Legevakt")),
    radio="NRK P1 sender også viktig informasjon.",
    feed="Abonner på meldingene (Atom)",
    cookies="Siden bruker ikke informasjonskapsler.",
    exercise="Dette er en øvelse. Det har ikke skjedd noe.",
    kinds={
        "alert": "Viktig melding",
        "update": "Oppdatering",
        "correction": "Rettelse",
        "all_clear": "Faren er over",
        "retraction": "Melding trukket tilbake",
    },
    message="Melding",
    corrected="Rettet {at}.",
    read_correction="Les rettelsen",
    withdrawn="Trukket tilbake {at}. Dette gjelder ikke.",
    read_why="Les hvorfor",
    post_corrected="Teksten i innlegget ble rettet {at}.",
    post_withdrawn="Innlegget ble trukket tilbake {at}. Det som sto her før, gjelder ikke.",
    corrects="Retter innlegget {at}",
    withdraws="Trekker tilbake innlegget {at}",
)

_NYNORSK = Phrases(
    language="nn",
    months=_MONTHS,
    day="{day}. {month}",
    time="%H.%M",
    at="{day} kl. {time}",
    page="Kriseinformasjon frå {municipality}",
    skip="Hopp til innhaldet",
    languages="Språk",
    latest="Siste melding",
    earlier="Tidlegare meldingar",
    published="Publisert",
    changed="Endra",
    next_today="Neste melding kjem kl. {time}.",
    next_later="Neste melding kjem {day} kl. {time}.",
    updated="Sida vart sist oppdatert",
    reload="Oppdater sida",
    quiet="Det er inga pågåande krise",
    quiet_more="Dersom det skjer noko alvorleg, finn du informasjon her.",
    advice="Råd om eigenberedskap",
    not_here="Det er inga melding på dette språket enno",
    read_in="Du kan lese på:",
    help="Treng du hjelp?",
    numbers=(("110", "Brann"), ("112", "Politi"), ("113", "Ambulanse"), ("116 117", "Legevakt")),
    radio="NRK P1 sender òg viktig informasjon.",
    feed="Abonner på meldingane (Atom)",
    cookies="Sida brukar ikkje informasjonskapslar.",
    exercise="Dette er ei øving. Det har ikkje skjedd noko.",
    kinds={
        "alert": "Viktig melding",
        "update": "Oppdatering",
        "correction": "Retting",
        "all_clear": "Faren er over",
        "retraction": "Melding trekt tilbake",
    },
    message="Melding",
    corrected="Retta {at}.",
    read_correction="Les rettinga",
    withdrawn="Trekt tilbake {at}. Dette gjeld ikkje.",
    read_why="Les kvifor",
    post_corrected="Teksten i innlegget vart retta {at}.",
    post_withdrawn="Innlegget vart trekt tilbake {at}. Det som stod her før, gjeld ikkje.",
    corrects="Rettar innlegget {at}",
    withdraws="Trekkjer tilbake innlegget {at}",
)

_ENGLISH = Phrases(
    language="en",
    months=_ENGLISH_MONTHS,
    day="{day} {month}",
    time="%H:%M",
    at="{day} at {time}",
    page="Crisis information from {municipality}",
    skip="Skip to content",
    languages="Language",
    latest="Latest message",
    earlier="Earlier messages",
    published="Published",
    changed="Changed",
    next_today="The next message comes at {time}.",
    next_later="The next message comes on {day} at {time}.",
    updated="This page was last updated",
    reload="Reload the page",
    quiet="There is no ongoing crisis",
    quiet_more="If something serious happens, you will find information here.",
    advice="Advice on preparedness",
    not_here="There is no message in this language yet",
    read_in="You can read in:",
    help="Do you need help?",
    numbers=(("110", "Fire"), ("112", "Police"), ("113", "Ambulance"), ("116 117", "Out-of-hours doctor")),
    radio="NRK P1 radio also carries important information.",
    feed="Subscribe to the messages (Atom)",
    cookies="This page uses no cookies.",
    exercise="This is an exercise. Nothing has happened.",
    kinds={
        "alert": "Important message",
        "update": "Update",
        "correction": "Correction",
        "all_clear": "The danger is over",
        "retraction": "Message withdrawn",
    },
    message="Message",
    corrected="Corrected {at}.",
    read_correction="Read the correction",
    withdrawn="Withdrawn {at}. This does not apply.",
    read_why="Read why",
    post_corrected="The text of this post was corrected {at}.",
    post_withdrawn="This post was withdrawn {at}. What it said before does not apply.",
    corrects="Corrects our post {at}",
    withdraws="Withdraws our post {at}",
)

_SPOKEN = {"nb": _BOKMAAL, "no": _BOKMAAL, "nn": _NYNORSK, "en": _ENGLISH}


def phrases(language: str) -> Phrases:
    """The page's words around messages in ``language``: English where it speaks no better."""
    return _SPOKEN.get(language.partition("-")[0], _ENGLISH)


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, for HTML's ``dir``."""
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
