"""Platform time: how old something is by the platform's own clock, whatever ours says.

Every answer of a platform has its ``Date`` (RFC 9110, 6.6.1), and every post in it a time by the same clock. What lies between
them is the post's age, and it is right although our clock, or the platform's, is minutes wrong.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crisis.channels import OutcomeUnknown


def date_of(headers: Mapping[str, str], platform: str) -> datetime:
    """When the platform says it answered, to the second. Raises :class:`OutcomeUnknown` where it does not say."""
    try:
        moment = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        raise OutcomeUnknown(
            f"{platform} gave no usable date with its answer, so nobody can tell how old the posts in it are."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment_in(written: object, platform: str) -> datetime:
    """A time as ISO 8601 has it; without a zone it is UTC. Raises :class:`OutcomeUnknown` for anything else."""
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        raise OutcomeUnknown(f"{platform} gave a post whose time cannot be read, so its age is not known.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def age(now: datetime, made: datetime) -> float:
    """Seconds from ``made`` to ``now``, both by the platform's clock. What is dated ahead of it is new: 0."""
    return max(0.0, (now - made).total_seconds())
