"""second looks at public posts, and a count of lost senders"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_IN_PUBLIC = "lane = 'public' AND state IN ('accepted', 'sent', 'delivered')"


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "sight",
            sa.Enum(
                "waiting",
                "seen",
                "not_seen",
                "gone",
                "replaced",
                name="sight",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("looks", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("looks_delivery_id_fkey")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("looks_pkey")),
    )
    op.create_index(
        "looks_due", "looks", ["mode", "due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.add_column("deliveries", sa.Column("crashes", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_index(
        "deliveries_in_public",
        "deliveries",
        ["mode", "started_at"],
        unique=False,
        postgresql_where=sa.text(_IN_PUBLIC),
    )


def downgrade() -> None:
    op.drop_index("deliveries_in_public", table_name="deliveries", postgresql_where=sa.text(_IN_PUBLIC))
    op.drop_column("deliveries", "crashes")
    op.drop_index("looks_due", table_name="looks", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("looks")
