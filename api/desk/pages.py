"""Pages: the templates of the desk, one environment for each language.

What a template may use beside its own context: ``asset(name)``, ``once()`` (a name for one sending of a form), the filters
``time_of_day``, ``date``, ``day``, ``moment``, ``span``, ``lasting``, ``drill_time``, ``spoken``, ``number``, ``iso``,
``channel_name`` and ``language_name``, and ``_()``, ``ngettext()`` and ``{% trans %}``. Every variable is
escaped; no text of a user's is ever a template.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from uuid import uuid4

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from api.desk.assets import Assets
from api.desk.navigation import in_mode
from api.desk.playbook_text import spoken
from crisis import clock
from crisis.compiled import Compiled
from crisis.tongue import channels, texts, times
from crisis.tongue import languages as tongues

_COMPILED = defaultdict[str, Compiled](Compiled)
"""By language: a filter says the same thing otherwise in each."""


class Pages:
    """Every page in every language. Raises :class:`crisis.errors.Unready` when a language's texts cannot be read."""

    def __init__(self, templates_dir: Path, assets: Assets) -> None:
        self.translations = texts.load(templates_dir)
        loader = FileSystemLoader(templates_dir)
        self._environments = {
            language: _environment(loader, language, translations, assets)
            for language, translations in self.translations.items()
        }

    def whole(self, name: str, language: str, context: Mapping[str, Any]) -> str:
        """A page."""
        return self._environments[language].get_template(_path(name)).render(context)

    def block(self, name: str, block: str, language: str, context: Mapping[str, Any]) -> str:
        """One of a page's blocks by itself: what htmx puts in its place."""
        return render_block(self._environments[language], _path(name), block, dict(context))

    def renderer(self, language: str) -> "Renderer":
        """What renders blocks in one language, with nothing of a visit's: for a stream that many read."""
        return Renderer(self, language)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders blocks in one language."""

    _pages: Pages
    _language: str

    @property
    def language(self) -> str:
        """Whose texts these are."""
        return self._language

    def __call__(self, name: str, block: str, **context: Any) -> str:
        """One of a page's blocks."""
        return self._pages.block(name, block, self._language, {"language": self._language, **context})

    def gettext(self, text: str, /, **values: object) -> str:
        """A text in this language."""
        said = self._pages.translations[self._language].gettext(text)
        return said % values if values else said


def _path(name: str) -> str:
    return f"pages/{name}.html"


def _environment(
    loader: FileSystemLoader, language: str, translations: NullTranslations, assets: Assets
) -> Environment:
    made = Environment(
        loader=loader,
        bytecode_cache=_COMPILED[language],
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"asset": assets.address, "now": clock.now, "languages": texts.LANGUAGES}
    made.globals["once"] = lambda: str(uuid4())
    made.filters |= {
        "in_mode": in_mode,
        "time_of_day": lambda at: times.time_of_day(at, language),
        "date": lambda at: times.date(at, language),
        "day": lambda on: times.day(on, language),
        "moment": lambda at: times.moment(at, language),
        "span": times.span,
        "lasting": lambda length: times.lasting(length, language),
        "drill_time": lambda seconds: times.span(timedelta(seconds=seconds)),
        "spoken": lambda text, primary: spoken(text, language, primary),
        "number": lambda value: format_decimal(value, locale=language),
        "channel_name": lambda channel: channels.named(channel, translations.gettext),
        "language_name": lambda each: tongues.named(each, language, translations.gettext),
        "iso": lambda at: datetime.isoformat(at, timespec="seconds"),
    }
    return made
