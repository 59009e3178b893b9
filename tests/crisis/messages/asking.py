"""Asking: a message that is left in peace, and what is found when something of it is changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crisis.messages.content import Content
from crisis.messages.hints import lexicon
from crisis.messages.hints.given import CHECKS, Given
from crisis.messages.hints.hint import Hint
from crisis.messages.library import Library
from crisis.messages.models import Kind
from crisis.messages.words import Words
from crisis.settings import data_dir

TEMPLATES = data_dir("templates")
LIBRARY = Library(TEMPLATES)
NOW = datetime(2026, 11, 20, 5, 58, tzinfo=UTC)
GOOD = {each: LIBRARY.get("landslide").example(each) for each in ("nb", "nn", "en")}
CALM = Given(
    kind=Kind.ALERT,
    languages=("nb",),
    contents={"nb": GOOD["nb"]},
    lexicons=lexicon.load(TEMPLATES),
    words=Words.load(TEMPLATES),
    municipality="Fjordvik kommune",
    host="krise.fjordvik.kommune.no",
    now=NOW,
    template=LIBRARY.get("landslide"),
    templates=tuple(LIBRARY),
    next_update_at=NOW + timedelta(hours=1),
)


def given(language: str = "nb", /, **changed: Any) -> Given:
    """A good message in one language, with these fields of it, or these facts around it, changed."""
    fields = {name: value for name, value in changed.items() if name in Content.model_fields}
    around = {name: value for name, value in changed.items() if name not in fields}
    content = Content.model_construct(**(GOOD[language].model_dump() | fields))
    return replace(CALM, **({"languages": (language,), "contents": {language: content}} | around))


def found(check: str, language: str = "nb", /, **changed: Any) -> list[Hint]:
    return list(CHECKS[check](given(language, **changed)))


def only(check: str, language: str = "nb", /, **changed: Any) -> Hint:
    (hint,) = found(check, language, **changed)
    return hint


def fixed(hint: Hint) -> str | None:
    return hint.fix.text if hint.fix else None
