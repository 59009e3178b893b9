"""Two tables: what people have said an account may do, and how each account's traffic flows now.

Both are shared by all processes on all machines. Times are the database's own.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.mode import Mode

CONCURRENCY_MOST = 10_000
PER_SECOND_LEAST, PER_SECOND_MOST = 0.01, 10_000.0
"""The ranges a person may set. Twilio's own ceiling for one account is 2,000 messages a second (its error 63017); X's
slowest documented limit, 50 calls in 15 minutes, is 0.06 a second."""


class BreakerState(StrEnum):
    """Whether an account is called at all."""

    CLOSED = "closed"
    """As usual."""
    OPEN = "open"
    """Not called before ``next_try_at``."""
    HALF_OPEN = "half_open"
    """One call at a time finds out whether it is well again."""


class Why(StrEnum):
    """Why a breaker opened."""

    SILENT = "silent"  # no connection, no answer in time, or answers that are none
    MISCONFIGURED = "misconfigured"  # the provider does not accept our credentials or settings: a person must mend it


class AccountLimit(Base):
    """What a person has said about one account; ``None`` where nothing was said. The same in both modes."""

    __tablename__ = "account_limits"
    __table_args__ = (
        CheckConstraint(f"concurrency BETWEEN 1 AND {CONCURRENCY_MOST}", name="concurrency_in_range"),
        CheckConstraint(f"per_second BETWEEN {PER_SECOND_LEAST} AND {PER_SECOND_MOST:.0f}", name="per_second_in_range"),
        CheckConstraint("standby_for <> account_id", name="stands_by_for_another"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    concurrency: Mapped[int | None]
    """Calls in flight at once, of all processes together."""
    per_second: Mapped[float | None]
    standby_for: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), unique=True)
    """The account whose deliveries this one carries while that one's breaker is open. It gets none of its own."""


class Flow(Base):
    """How one account's traffic flows now, in one mode. A row comes with the account's first call."""

    __tablename__ = "flows"
    __table_args__ = ({"postgresql_with": {"fillfactor": "50"}},)  # one row, written every second: stay on its page

    mode: Mapped[Mode] = mapped_column(words(Mode), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)

    # The breaker
    state: Mapped[BreakerState] = mapped_column(words(BreakerState), server_default=BreakerState.CLOSED.value)
    why: Mapped[Why | None] = mapped_column(words(Why))
    reason: Mapped[str | None] = mapped_column(Text)
    """The last failure, in the adapter's words."""
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The first failure since the last answer."""
    failures: Mapped[int] = mapped_column(server_default="0")
    """In a row, with no answer between."""
    openings: Mapped[int] = mapped_column(server_default="0")
    """In a row, without having been well in between: the wait grows with them."""
    next_try_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    probe_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """A call is finding out; when it is not back by then, its process has gone and another may try."""
    well_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The first of the probes that went well, while the standby still carries the traffic."""
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The last time the provider answered a call."""
    tried_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The last time a call was asked for while nothing was known of the account."""

    # The pace
    held_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The provider asked us to wait until then."""
    concurrency: Mapped[float | None]
    """Learned: as many calls at once as the provider seems to bear."""
    per_second: Mapped[float | None]
    """Learned, the same for the rate."""
    tokens: Mapped[float] = mapped_column(server_default="0")
    tokens_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    usage_per_second: Mapped[float | None]
    """What is left of the provider's allowance, spread over the time until it resets."""
    usage_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    # What came of calls lately, fading with age: breaker and pace are judged by it
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    answered: Mapped[float] = mapped_column(server_default="0")
    throttled: Mapped[float] = mapped_column(server_default="0")
    failed: Mapped[float] = mapped_column(server_default="0")
    halved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    grown_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    # The retry budget of this minute
    minute_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    first_attempts: Mapped[int] = mapped_column(server_default="0")
    retries: Mapped[int] = mapped_column(server_default="0")
    """Those under way and those that failed again: one that was answered is given back."""

    # The standby
    diverted: Mapped[bool] = mapped_column(server_default=text("false"))
    """The standby carries this account's traffic."""
    switched_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """The last time the traffic went over, one way or the other."""
