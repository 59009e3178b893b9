"""Page failure: what it means that the crisis page's folder could not be written, and what somebody is to do."""

import errno
from pathlib import Path

from crisis.channels import ChannelError, Misconfigured, OutcomeUnknown, Unavailable

_FOR_A_PERSON = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR})


def failure(error: OSError, folder: Path, *, placed: bool, waited: float) -> ChannelError:
    """The error to raise. ``placed``: what is kept had changed already; ``waited``: seconds, for the lock."""
    what = error.strerror or type(error).__name__
    if placed:
        return OutcomeUnknown(
            f"The crisis page in {folder} was only partly rewritten ({what}); readers may have the old or the new one. "
            "It is tried again from what is kept."
        )
    if isinstance(error, TimeoutError):
        return Unavailable(
            f"Another process has held the lock on {folder} for {waited:g} seconds. Nothing was written; it is tried again."
        )
    if error.errno in _FOR_A_PERSON:
        return Misconfigured(
            f"The crisis page's folder {folder} cannot be written to ({what}). Nothing was written. "
            "Give this user the right to write there, or set CRISIS_PUBLIC_DIR."
        )
    return Unavailable(f"The crisis page in {folder} could not be written ({what}). It is tried again.")
