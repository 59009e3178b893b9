"""Languages of messages, as each reader's own language calls them."""

from collections.abc import Callable, Mapping
from typing import Final

from babel import Locale

from crisis.tongue.texts import lazily as N_

_NORWEGIAN: Final[Mapping[str, str]] = {"nb": N_("bokmål"), "nn": N_("nynorsk")}


def named(language: str, reader: str, gettext: Callable[[str], str]) -> str:
    """``engelsk`` to whoever reads Norwegian, ``English`` to whoever reads that."""
    if language in _NORWEGIAN:
        return gettext(_NORWEGIAN[language])
    return str(Locale.parse(reader).languages.get(language, language))
