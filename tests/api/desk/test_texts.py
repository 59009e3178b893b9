"""The desk's texts: everything it says is said in every language, and with the same blanks to fill in."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir

from crisis.tongue import texts

ROOT = Path(__file__).resolve().parents[3]
MODULES = ("api/desk", "crisis/tongue", "crisis/drills")
"""Where modules say something in people's own language."""
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
OTHERS = sorted(texts.LANGUAGES.keys() - {texts.SOURCE})
BLANK = re.compile(r"%\((\w+)\)s")


def said() -> Iterator[tuple[str, Any]]:
    """Everything the templates and the pages' modules say: where, and the text or the pair of singular and plural."""
    python = [("**.py", "python")]
    for folder, method in (("templates", [("**.html", "jinja2")]), *((each, python) for each in MODULES)):
        options = {"**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
        found = extract_from_dir(ROOT / folder, method, options, KEYWORDS)
        for name, line, text, _comments, _context in found:
            if folder == "templates" and not name.startswith(("frame.html", "pages/", "components/", "report/")):
                continue
            yield f"{folder}/{name}:{line}", text


def known(language: str) -> dict[Any, Any]:
    return {message.id: message.string for message in texts.merged(ROOT / "templates", language) if message.id}


def is_whole(translation: Any) -> bool:
    """One text, or one for each number, and none of them empty."""
    return bool(translation) and all(translation if isinstance(translation, tuple) else (translation,))


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_the_desk_says_is_missing_in_another_language(language: str) -> None:
    translated = known(language)
    missing = [f"{place}: {text!r}" for place, text in said() if not is_whole(translated.get(text))]
    assert not missing, f"not in {language}:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language: str) -> None:
    used = {text for _, text in said()}
    left = [repr(text) for text in known(language) if text not in used]
    assert not left, f"nobody says in {language}:\n" + "\n".join(left)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_blanks_of_its_original(language: str) -> None:
    for original, translation in known(language).items():
        originals = original if isinstance(original, tuple) else (original,)
        translations = translation if isinstance(translation, tuple) else (translation,)
        expected = {blank for each in originals for blank in BLANK.findall(each)}
        for each in translations:
            assert set(BLANK.findall(each)) == expected, f"{original!r} in {language}: {each!r}"
            assert not re.search(r"(?<!%)%(?!%|\()", each), f"a lone per cent sign in {each!r}"


def test_extraction_sees_templates_and_modules() -> None:
    places = {place.partition("/")[0] for place, _ in said()}
    assert places == {"templates", "api", "crisis"}
