"""let a broadcast outlive any number of its recipients: what was sent to the erased stays, without them"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = ["recipient_id", "rendition_id", "account_id"]
_IN_PUBLIC = "lane = 'public'"


def upgrade() -> None:
    op.drop_constraint("deliveries_once", "deliveries", type_="unique")
    op.create_unique_constraint("deliveries_once", "deliveries", _COLUMNS)
    op.create_index(
        "deliveries_once_in_public",
        "deliveries",
        ["rendition_id", "account_id"],
        unique=True,
        postgresql_where=sa.text(_IN_PUBLIC),
    )


def downgrade() -> None:
    op.drop_index("deliveries_once_in_public", table_name="deliveries", postgresql_where=sa.text(_IN_PUBLIC))
    op.drop_constraint("deliveries_once", "deliveries", type_="unique")
    op.create_unique_constraint("deliveries_once", "deliveries", _COLUMNS, postgresql_nulls_not_distinct=True)
