"""Channels: what the desk calls them, in the visitor's language."""

from typing import TYPE_CHECKING

from crisis.tongue.channels import named

if TYPE_CHECKING:
    from api.desk.visit import Visit


def channel_name(visit: "Visit", channel: str) -> str:
    """``Krisesiden``, ``Facebook``, ``X``, ``SMS``."""
    return named(channel, visit.gettext)
