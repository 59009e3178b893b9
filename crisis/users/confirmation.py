"""Confirmation: which acts ask for a factor again, and how long ago the last one may have been shown.

OWASP ASVS 5.0, 7.5.3, asks for a fresh factor before what is most dangerous. Acts that let somebody in or take the log away
ask after ten minutes. What goes out to the public, or locks every account, asks after four hours: whoever signs in at three
in the night sends until seven without being asked, and a browser left open since the morning sends nothing. An exercise
reaches nobody, and asks for nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from crisis.mode import Mode
from crisis.roles import Act
from crisis.users.sessions import FRESH, SignedIn

SHIFT: Final = timedelta(hours=4)
"""For what is done under pressure: long enough not to stand in the way, shorter than a day at the desk."""
WITHIN: Final[Mapping[Act, timedelta]] = {Act.ACTIVATE: SHIFT, Act.APPROVE_MESSAGE: SHIFT}
"""The acts that may go by an older factor. All others that ask, ask after ``FRESH``."""


def is_needed(signed_in: SignedIn, act: Act | None = None, mode: Mode = Mode.ACTUAL) -> bool:
    """Whether a factor is to be shown before this; ``act`` is None for what people change about their own sign-in."""
    allowed = WITHIN.get(act, FRESH) if act is not None else FRESH
    return mode is Mode.ACTUAL and signed_in.factor_age >= allowed
