"""drafts under way: unfinished text saved language by language, who is writing, and release by a second person"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def _allow(*states: str) -> None:
    op.drop_constraint(op.f("revisions_revisionstate_check"), "revisions", type_="check")
    op.create_check_constraint(
        op.f("revisions_revisionstate_check"),
        "revisions",
        sa.column("state").in_([sa.literal_column(f"'{state}'") for state in states]),
    )


def upgrade() -> None:
    _allow("draft", "waiting", "returned", "approved")
    op.add_column("messages", sa.Column("hazard", sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("channels", postgresql.JSONB(), nullable=True))
    for name, empty in {"part_saves": "{}", "authors": "[]", "left_out": "{}"}.items():
        op.add_column("revisions", sa.Column(name, postgresql.JSONB(), server_default=empty, nullable=False))
    op.execute("UPDATE revisions SET authors = jsonb_build_array(written_by)")
    op.add_column("revisions", sa.Column("submitted_by", sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revisions", sa.Column("returned_by", sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revisions", sa.Column("returned_for", sa.Text(), nullable=True))
    op.create_table(
        "presences",
        sa.Column("revision_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revisions.id"], name=op.f("presences_revision_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("revision_id", "name", name=op.f("presences_pkey")),
    )


def downgrade() -> None:
    op.drop_table("presences")
    op.execute("UPDATE revisions SET state = 'draft' WHERE state IN ('waiting', 'returned')")
    for name in (
        "returned_for", "returned_at", "returned_by", "submitted_at", "submitted_by", "left_out", "authors", "part_saves",
        "channels",
    ):  # fmt: skip
        op.drop_column("revisions", name)
    op.drop_column("messages", "hazard")
    _allow("draft", "approved")
