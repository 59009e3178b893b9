"""stories: retractions, withdrawals, promises that are watched, and the order of a person's messages"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_IN_FLIGHT = "state = 'in_flight'"
_KINDS = ("alert", "update", "correction", "all_clear")


def _allow(*kinds: str) -> None:
    op.drop_constraint(op.f("revisions_kind_check"), "revisions", type_="check")
    op.create_check_constraint(
        op.f("revisions_kind_check"), "revisions", sa.column("kind").in_([sa.literal_column(f"'{k}'") for k in kinds])
    )


def upgrade() -> None:
    _allow(*_KINDS, "retraction")
    op.add_column("messages", sa.Column("retracted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("messages", sa.Column("retracted_by", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("retracted_for", sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revisions", sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "withdrawals",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "calling",
                "checking",
                "done",
                "refused",
                name="withdrawalstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("withdrawals_delivery_id_fkey")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("withdrawals_pkey")),
    )
    op.create_index(
        "withdrawals_due",
        "withdrawals",
        ["mode", "due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'calling', 'checking')"),
    )
    op.drop_index("deliveries_in_flight", table_name="deliveries", postgresql_where=sa.text(_IN_FLIGHT))
    op.create_index(
        "deliveries_in_flight",
        "deliveries",
        [sa.text("coalesce(recipient_id, (- account_id)::bigint)")],
        unique=False,
        postgresql_where=sa.text(_IN_FLIGHT),
    )


def downgrade() -> None:
    op.drop_index("deliveries_in_flight", table_name="deliveries", postgresql_where=sa.text(_IN_FLIGHT))
    op.create_index(
        "deliveries_in_flight",
        "deliveries",
        ["account_id", "recipient_id"],
        unique=False,
        postgresql_where=sa.text(_IN_FLIGHT),
    )
    op.drop_table("withdrawals")
    op.drop_column("revisions", "missed_at")
    op.drop_column("revisions", "warned_at")
    op.drop_column("messages", "retracted_for")
    op.drop_column("messages", "retracted_by")
    op.drop_column("messages", "retracted_at")
    _allow(*_KINDS)
