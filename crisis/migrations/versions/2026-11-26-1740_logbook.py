"""logbook: notes that people write during an activation, and who has read which message"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MODES = ("actual", "exercise")
PARTIES = ("switchboard", "employees", "spokesperson", "unit", "staff")
ROLES = (
    "director",
    "editor",
    "unit",
    "switchboard",
    "spokesperson",
    "logkeeper",
    "preparedness",
    "auditor",
    "admin",
    "operator",
)


def _one_of(words: Sequence[str], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    now = sa.text("now()")
    op.create_table(
        "log_notes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of(MODES, "mode"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("once", sa.Uuid(), nullable=True),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("role", _one_of(ROLES, "role"), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("log_notes_activation_id_fkey")),
        sa.ForeignKeyConstraint(["corrects_id"], ["log_notes.id"], name=op.f("log_notes_corrects_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("log_notes_pkey")),
        sa.UniqueConstraint("once", name=op.f("log_notes_once_key")),
    )
    op.create_index(op.f("log_notes_activation_id_idx"), "log_notes", ["activation_id"], unique=False)
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of(MODES, "mode"), nullable=False),
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("party", _one_of(PARTIES, "party"), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("role", _one_of(ROLES, "role"), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("acknowledgements_revision_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("acknowledgements_pkey")),
        sa.UniqueConstraint("revision_id", "party", "by", name=op.f("acknowledgements_revision_id_party_by_key")),
    )
    for table in ("log_notes", "acknowledgements"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("acknowledgements")
    op.drop_table("log_notes")
