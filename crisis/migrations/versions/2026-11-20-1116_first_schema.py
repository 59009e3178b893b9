"""first schema"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("leader", sa.Text(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("what", sa.Text(), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("audience", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "state",
            sa.Enum("active", "closed", name="accountstate", native_enum=False, create_constraint=True, length=20),
            server_default="active",
            nullable=False,
        ),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("credentials", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_pkey")),
        sa.UniqueConstraint("channel", "name", "unit", name="accounts_channel_name_unit_key"),
    )
    op.create_index(op.f("accounts_unit_idx"), "accounts", ["unit"], unique=False)
    op.create_table(
        "activations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "locking",
                "confirmed",
                "stood_down",
                name="activationstate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("activated_by", sa.Text(), nullable=False),
        sa.Column(
            "activated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stood_down_by", sa.Text(), nullable=True),
        sa.Column("stood_down_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("activations_pkey")),
    )
    op.create_index(
        "activations_one_per_mode",
        "activations",
        ["mode"],
        unique=True,
        postgresql_where=sa.text("state <> 'stood_down'"),
    )
    op.create_table(
        "audiences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audiences_pkey")),
        sa.UniqueConstraint("name", name=op.f("audiences_name_key")),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("action", sa.Text(), sa.Computed("(record::jsonb ->> 'action')", persisted=True), nullable=False),
        sa.Column("mode", sa.Text(), sa.Computed("(record::jsonb ->> 'mode')", persisted=True), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("audit_pkey")),
    )
    op.create_index(op.f("audit_action_idx"), "audit", ["action"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_head_pkey")),
    )
    op.create_table(
        "gate",
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum("open", "locked", name="gatestate", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("mode", name=op.f("gate_pkey")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("idempotency_keys_pkey")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "received_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("receipts_pkey")),
        sa.UniqueConstraint("mode", "channel", "reference", "status", name="receipts_once"),
    )
    op.create_index(
        "receipts_waiting", "receipts", ["received_at"], unique=False, postgresql_where=sa.text("applied_at IS NULL")
    )
    op.create_table(
        "recipients",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("last_two", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("recipients_pkey")),
        sa.UniqueConstraint("fingerprint", name=op.f("recipients_fingerprint_key")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "director",
                "editor",
                "unit",
                "auditor",
                "admin",
                "operator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("tokens_pkey")),
        sa.UniqueConstraint("digest", name=op.f("tokens_digest_key")),
    )
    op.create_table(
        "memberships",
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audiences.id"], name=op.f("memberships_audience_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("memberships_recipient_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("audience_id", "recipient_id", name=op.f("memberships_pkey")),
    )
    op.create_index("memberships_recipient_id_idx", "memberships", ["recipient_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("messages_activation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("messages_pkey")),
    )
    op.create_index(op.f("messages_activation_id_idx"), "messages", ["activation_id"], unique=False)
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("publish_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("posts_account_id_fkey")),
        sa.ForeignKeyConstraint(["audience_id"], ["audiences.id"], name=op.f("posts_audience_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("posts_pkey")),
    )
    op.create_index(op.f("posts_account_id_idx"), "posts", ["account_id"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "alert",
                "update",
                "correction",
                "all_clear",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("contents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("audience_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("draft", "approved", name="revisionstate", native_enum=False, create_constraint=True, length=20),
            server_default="draft",
            nullable=False,
        ),
        sa.Column("saves", sa.Integer(), server_default="1", nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["audience_id"], ["audiences.id"], name=op.f("revisions_audience_id_fkey")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("revisions_message_id_fkey")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["revisions.id"], name=op.f("revisions_supersedes_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("revisions_pkey")),
        sa.UniqueConstraint("message_id", "number", name="revisions_message_id_number_key"),
    )
    op.create_table(
        "renditions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("revision_id", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(revision_id IS NULL) <> (post_id IS NULL)", name=op.f("renditions_of_a_revision_or_a_post_check")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("renditions_post_id_fkey")),
        sa.ForeignKeyConstraint(["revision_id"], ["revisions.id"], name=op.f("renditions_revision_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("renditions_pkey")),
        sa.UniqueConstraint("id", "mode", name="renditions_id_mode_key"),
        sa.UniqueConstraint("revision_id", "channel", "language", name="renditions_revision_id_channel_language_key"),
    )
    op.create_index("renditions_post_id_idx", "renditions", ["post_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "lane",
            sa.Enum("public", "sms", "unit", name="lane", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("rendition_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "ready",
                "leased",
                "in_flight",
                "retry_wait",
                "unknown",
                "unknown_final",
                "accepted",
                "sent",
                "delivered",
                "undelivered",
                "expired",
                "rejected",
                "blocked",
                "cancelled",
                "dead",
                name="deliverystate",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            server_default="ready",
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("looks", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("repeated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("deliveries_account_id_fkey")),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("deliveries_recipient_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["rendition_id", "mode"], ["renditions.id", "renditions.mode"], name="deliveries_rendition_id_mode_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("deliveries_pkey")),
        sa.UniqueConstraint(
            "recipient_id", "rendition_id", "account_id", name="deliveries_once", postgresql_nulls_not_distinct=True
        ),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["mode", "lane", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('ready', 'retry_wait')"),
    )
    op.create_index(
        "deliveries_held",
        "deliveries",
        ["mode", "lane", "lease_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('leased', 'in_flight')"),
    )
    op.create_index(
        "deliveries_in_flight",
        "deliveries",
        ["account_id", "recipient_id"],
        unique=False,
        postgresql_where=sa.text("state = 'in_flight'"),
    )
    op.create_index(
        "deliveries_reference",
        "deliveries",
        ["reference"],
        unique=False,
        postgresql_where=sa.text("reference IS NOT NULL AND recipient_id IS NULL"),
    )
    op.create_index(
        "deliveries_unknown",
        "deliveries",
        ["mode", "lane", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'unknown'"),
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("attempts_delivery_id_fkey")),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("attempts_pkey")),
    )
    op.create_table(
        "permits",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pid_started", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("permits_delivery_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("permits_pkey")),
    )
    op.create_index("permits_open", "permits", ["mode"], unique=False, postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "sweeps",
        sa.Column(
            "mode",
            sa.Enum("actual", "exercise", name="mode", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("swept_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("mode", name=op.f("sweeps_pkey")),
    )
    op.execute("INSERT INTO sweeps (mode) VALUES ('actual'), ('exercise')")
    op.execute("INSERT INTO gate (mode, state, epoch) VALUES ('actual', 'open', 0), ('exercise', 'open', 0)")
    op.execute("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'))")
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute("CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    op.drop_table("sweeps")
    op.drop_index("permits_open", table_name="permits", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("permits")
    op.drop_table("attempts")
    op.drop_index("deliveries_unknown", table_name="deliveries", postgresql_where=sa.text("state = 'unknown'"))
    op.drop_index(
        "deliveries_reference",
        table_name="deliveries",
        postgresql_where=sa.text("reference IS NOT NULL AND recipient_id IS NULL"),
    )
    op.drop_index("deliveries_in_flight", table_name="deliveries", postgresql_where=sa.text("state = 'in_flight'"))
    op.drop_index(
        "deliveries_held", table_name="deliveries", postgresql_where=sa.text("state IN ('leased', 'in_flight')")
    )
    op.drop_index(
        "deliveries_due", table_name="deliveries", postgresql_where=sa.text("state IN ('ready', 'retry_wait')")
    )
    op.drop_table("deliveries")
    op.drop_index("renditions_post_id_idx", table_name="renditions")
    op.drop_table("renditions")
    op.drop_table("revisions")
    op.drop_index(op.f("posts_account_id_idx"), table_name="posts")
    op.drop_table("posts")
    op.drop_index(op.f("messages_activation_id_idx"), table_name="messages")
    op.drop_table("messages")
    op.drop_index("memberships_recipient_id_idx", table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("tokens")
    op.drop_table("recipients")
    op.drop_index("receipts_waiting", table_name="receipts", postgresql_where=sa.text("applied_at IS NULL"))
    op.drop_table("receipts")
    op.drop_table("idempotency_keys")
    op.drop_table("gate")
    op.drop_table("audit_head")
    op.drop_index(op.f("audit_action_idx"), table_name="audit")
    op.drop_table("audit")
    op.drop_table("audiences")
    op.drop_index(
        "activations_one_per_mode", table_name="activations", postgresql_where=sa.text("state <> 'stood_down'")
    )
    op.drop_table("activations")
    op.drop_index(op.f("accounts_unit_idx"), table_name="accounts")
    op.drop_table("accounts")
    op.execute("DROP FUNCTION refuse_change")
