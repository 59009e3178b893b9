"""Length: how long a text is in a channel's own unit, and the SMS text that costs least without saying anything else.

SMS: 3GPP TS 23.038 (GSM 7-bit default alphabet and UCS-2) and TS 23.040 (six bytes of each joined part go to its
header): 160 septets alone and 153 joined, or 70 and 67 UTF-16 units. X: twitter-text's v3 configuration.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from smsutil import split
from smsutil.codecs import GSM_CHARSET, is_valid_gsm

from crisis.channels import Unit

GSM_7: Final = "GSM-7"
UCS_2: Final = "UCS-2"
_PARTS = {GSM_7: (160, 153), UCS_2: (70, 67)}
"""What an SMS holds alone, and each part of a joined one: septets or UTF-16 units."""
_GSM_7 = frozenset(GSM_CHARSET)
_X_REFUSES = frozenset("\ufffe\uffff\ufeff")  # twitter-text, invalid_chars_group

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u00b4\u0060\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys(
            "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022\u2043", "-"
        ),  # hyphens, dashes, minus, bullets
        **dict.fromkeys("\t\u00a0\u1680\u202f\u205f\u3000", " "),
        **dict.fromkeys((chr(point) for point in range(0x2000, 0x200B)), " "),  # en quad to hair space
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),  # soft hyphen, zero width space, word joiner, byte order mark
        **dict.fromkeys("\u2028\u2029", "\n"),
        "\u2026": "...",
        "\u00d7": "x",
    }
)
"""Typography to GSM-7. Letters are left alone: without its accent a word is another word, a name another name."""


@dataclass(frozen=True, slots=True)
class Offender:
    """A character that costs: it turns an SMS into UCS-2, or X refuses it. ``position`` counts from 0."""

    character: str
    position: int


@dataclass(frozen=True, slots=True)
class Length:
    """``count`` of ``unit``: characters, weighted characters (X) or parts (SMS)."""

    count: int
    unit: Unit
    used: int
    """What the text takes up: septets or UTF-16 units of an SMS; elsewhere the same as ``count``."""
    encoding: str | None = None
    """``GSM-7`` or ``UCS-2`` for SMS."""
    offenders: tuple[Offender, ...] = ()

    def room(self, most: int) -> int:
        """What ``most`` of the unit hold, in the terms of ``used``."""
        if self.encoding is None:
            return most
        alone, joined = _PARTS[self.encoding]
        return alone if most == 1 else joined * most


def load() -> None:
    """Import now what weighs posts for X: for a process in which somebody would wait for it later."""
    measure("", Unit.WEIGHTED)


def measure(text: str, unit: Unit) -> Length:
    """The length of ``text`` as it stands; an SMS is not normalised here."""
    if unit is Unit.SEGMENTS:
        return _segments(text)
    composed = unicodedata.normalize("NFC", text)
    if unit is Unit.WEIGHTED:
        from twitter_text import parse_tweet  # noqa: PLC0415 - a third of a second, and most processes weigh nothing

        weighted = parse_tweet(composed).weightedLength
        return Length(weighted, unit, weighted, offenders=_found(composed, _X_REFUSES.__contains__))
    return Length(len(composed), unit, len(composed))


def _segments(text: str) -> Length:
    if not text:
        return Length(0, Unit.SEGMENTS, 0, GSM_7)
    parts = split(text)
    if is_valid_gsm(text):
        return Length(len(parts.parts), Unit.SEGMENTS, parts.total_bytes, GSM_7)
    outside = _found(text, lambda character: character not in _GSM_7)
    return Length(len(parts.parts), Unit.SEGMENTS, parts.total_bytes // 2, UCS_2, outside)


def _found(text: str, wanted: Callable[[str], bool]) -> tuple[Offender, ...]:
    return tuple(Offender(character, position) for position, character in enumerate(text) if wanted(character))


def normalise(text: str) -> str:
    """The same words for SMS: quotes, dashes, ellipses, bullets and odd spaces as GSM-7 has them. Doing it twice changes nothing."""
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", composed.translate(_PLAIN))
