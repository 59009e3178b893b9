"""Guessable passwords: the ones that an attacker tries first, by how people make them rather than by a list of them.

Twelve characters rule out most of the lists that leaked. What is left of them is a word that everybody takes with numbers
and signs around it, the same again and again, and rows of keys. NIST SP 800-63B-4 (3.1.1.2) asks for no rules about kinds of
characters, and for refusing what is commonly used and what has to do with the service and the person.
"""

import re
from collections.abc import Iterable
from typing import Final

WORDS: Final = frozenset(
    """
    abcdef adgangskode admin administrator asdf asdfgh baseball beredskap brannvesen charlie chelsea dragon endre enhetsleder
    facebook football fotball google hallo heisann hello hemmelig hemmeleg hei iloveyou instagram jegelskerdeg
    jeghaterdeg kommune kommunen krise krisestab kriseteam letmein liverpool login logginn manchester master michael minecraft
    monkey mustang nettredaksjon nettredaksjonen ninja norge noreg password passord passordet passw pass pokemon princess
    qazwsx qwer qwert qwerty raadmann rosenborg samsung secret shadow sjokolade skole sommer sommar sport starwars sunshine
    superman test tester trustno velkommen velkomen vinter vaar host haust welcome winter summer spring autumn
    januar februar mars april mai juni juli august september oktober november desember mandag tirsdag onsdag torsdag fredag
    lordag sondag
    """.split()  # noqa: SIM905 - a list of this length is read as a text
)
_ROWS: Final = (
    "1234567890123456789012345678901234567890",
    "qwertyuiopå",
    "asdfghjkløæ",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyzæøå",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)
_SIGNS: Final = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
)
_FOLDED: Final = str.maketrans({"ø": "o", "å": "a", "æ": "a"})
_LONGEST_SHARE = 0.6  # of a password that may be rows of keys
_RUN = 4  # characters; shorter runs are found in honest words
_DIFFERENT = 5  # characters that differ, at least
_KNOWN_WORD = 4  # letters: a shorter name is found in honest words
_LONGEST_FIRST: Final = sorted((word for word in WORDS if len(word) >= _KNOWN_WORD), key=len, reverse=True)


def is_common(password: str) -> bool:
    """Whether it is one of those that are tried first."""
    typed = password.casefold()
    if len(set(typed)) < _DIFFERENT:
        return True
    if _in_rows(typed) >= _LONGEST_SHARE * len(typed):
        return True
    bare = re.sub(r"[\W\d_]+", "", typed.translate(_FOLDED))
    spelt = re.sub(r"[\W\d_]+", "", re.sub(r"^[\W\d_]+|[\W\d_]+$", "", typed).translate(_FOLDED).translate(_SIGNS))
    return any(_is_made_of_words(each) for each in {bare, spelt})


def names_somebody(password: str, names: Iterable[str]) -> bool:
    """Whether it has one of these names in it: the municipality's, the login, the person's own."""
    typed = password.casefold()
    parts = {part for name in names for part in re.split(r"[\W\d_]+", name.casefold()) if len(part) >= _KNOWN_WORD}
    return any(part in typed for part in parts - {"kommune", "herad", "suohkan"})


def _is_made_of_words(letters: str) -> bool:
    """One word, or several, with at most three letters besides."""
    if not letters:
        return True
    rest = letters
    for word in _LONGEST_FIRST:
        rest = rest.replace(word, "")
    return len(rest) <= 3  # noqa: PLR2004 - as the docstring says


def _in_rows(typed: str) -> int:
    """How many characters stand in rows of keys, either way."""
    rows = [*_ROWS, *(row[::-1] for row in _ROWS)]
    counted, at = 0, 0
    while at < len(typed):
        longest = max((_common_start(typed[at:], row) for row in rows), default=0)
        if longest >= _RUN:
            counted, at = counted + longest, at + longest
        else:
            at += 1
    return counted


def _common_start(typed: str, row: str) -> int:
    """How far the beginning of ``typed`` goes along somewhere in ``row``."""
    length = 0
    while length < len(typed) and typed[: length + 1] in row:
        length += 1
    return length
