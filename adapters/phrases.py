"""Which words a channel has around messages: its own languages, and the nearest one for the others.

Messages come in more languages than the page itself speaks. A page in a Sámi language has the primary language's words around
its messages, which its readers know; one in any other language has English ones.
Times are local (Europe/Oslo) and written as Språkrådet advises: ``20. november kl. 05.58``.
"""

from collections.abc import Mapping

from adapters.wording.bokmaal import BOKMAAL
from adapters.wording.english import ENGLISH
from adapters.wording.nynorsk import NYNORSK
from adapters.wording.phrases import Phrases
from adapters.wording.polish import POLISH
from adapters.wording.ukrainian import UKRAINIAN

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
_SPOKEN = {"nb": BOKMAAL, "no": BOKMAAL, "nn": NYNORSK, "en": ENGLISH, "pl": POLISH, "uk": UKRAINIAN}
_SAMI = frozenset({"se", "sma", "smj"})


def phrases(language: str, primary: str = "nb") -> Phrases:
    """The words around messages in ``language``, where ``primary`` is the municipality's own."""
    base = language.partition("-")[0]
    return _SPOKEN.get(base) or (phrases(primary) if base in _SAMI and primary not in _SAMI else ENGLISH)


def direction(language: str) -> str:
    """``rtl`` or ``ltr``, for HTML's ``dir``."""
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"
