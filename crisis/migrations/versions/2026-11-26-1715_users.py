"""users: who may sign in and how, their sessions, break-glass codes, and roles for everybody on the crisis staff"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BEFORE = ("director", "editor", "unit", "auditor", "admin", "operator")
ROLES = (
    "director",
    "editor",
    "unit",
    "switchboard",
    "spokesperson",
    "logkeeper",
    "preparedness",
    "auditor",
    "admin",
    "operator",
)


def _role() -> sa.Enum:
    return sa.Enum(*ROLES, name="role", native_enum=False, create_constraint=True, length=20)


def _allow_tokens(roles: Sequence[str]) -> None:
    op.drop_constraint(op.f("tokens_role_check"), "tokens", type_="check")
    op.create_check_constraint(
        op.f("tokens_role_check"), "tokens", sa.column("role").in_([sa.literal_column(f"'{role}'") for role in roles])
    )


def upgrade() -> None:
    _allow_tokens(ROLES)
    op.create_table(
        "attempts_to_sign_in",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("attempts_to_sign_in_pkey")),
    )
    op.create_index(op.f("attempts_to_sign_in_changed_at_idx"), "attempts_to_sign_in", ["changed_at"], unique=False)
    op.create_table(
        "break_glass_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", _role(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("break_glass_codes_pkey")),
    )
    op.create_index(
        "break_glass_codes_alarms",
        "break_glass_codes",
        ["used_at"],
        unique=False,
        postgresql_where=sa.text("used_at IS NOT NULL AND acknowledged_at IS NULL"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", _role(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="nb", nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("enrolment", sa.LargeBinary(), nullable=True),
        sa.Column("enrolment_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("users_pkey")),
        sa.UniqueConstraint("enrolment", name=op.f("users_enrolment_key")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("users_issuer_subject_key")),
        sa.UniqueConstraint("login", name=op.f("users_login_key")),
    )
    op.create_table(
        "ceremonies",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column(
            "rite",
            sa.Enum(
                "code",
                "passkey",
                "add_passkey",
                "add_totp",
                "oidc",
                name="rite",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("held", postgresql.JSONB(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("ceremonies_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("ceremonies_pkey")),
    )
    op.create_index(op.f("ceremonies_expires_at_idx"), "ceremonies", ["expires_at"], unique=False)
    op.create_table(
        "devices",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("devices_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("devices_pkey")),
    )
    op.create_index(op.f("devices_user_id_idx"), "devices", ["user_id"], unique=False)
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("passkeys_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("passkeys_pkey")),
        sa.UniqueConstraint("credential_id", name=op.f("passkeys_credential_id_key")),
    )
    op.create_index(op.f("passkeys_user_id_idx"), "passkeys", ["user_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("role", _role(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column(
            "how",
            sa.Enum(
                "password",
                "passkey",
                "oidc",
                "break_glass",
                "demo",
                name="how",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("factor_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("sessions_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("sessions_pkey")),
        sa.UniqueConstraint("digest", name=op.f("sessions_digest_key")),
    )
    op.create_index(op.f("sessions_user_id_idx"), "sessions", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("sessions")
    op.drop_table("passkeys")
    op.drop_table("devices")
    op.drop_table("ceremonies")
    op.drop_table("users")
    op.drop_table("break_glass_codes")
    op.drop_table("attempts_to_sign_in")
    new = ", ".join(f"'{role}'" for role in set(ROLES) - set(BEFORE))
    op.execute(f"DELETE FROM tokens WHERE role IN ({new})")  # noqa: S608 - the words stand above
    _allow_tokens(BEFORE)
