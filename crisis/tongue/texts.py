"""Texts: what the desk says, in bokmål, nynorsk and English.

Bokmål is written where it is used, in templates and in the pages' modules, and is its own key. The translations of one page
lie in ``templates/locale/<language>/<page>.po``: plain files that a translator's tools read, merged when the desk starts.
Texts are in gettext's newer style: a per cent sign that is meant as one is written ``%%``.
"""

import io
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from crisis.errors import Unready

SOURCE: Final = "nb"
LANGUAGES: Final = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}
"""The desk's own languages by their own names, the default first. What messages may be written in is another matter."""


def load(templates_dir: Path) -> dict[str, NullTranslations]:
    """``{language: translations}``. Raises :class:`crisis.errors.Unready` for a file that cannot be read."""
    found: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
    for language in LANGUAGES:
        if language != SOURCE:
            found[language] = GNUTranslations(io.BytesIO(_compiled(merged(templates_dir, language))))
    return found


def merged(templates_dir: Path, language: str) -> Catalog:
    """Every page's translations into one language as one catalogue."""
    whole = Catalog(locale=language)
    for path in sorted((templates_dir / "locale" / language).glob("*.po")):
        try:
            with path.open("rb") as opened:
                part = read_po(opened, locale=language, abort_invalid=True)
        except (OSError, ValueError) as error:
            raise Unready(
                f"The desk's texts in {path} cannot be read ({error}). The desk does not start without them. Mend the file."
            ) from error
        for message in part:
            if message.id:
                whole.add(message.id, message.string, context=message.context)
    return whole


def lazily(text: str) -> str:
    """Mark a text for translation where it is written, long before it is known who reads it. Import it as ``N_``."""
    return text


def _compiled(catalog: Catalog) -> bytes:
    written = io.BytesIO()
    write_mo(written, catalog)
    return written.getvalue()
