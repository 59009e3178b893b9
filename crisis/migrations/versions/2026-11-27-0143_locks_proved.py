"""locks proved: levers, watches, schedules, notifications and pointers"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


# A unit's own words may start only through the gate; a pointer's are the web editors', whatever account carries them.
_GATED = "post_id IS NOT NULL AND pointer_id IS NULL"


def _one_of(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    op.create_table(
        "breaches",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "state",
            _one_of("breachstate", "open", "contacted", "taken_down", "accepted"),
            server_default="open",
            nullable=False,
        ),
        sa.Column("handled_by", sa.Text(), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("breaches_account_id_fkey")),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("breaches_activation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("breaches_pkey")),
        sa.UniqueConstraint("activation_id", "account_id", "reference", name="breaches_once"),
    )
    op.create_index(op.f("breaches_account_id_idx"), "breaches", ["account_id"])
    op.create_index("breaches_open", "breaches", ["mode"], postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("part", _one_of("part", "leader", "deputy", "editor"), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipients.id"], name=op.f("contacts_recipient_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("contacts_pkey")),
    )
    op.create_index(
        "contacts_once", "contacts", ["unit", "name"], unique=True, postgresql_where=sa.text("removed_at IS NULL")
    )
    op.create_index(op.f("contacts_recipient_id_idx"), "contacts", ["recipient_id"])
    op.create_table(
        "levers",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            _one_of(
                "leverstate",
                "wanted",
                "pulling",
                "pulled",
                "incomplete",
                "failed",
                "absent",
                "restoring",
                "restored",
                "by_hand",
            ),
            server_default="wanted",
            nullable=False,
        ),
        sa.Column("saved", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("held_back", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pulled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("levers_account_id_fkey")),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("levers_activation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("levers_pkey")),
        sa.UniqueConstraint("activation_id", "account_id", name="levers_activation_id_account_id_key"),
    )
    op.create_index(op.f("levers_account_id_idx"), "levers", ["account_id"])
    op.create_index(
        "levers_due",
        "levers",
        ["mode", "due_at"],
        postgresql_where=sa.text("state <> 'restored'"),
    )
    op.create_table(
        "pointers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("pointers_activation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pointers_pkey")),
        sa.UniqueConstraint("id", "mode", "text", name="pointers_id_mode_text_key"),
    )
    op.create_index(
        "pointers_one", "pointers", ["activation_id"], unique=True, postgresql_where=sa.text("withdrawn_at IS NULL")
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("is_absent", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("schedules_account_id_fkey")),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("schedules_activation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("schedules_pkey")),
        sa.UniqueConstraint("activation_id", "account_id", name="schedules_activation_id_account_id_key"),
    )
    op.create_index(op.f("schedules_account_id_idx"), "schedules", ["account_id"])
    op.create_index("schedules_due", "schedules", ["mode", "next_at"])
    op.create_table(
        "watches",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("is_absent", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("watches_account_id_fkey")),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("watches_activation_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("watches_pkey")),
        sa.UniqueConstraint("activation_id", "account_id", name="watches_activation_id_account_id_key"),
    )
    op.create_index(op.f("watches_account_id_idx"), "watches", ["account_id"])
    op.create_index("watches_due", "watches", ["mode", "next_at"])
    op.create_table(
        "planned_posts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            _one_of("plannedstate", "found", "unscheduled", "left", "gone"),
            server_default="found",
            nullable=False,
        ),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("planned_posts_account_id_fkey")),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("planned_posts_activation_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("planned_posts_post_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("planned_posts_pkey")),
        sa.UniqueConstraint("activation_id", "account_id", "reference", name="planned_posts_once"),
    )
    op.create_index(op.f("planned_posts_account_id_idx"), "planned_posts", ["account_id"])
    op.create_table(
        "notifications",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            _one_of("notificationkind", "lock", "reminder", "escalation", "breach", "planned", "release"),
            nullable=False,
        ),
        sa.Column("breach_id", sa.BigInteger(), nullable=True),
        sa.Column("planned_post_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_way", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("notifications_activation_id_fkey")),
        sa.ForeignKeyConstraint(["breach_id"], ["breaches.id"], name=op.f("notifications_breach_id_fkey")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("notifications_contact_id_fkey")),
        sa.ForeignKeyConstraint(
            ["planned_post_id"], ["planned_posts.id"], name=op.f("notifications_planned_post_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("notifications_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("notifications_token_hash_key")),
    )
    op.create_index(op.f("notifications_contact_id_idx"), "notifications", ["contact_id"])
    op.create_index(
        "notifications_once",
        "notifications",
        [
            "activation_id",
            "contact_id",
            "kind",
            sa.literal_column("coalesce(breach_id, 0)"),
            sa.literal_column("coalesce(planned_post_id, 0)"),
        ],
        unique=True,
    )
    op.create_table(
        "emails",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("mode", _one_of("mode", "actual", "exercise"), nullable=False),
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column(
            "state", _one_of("emailstate", "ready", "sent", "refused", "dead"), server_default="ready", nullable=False
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], name=op.f("emails_notification_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("emails_pkey")),
        sa.UniqueConstraint("notification_id", name=op.f("emails_notification_id_key")),
    )
    op.create_index("emails_due", "emails", ["mode", "due_at"], postgresql_where=sa.text("state = 'ready'"))
    op.add_column("accounts", sa.Column("admin_credentials", sa.LargeBinary(), nullable=True))
    op.add_column("accounts", sa.Column("feed_url", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("only_here", sa.Boolean(), server_default="false", nullable=False))
    _posts_of_pointers()
    op.add_column("renditions", sa.Column("notification_id", sa.BigInteger(), nullable=True))
    op.create_index("renditions_notification_id_idx", "renditions", ["notification_id"], unique=True)
    op.drop_constraint(op.f("renditions_of_a_revision_or_a_post_check"), "renditions", type_="check")
    op.create_check_constraint("of_one_thing", "renditions", "num_nonnulls(revision_id, post_id, notification_id) = 1")
    op.create_foreign_key(
        op.f("renditions_notification_id_fkey"), "renditions", "notifications", ["notification_id"], ["id"]
    )
    _words_past_the_gate()


def downgrade() -> None:
    of_notifications = (
        "SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE r.notification_id IS NOT NULL"
    )
    for table, column in (
        ("attempts", "delivery_id"),
        ("permits", "delivery_id"),
        ("looks", "delivery_id"),
        ("deliveries", "id"),
    ):
        op.execute(f"DELETE FROM {table} WHERE {column} IN ({of_notifications})")  # noqa: S608 - our own words
    op.execute("DELETE FROM renditions WHERE notification_id IS NOT NULL")
    _no_words_past_the_gate()
    op.drop_constraint(op.f("renditions_of_one_thing_check"), "renditions", type_="check")
    op.create_check_constraint("of_a_revision_or_a_post", "renditions", "(revision_id IS NULL) <> (post_id IS NULL)")
    op.drop_constraint(op.f("renditions_notification_id_fkey"), "renditions", type_="foreignkey")
    op.drop_index("renditions_notification_id_idx", table_name="renditions")
    op.drop_column("renditions", "notification_id")
    _no_posts_of_pointers()
    op.drop_column("accounts", "only_here")
    op.drop_column("accounts", "feed_url")
    op.drop_column("accounts", "admin_credentials")
    op.drop_index("emails_due", table_name="emails", postgresql_where=sa.text("state = 'ready'"))
    op.drop_table("emails")
    op.drop_index("notifications_once", table_name="notifications")
    op.drop_index(op.f("notifications_contact_id_idx"), table_name="notifications")
    op.drop_table("notifications")
    op.drop_index(op.f("planned_posts_account_id_idx"), table_name="planned_posts")
    op.drop_table("planned_posts")
    op.drop_index("watches_due", table_name="watches")
    op.drop_index(op.f("watches_account_id_idx"), table_name="watches")
    op.drop_table("watches")
    op.drop_index("schedules_due", table_name="schedules")
    op.drop_index(op.f("schedules_account_id_idx"), table_name="schedules")
    op.drop_table("schedules")
    op.drop_index("pointers_one", table_name="pointers", postgresql_where=sa.text("withdrawn_at IS NULL"))
    op.drop_table("pointers")
    op.drop_index("levers_due", table_name="levers", postgresql_where=sa.text("state <> 'restored'"))
    op.drop_index(op.f("levers_account_id_idx"), table_name="levers")
    op.drop_table("levers")
    op.drop_index(op.f("contacts_recipient_id_idx"), table_name="contacts")
    op.drop_index("contacts_once", table_name="contacts", postgresql_where=sa.text("removed_at IS NULL"))
    op.drop_table("contacts")
    op.drop_index("breaches_open", table_name="breaches", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("breaches_account_id_idx"), table_name="breaches")
    op.drop_table("breaches")


def _posts_of_pointers() -> None:
    op.add_column("posts", sa.Column("pointer_id", sa.Integer(), nullable=True))
    op.create_unique_constraint("posts_pointer_once", "posts", ["pointer_id", "account_id"])
    op.create_unique_constraint("posts_id_pointer_id_key", "posts", ["id", "pointer_id"])
    op.create_foreign_key(
        "posts_pointer_id_mode_text_fkey", "posts", "pointers", ["pointer_id", "mode", "text"], ["id", "mode", "text"]
    )
    op.create_check_constraint(
        "words_of_a_pointer", "posts", "pointer_id IS NULL OR (title = '' AND audience_id IS NULL)"
    )
    op.add_column("posts", sa.Column("instead_of", sa.Integer(), nullable=True))
    op.create_index(op.f("posts_instead_of_idx"), "posts", ["instead_of"])
    op.create_foreign_key(op.f("posts_instead_of_fkey"), "posts", "posts", ["instead_of"], ["id"])
    op.add_column("posts", sa.Column("release_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "posts_released", "posts", ["mode", "release_at"], postgresql_where=sa.text("release_at IS NOT NULL")
    )


def _words_past_the_gate() -> None:
    op.add_column("renditions", sa.Column("pointer_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        "renditions_post_id_pointer_id_fkey", "renditions", "posts", ["post_id", "pointer_id"], ["id", "pointer_id"]
    )
    op.create_check_constraint("pointer_of_a_post", "renditions", "pointer_id IS NULL OR post_id IS NOT NULL")
    op.add_column("renditions", sa.Column("gated", sa.Boolean(), sa.Computed(_GATED, persisted=True), nullable=False))
    op.add_column(
        "deliveries", sa.Column("gated", sa.Boolean(), sa.Computed("lane = 'unit'", persisted=True), nullable=False)
    )
    op.drop_constraint("deliveries_rendition_id_mode_fkey", "deliveries", type_="foreignkey")
    op.drop_constraint("renditions_id_mode_key", "renditions", type_="unique")
    op.create_unique_constraint("renditions_id_mode_gated_key", "renditions", ["id", "mode", "gated"])
    op.create_foreign_key(
        "deliveries_rendition_id_mode_gated_fkey",
        "deliveries",
        "renditions",
        ["rendition_id", "mode", "gated"],
        ["id", "mode", "gated"],
    )


def _no_words_past_the_gate() -> None:
    op.drop_constraint("deliveries_rendition_id_mode_gated_fkey", "deliveries", type_="foreignkey")
    op.drop_constraint("renditions_id_mode_gated_key", "renditions", type_="unique")
    op.create_unique_constraint("renditions_id_mode_key", "renditions", ["id", "mode"])
    op.create_foreign_key(
        "deliveries_rendition_id_mode_fkey", "deliveries", "renditions", ["rendition_id", "mode"], ["id", "mode"]
    )
    op.drop_column("deliveries", "gated")
    op.drop_column("renditions", "gated")
    op.drop_constraint(op.f("renditions_pointer_of_a_post_check"), "renditions", type_="check")
    op.drop_constraint("renditions_post_id_pointer_id_fkey", "renditions", type_="foreignkey")
    op.drop_column("renditions", "pointer_id")


def _no_posts_of_pointers() -> None:
    op.drop_index("posts_released", table_name="posts", postgresql_where=sa.text("release_at IS NOT NULL"))
    op.drop_column("posts", "release_at")
    op.drop_constraint(op.f("posts_instead_of_fkey"), "posts", type_="foreignkey")
    op.drop_index(op.f("posts_instead_of_idx"), table_name="posts")
    op.drop_column("posts", "instead_of")
    op.drop_constraint(op.f("posts_words_of_a_pointer_check"), "posts", type_="check")
    op.drop_constraint("posts_pointer_id_mode_text_fkey", "posts", type_="foreignkey")
    op.drop_constraint("posts_id_pointer_id_key", "posts", type_="unique")
    op.drop_constraint("posts_pointer_once", "posts", type_="unique")
    op.drop_column("posts", "pointer_id")
