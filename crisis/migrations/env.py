"""How Alembic reaches the database: by the URL that ``crisis.db.alembic_config`` hands it, one migration run at a time."""

from alembic import context
from sqlalchemy import create_engine, text

import crisis.tables  # noqa: F401 - importing the models is what fills the metadata
from crisis.db import Base

_ONE_AT_A_TIME = 0x4352_4953_4D49  # any number no other user of advisory locks has: "CRISMI"


def run() -> None:
    """Migrate under a session lock, so that several containers may start at once."""
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
        connection.commit()
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=False)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ONE_AT_A_TIME})
        connection.commit()
    engine.dispose()


run()
