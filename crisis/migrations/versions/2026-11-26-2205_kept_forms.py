"""kept forms: what somebody had typed when their session ended"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "kept_forms",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("kept_forms_pkey")),
    )
    op.create_index(op.f("kept_forms_whose_idx"), "kept_forms", ["whose"])
    op.create_index(op.f("kept_forms_expires_at_idx"), "kept_forms", ["expires_at"])


def downgrade() -> None:
    op.drop_table("kept_forms")
