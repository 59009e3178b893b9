"""LIX: words per sentence plus the percentage of long words (Björnsson 1968). Under 35 is the aim for crisis texts.

Shown in the details and nowhere else: Difi took its own calculator away because people steered by it alone, short sentences lose the
words that hold them together, and Norwegian compounds and place names are long without being hard.
"""

import re
from typing import Final

from crisis.messages.content import Content
from crisis.messages.hints.given import Text
from crisis.messages.hints.hint import Place

LONG_WORD: Final = 6
"""Letters; a long word has more."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def lix(text: str) -> int:
    """Rounded; 0 of a text without words."""
    words = _WORD.findall(text)
    if not words:
        return 0
    sentences = sum(1 for _ in Text(Place(""), text).sentences())
    long = sum(len(word) > LONG_WORD for word in words)
    return round(len(words) / sentences + 100 * long / len(words))


def of(content: Content) -> int:
    """Of what is read: headline, what happened and what to do, each its own sentence."""
    return lix("\n".join(filter(None, (content.headline, content.what_happened, *content.what_to_do))))
