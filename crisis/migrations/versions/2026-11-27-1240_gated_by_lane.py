"""gated by lane: a column that inserts state and a check holds, instead of one that PostgreSQL generates"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_KEY = "deliveries_rendition_id_mode_gated_fkey"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ALTER COLUMN gated DROP EXPRESSION, ALTER COLUMN gated SET DEFAULT false")
    op.create_check_constraint("gated", "deliveries", "gated = (lane = 'unit')")


def downgrade() -> None:
    op.drop_column("deliveries", "gated")  # with the key and the check that are on it
    op.add_column(
        "deliveries", sa.Column("gated", sa.Boolean(), sa.Computed("lane = 'unit'", persisted=True), nullable=False)
    )
    op.create_foreign_key(_KEY, "deliveries", "renditions", ["rendition_id", "mode", "gated"], ["id", "mode", "gated"])
