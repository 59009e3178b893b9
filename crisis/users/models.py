"""Nine tables: users, their passkeys, sessions and devices; break-glass codes; appointments; sign-ins under way, and failed ones;
kept forms.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from crisis.db import Base, words
from crisis.roles import Actor, Role


class How(StrEnum):
    """How somebody showed who they are."""

    PASSWORD = "password"  # noqa: S105 - a word, with a one-time code behind it
    PASSKEY = "passkey"
    OIDC = "oidc"
    BREAK_GLASS = "break_glass"
    DEMO = "demo"


class Rite(StrEnum):
    """What a browser has begun and must come back to, once."""

    CODE = "code"  # the password was right; the one-time code is asked for
    PASSKEY = "passkey"  # signing in, or showing a factor again
    ADD_PASSKEY = "add_passkey"
    ADD_TOTP = "add_totp"  # the QR code is shown; its first code is asked for
    OIDC = "oidc"


class Given(StrEnum):
    """How somebody came to be able to act in a role that sends."""

    ADDED = "added"
    CHANGED = "changed"
    RESET = "reset"  # a new link to choose how to sign in, which whoever made it holds too
    ENABLED = "enabled"
    PROVIDER = "provider"  # the identity provider says so


class User(Base):
    """A person, with a login of ours, or known to the identity provider as ``subject``, or both."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str | None] = mapped_column(Text, unique=True)
    """In small letters. None for somebody who comes by the identity provider alone."""
    name: Mapped[str] = mapped_column(Text)
    """Goes on record as the actor."""
    role: Mapped[Role] = mapped_column(words(Role))
    unit: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text, server_default="nb")
    password: Mapped[str | None] = mapped_column(Text)
    """Its argon2id hash, with its parameters and salt."""
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The one-time codes' secret, sealed with the credentials key for ``user:<id>``."""
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    """The step of the last code that was taken. Neither it nor an earlier one is taken again."""
    issuer: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(Text)
    enrolment: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the enrolment link's secret, while there is one."""
    enrolment_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @property
    def actor(self) -> Actor:
        """Who acts when this person does."""
        return Actor(self.name, self.role, self.unit)


class Passkey(Base):
    """A WebAuthn credential: its public key, and the counter that shows when it was copied."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    """The device, in its owner's words."""
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BreakGlassCode(Base):
    """A printed code for when nothing else works. Its row says who used it and why, and who has seen that."""

    __tablename__ = "break_glass_codes"
    __table_args__ = (
        Index(
            "break_glass_codes_alarms",
            "used_at",
            postgresql_where=text("used_at IS NOT NULL AND acknowledged_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Role] = mapped_column(words(Role))
    digest: Mapped[str] = mapped_column(Text)
    """Its argon2id hash."""
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    used_by: Mapped[str | None] = mapped_column(Text)
    """The name that was given with it. Nobody has proved it: that is what is loud about it."""
    reason: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[str | None] = mapped_column(Text)


class Appointment(Base):
    """Somebody was given a role that sends, or a new way to sign in with it; and which director has seen that."""

    __tablename__ = "appointments"
    __table_args__ = (Index("appointments_waiting", "id", postgresql_where=text("acknowledged_at IS NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Text)
    """Whose it is, as they were called then."""
    role: Mapped[Role] = mapped_column(words(Role))
    given: Mapped[Given] = mapped_column(words(Given))
    by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[str | None] = mapped_column(Text)


class Session(Base):
    """Somebody signed in with one browser. Only the SHA-256 of the cookie's secret is kept."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str | None] = mapped_column(Text)
    """Who acts, where no user is behind it: break-glass and demo. Otherwise the user's row says, at every request anew."""
    role: Mapped[Role | None] = mapped_column(words(Role))
    unit: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    how: Mapped[How] = mapped_column(words(How))
    agent: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    factor_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    """When a factor was last shown: what step-up asks about."""


class Device(Base):
    """A browser that a person has signed in with before: somebody else's failures on the same login do not hold it up."""

    __tablename__ = "devices"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    last_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Ceremony(Base):
    """A sign-in under way: what the browser must come back with, once, before it expires."""

    __tablename__ = "ceremonies"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    rite: Mapped[Rite] = mapped_column(words(Rite))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    held: Mapped[dict[str, Any]] = mapped_column(JSONB)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class Attempts(Base):
    """Failed sign-ins in a row, under one login, from one address or from one known device; and when the next may be made."""

    __tablename__ = "attempts_to_sign_in"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of whose they are: people type passwords where the login belongs."""
    failures: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)


class KeptForm(Base):
    """A form that came after its session had ended, until the same person is back. Never a password, never a file."""

    __tablename__ = "kept_forms"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the browser's secret."""
    whose: Mapped[str] = mapped_column(Text, index=True)
    """The mark that the form carried: the same for all of one person's, and meaningless without the key."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Where it was sent and its fields, as JSON, sealed with the credentials key for ``digest``."""
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
