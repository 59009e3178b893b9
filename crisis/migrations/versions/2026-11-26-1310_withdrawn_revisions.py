"""remember which revisions were withdrawn: what was in flight then must not be tried again"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revisions", sa.Column("withdrawn_by", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("revisions", "withdrawn_by")
    op.drop_column("revisions", "withdrawn_at")
