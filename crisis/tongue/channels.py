"""Channels: what people call them, in the reader's language."""

from collections.abc import Callable
from typing import Final

from crisis.messages.rendered import CHANNEL_NAMES, CRISIS_PAGE
from crisis.tongue.texts import lazily as N_

_OURS: Final = N_("Krisesiden")
"""The one channel that is ours has a name in every language; the others are called what they call themselves."""


def named(channel: str, gettext: Callable[[str], str]) -> str:
    """``Krisesiden``, ``Facebook``, ``X``, ``SMS``."""
    if channel == CRISIS_PAGE:
        return gettext(_OURS)
    return CHANNEL_NAMES.get(channel, channel.capitalize())
