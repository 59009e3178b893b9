"""imports: files on their way into lists of recipients, and what became of them"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STATES = ("reading", "done", "failed")


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("replace", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="importstate", native_enum=False, create_constraint=True, length=20),
            server_default="reading",
            nullable=False,
        ),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("size_read", sa.BigInteger(), server_default="0", nullable=False),
        *(
            sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            for name in ("read", "added", "duplicates", "rejected")
        ),
        sa.Column("rejected_lines", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("unread_columns", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("problem", postgresql.JSONB(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("imports_pkey")),
    )


def downgrade() -> None:
    op.drop_table("imports")
