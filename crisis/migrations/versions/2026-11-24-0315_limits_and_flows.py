"""limits and flows"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_MOMENTS = (
    "failing_since", "next_try_at", "probe_until", "well_since", "answered_at", "tried_at", "held_until", "tokens_at",
    "usage_until", "seen_at", "halved_at", "grown_at", "minute_at", "switched_at",
)  # fmt: skip
_COUNTS = ("failures", "openings", "first_attempts", "retries")
_FADING = ("answered", "throttled", "failed", "tokens")


def _words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    op.create_table(
        "account_limits",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=True),
        sa.Column("per_second", sa.Float(), nullable=True),
        sa.Column("standby_for", sa.Integer(), nullable=True),
        sa.CheckConstraint("concurrency BETWEEN 1 AND 10000", name=op.f("account_limits_concurrency_in_range_check")),
        sa.CheckConstraint("per_second BETWEEN 0.01 AND 10000", name=op.f("account_limits_per_second_in_range_check")),
        sa.CheckConstraint("standby_for <> account_id", name=op.f("account_limits_stands_by_for_another_check")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("account_limits_account_id_fkey")),
        sa.ForeignKeyConstraint(["standby_for"], ["accounts.id"], name=op.f("account_limits_standby_for_fkey")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("account_limits_pkey")),
        sa.UniqueConstraint("standby_for", name=op.f("account_limits_standby_for_key")),
    )
    op.create_table(
        "flows",
        sa.Column("mode", _words("mode", "actual", "exercise"), nullable=False),
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "state", _words("breakerstate", "closed", "open", "half_open"), server_default="closed", nullable=False
        ),
        sa.Column("why", _words("why", "silent", "misconfigured"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in _MOMENTS),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in _COUNTS),
        sa.Column("concurrency", sa.Float(), nullable=True),
        sa.Column("per_second", sa.Float(), nullable=True),
        sa.Column("usage_per_second", sa.Float(), nullable=True),
        *(sa.Column(name, sa.Float(), server_default="0", nullable=False) for name in _FADING),
        sa.Column("diverted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("flows_account_id_fkey")),
        sa.PrimaryKeyConstraint("mode", "account_id", name=op.f("flows_pkey")),
        postgresql_with={"fillfactor": "50"},
    )
    op.add_column("deliveries", sa.Column("moved_from", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("deliveries_moved_from_fkey"), "deliveries", "accounts", ["moved_from"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("deliveries_moved_from_fkey"), "deliveries", type_="foreignkey")
    op.drop_column("deliveries", "moved_from")
    op.drop_table("flows")
    op.drop_table("account_limits")
