"""appointments: who was given the right to send, until a director has seen it"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ROLES = (
    *("director", "editor", "unit", "switchboard", "spokesperson", "logkeeper", "preparedness", "auditor", "admin"),
    "operator",
)
GIVEN = ("added", "changed", "reset", "enabled", "provider")


def _one_of(words: Sequence[str], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", _one_of(ROLES, "role"), nullable=False),
        sa.Column("given", _one_of(GIVEN, "given"), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("appointments_user_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("appointments_pkey")),
    )
    op.create_index(op.f("appointments_user_id_idx"), "appointments", ["user_id"])
    op.create_index("appointments_waiting", "appointments", ["id"], postgresql_where=sa.text("acknowledged_at IS NULL"))


def downgrade() -> None:
    op.drop_table("appointments")
