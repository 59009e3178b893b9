"""Channels: what the desk calls them, in the reader's language."""

from typing import Final

from api.desk.texts import lazily as N_
from api.desk.visit import Visit
from crisis.messages.rendered import CHANNEL_NAMES, CRISIS_PAGE

_OURS: Final = N_("Krisesiden")
"""The one channel that is ours has a name in every language; the others are called what they call themselves."""


def channel_name(visit: Visit, channel: str) -> str:
    """``Krisesiden``, ``Facebook``, ``X``, ``SMS``."""
    if channel == CRISIS_PAGE:
        return visit.gettext(_OURS)
    return CHANNEL_NAMES.get(channel, channel.capitalize())
