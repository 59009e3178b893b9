"""Channels: what the desk calls them, in the reader's language."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from api.desk.texts import lazily as N_
from crisis.messages.rendered import CHANNEL_NAMES, CRISIS_PAGE

if TYPE_CHECKING:
    from api.desk.visit import Visit

_OURS: Final = N_("Krisesiden")
"""The one channel that is ours has a name in every language; the others are called what they call themselves."""


def channel_name(visit: "Visit", channel: str) -> str:
    """``Krisesiden``, ``Facebook``, ``X``, ``SMS``."""
    return named(channel, visit.gettext)


def named(channel: str, gettext: Callable[[str], str]) -> str:
    """The same, for a template: its filter ``channel_name``."""
    if channel == CRISIS_PAGE:
        return gettext(_OURS)
    return CHANNEL_NAMES.get(channel, channel.capitalize())
