"""Reasons: why a text message did not arrive, or a post did not go out, as the desk says it.

The engine and the adapters leave English sentences with a delivery, and a provider's own words between them. Each sentence has one
of the desk's (:mod:`api.desk.causes`). What is left over is the provider's, and is quoted as such.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from markupsafe import Markup

from api.desk.causes import CAUSES
from api.desk.mail_causes import MAIL_CAUSES
from api.desk.platform_causes import PLATFORM_CAUSES
from api.desk.provider_causes import PROVIDER_CAUSES
from api.desk.wordpress_causes import WORDPRESS_CAUSES
from crisis.tongue.texts import lazily as N_
from crisis.tongue.tongue import Tongue

BY_CODE: Final[Mapping[str, str]] = {
    "21211": N_("Nummeret er ikke et gyldig telefonnummer."),
    "21408": N_("Twilio-kontoen vår har ikke lov til å sende SMS til dette landet."),
    "21610": N_("Mottakeren har svart STOP til denne avsenderen."),
    "21612": N_("Det går ikke an å sende fra vår avsender til dette nummeret."),
    "21614": N_("Nummeret er ikke et mobilnummer."),
    "21635": N_("Nummeret er en fasttelefon, som ikke kan ta imot SMS."),
    "30003": N_("Telefonen var avslått eller uten dekning."),
    "30004": N_("Meldingen ble sperret hos mottakeren."),
    "30005": N_("Nummeret er ikke i bruk."),
    "30006": N_("Nummeret kan ikke ta imot SMS."),
    "30007": N_("Operatøren stanset meldingen som uønsket."),
    "30008": N_("Operatøren sier ikke hvorfor."),
    "30036": N_("Telefonen tok ikke imot før meldingen gikk ut på tid."),
}
"""Twilio's error codes, by its error dictionary (twilio.com/docs/api/errors)."""
_BLANK = re.compile(r"\{(\w+)\}")
_ONE_WORD = {"code": r"[\w.-]+", "status": r"[\w.-]+"}
"""Of blanks that stand without words around them to hold them in. So does any blank that a sentence begins with."""


def _pattern(number: int, template: str) -> str:
    """A template as a pattern whose groups are named after the number of the template and the blank."""
    made, at = "", 0
    for blank in _BLANK.finditer(template):
        made += re.escape(template[at : blank.start()])
        name, is_first, is_last = blank[1], blank.start() == 0, blank.end() == len(template)
        filled = _ONE_WORD.get(name) or (r"\S+" if is_first else r".+" if is_last else r".+?")
        made += f"(?P<c{number}_{name}>{filled})"
        at = blank.end()
    return f"(?P<c{number}>{made}{re.escape(template[at:])})"


_CAUSES: Final = sorted(
    {**CAUSES, **PROVIDER_CAUSES, **PLATFORM_CAUSES, **WORDPRESS_CAUSES, **MAIL_CAUSES}.items(),
    key=lambda each: -len(_BLANK.sub("", each[0])),
)
"""The longest first: one may begin as another does."""
_ANY: Final = re.compile("|".join(_pattern(number, template) for number, (template, _) in enumerate(_CAUSES)))


def reason(tongue: Tongue, error: str | None, code: str | None) -> str:
    """In the page's language, with what only the provider's words say in quotation marks; nothing where nothing is known."""
    _ = tongue.gettext
    if ours := BY_CODE.get(code or ""):
        return _(ours)
    if not error:
        return _("Tilbyderen oppgir feilkode %(code)s.", code=code) if code else ""
    return Markup(" ").join(_said(tongue, error))


def _said(tongue: Tongue, error: str) -> Iterator[str]:
    at = 0
    for found in _ANY.finditer(error):
        yield from _quoted(tongue, error[at : found.start()])
        number = int((found.lastgroup or "c0").removeprefix("c"))
        blanks = {name.partition("_")[2]: said for name, said in found.groupdict().items() if said is not None}
        yield tongue.gettext(_CAUSES[number][1], **blanks)
        at = found.end()
    yield from _quoted(tongue, error[at:])


def _quoted(tongue: Tongue, words: str) -> Iterator[str]:
    if bare := words.strip().rstrip(".;: "):
        quoted = Markup('<span lang="en">{}</span>').format(bare)
        yield Markup(tongue.gettext("Tilbyderens egne ord: «%(said)s».")) % {"said": quoted}  # noqa: S704 - our own words
