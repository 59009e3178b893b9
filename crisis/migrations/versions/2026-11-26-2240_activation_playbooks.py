"""activation playbooks: the plan that an activation was set with, as it was then"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("activations", sa.Column("playbook_id", sa.Text(), nullable=True))
    op.create_table(
        "activation_playbooks",
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activation_id"], ["activations.id"], name=op.f("activation_playbooks_activation_id_fkey")
        ),
        sa.PrimaryKeyConstraint("activation_id", name=op.f("activation_playbooks_pkey")),
    )


def downgrade() -> None:
    op.drop_table("activation_playbooks")
    op.drop_column("activations", "playbook_id")
