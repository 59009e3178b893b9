"""Lanes: the three queues of a mode, so that a hundred thousand text messages never stand before one Facebook post."""

from enum import StrEnum


class Lane(StrEnum):
    """``public``: crisis posts, one per account. ``sms``: crisis messages, one per recipient. ``unit``: units' own posts."""

    PUBLIC = "public"
    SMS = "sms"
    UNIT = "unit"

    @property
    def crisis(self) -> bool:
        """Carries an activation's messages, which no gate holds back."""
        return self is not Lane.UNIT
