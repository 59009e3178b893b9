"""drills: the runs of playbooks, what became of each part of them, and what is to be better next time"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


APPEND_ONLY = ("drill_clock", "drill_inject_sights", "drill_observations", "drill_answers", "report_remarks")


def _one_of(words: Sequence[str], name: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    now = sa.text("clock_timestamp()")
    op.create_table(
        "drills",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("playbook_id", sa.Text(), nullable=False),
        sa.Column("playbook_version", sa.Text(), nullable=False),
        sa.Column("playbook_sha256", sa.Text(), nullable=False),
        sa.Column("playbook", postgresql.JSONB(), nullable=False),
        sa.Column(
            "state", _one_of(("running", "paused", "ended", "stopped", "interrupted"), "drillstate"), nullable=False
        ),
        sa.Column("activation_id", sa.Integer(), nullable=True),
        sa.Column("autoplay", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("glass_word", sa.Text(), nullable=False),
        sa.Column("began_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("conducted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("drills_activation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("drills_pkey")),
        sa.UniqueConstraint("activation_id", name=op.f("drills_activation_id_key")),
    )
    op.create_index(
        "drills_one_at_a_time",
        "drills",
        [sa.literal_column("(true)")],
        unique=True,
        postgresql_where=sa.text("state IN ('running', 'paused')"),
    )
    op.create_table(
        "drill_answers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("once", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("drill_answers_drill_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("drill_answers_pkey")),
        sa.UniqueConstraint("once", name=op.f("drill_answers_once_key")),
    )
    op.create_index(op.f("drill_answers_drill_id_idx"), "drill_answers", ["drill_id"], unique=False)
    op.create_table(
        "drill_clock",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("elapsed", sa.Float(precision=53), nullable=False),
        sa.Column("speed", sa.Float(precision=53), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("drill_clock_drill_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("drill_clock_pkey")),
    )
    op.create_index(op.f("drill_clock_drill_id_idx"), "drill_clock", ["drill_id"], unique=False)
    op.create_table(
        "drill_expectations",
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _one_of(("waiting", "running", "met", "missed", "late", "void"), "expectationstate"),
            server_default="waiting",
            nullable=False,
        ),
        sa.Column("begun_elapsed", sa.Float(precision=53), nullable=True),
        sa.Column("due_elapsed", sa.Float(precision=53), nullable=True),
        sa.Column("done_elapsed", sa.Float(precision=53), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", postgresql.JSONB(), nullable=True),
        sa.Column("judged_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("drill_expectations_drill_id_fkey")),
        sa.PrimaryKeyConstraint("drill_id", "key", name=op.f("drill_expectations_pkey")),
    )
    op.create_table(
        "drill_inject_sights",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("drill_inject_sights_drill_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("drill_inject_sights_pkey")),
        sa.UniqueConstraint("drill_id", "key", "by", name=op.f("drill_inject_sights_drill_id_key_by_key")),
    )
    op.create_table(
        "drill_injects",
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "state", _one_of(("waiting", "fired", "skipped"), "injectstate"), server_default="waiting", nullable=False
        ),
        sa.Column("due_elapsed", sa.Float(precision=53), nullable=True),
        sa.Column("decided_elapsed", sa.Float(precision=53), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("drill_injects_drill_id_fkey")),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("drill_injects_post_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("drill_id", "key", name=op.f("drill_injects_pkey")),
    )
    op.create_table(
        "drill_observations",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("objective", sa.Text(), nullable=True),
        sa.Column("once", sa.Uuid(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("elapsed", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("drill_observations_drill_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("drill_observations_pkey")),
        sa.UniqueConstraint("once", name=op.f("drill_observations_once_key")),
    )
    op.create_index(op.f("drill_observations_drill_id_idx"), "drill_observations", ["drill_id"], unique=False)
    op.create_table(
        "drill_players",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("drill_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("playing", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("through_glass", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("drill_players_drill_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("drill_players_pkey")),
    )
    op.create_index(
        "drill_players_once",
        "drill_players",
        ["drill_id", "name", "part"],
        unique=True,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "improvements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", _one_of(("actual", "exercise"), "mode"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=True),
        sa.Column("drill_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column(
            "state", _one_of(("open", "done", "dropped"), "improvementstate"), server_default="open", nullable=False
        ),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("improvements_activation_id_fkey")),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("improvements_drill_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("improvements_pkey")),
    )
    op.create_index(op.f("improvements_activation_id_idx"), "improvements", ["activation_id"], unique=False)
    op.create_index(op.f("improvements_drill_id_idx"), "improvements", ["drill_id"], unique=False)
    op.create_table(
        "report_remarks",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of(("actual", "exercise"), "mode"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=True),
        sa.Column("drill_id", sa.Integer(), nullable=True),
        sa.Column("verdict", _one_of(("went_well", "must_change"), "verdict"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("once", sa.Uuid(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("report_remarks_activation_id_fkey")),
        sa.ForeignKeyConstraint(["drill_id"], ["drills.id"], name=op.f("report_remarks_drill_id_fkey")),
        sa.ForeignKeyConstraint(["replaces_id"], ["report_remarks.id"], name=op.f("report_remarks_replaces_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("report_remarks_pkey")),
        sa.UniqueConstraint("once", name=op.f("report_remarks_once_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("report_remarks_replaces_id_key")),
    )
    op.create_index(op.f("report_remarks_activation_id_idx"), "report_remarks", ["activation_id"], unique=False)
    op.create_index(op.f("report_remarks_drill_id_idx"), "report_remarks", ["drill_id"], unique=False)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in (
        "report_remarks",
        "improvements",
        "drill_answers",
        "drill_observations",
        "drill_inject_sights",
        "drill_players",
        "drill_expectations",
        "drill_injects",
        "drill_clock",
        "drills",
    ):
        op.drop_table(table)
