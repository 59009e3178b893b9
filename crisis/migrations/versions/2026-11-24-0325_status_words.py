"""words of providers that we do not know"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("word", sa.Text(), nullable=True))
    op.drop_constraint("receipts_once", "receipts", type_="unique")
    op.create_unique_constraint(
        "receipts_once",
        "receipts",
        ["mode", "channel", "reference", "status", "word"],
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "receipts_words", "receipts", ["delivery_id"], unique=False, postgresql_where=sa.text("word IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("receipts_words", table_name="receipts", postgresql_where=sa.text("word IS NOT NULL"))
    op.execute("DELETE FROM receipts WHERE word IS NOT NULL")
    op.drop_constraint("receipts_once", "receipts", type_="unique")
    op.create_unique_constraint("receipts_once", "receipts", ["mode", "channel", "reference", "status"])
    op.drop_column("receipts", "word")
