"""attempts without a foreign key: nothing that has attempts is ever deleted, and the check was a third of the database's work"""

from collections.abc import Sequence

from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_constraint(op.f("attempts_delivery_id_fkey"), "attempts", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(op.f("attempts_delivery_id_fkey"), "attempts", "deliveries", ["delivery_id"], ["id"])
