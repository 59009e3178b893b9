"""Emptying the database between tests.

Rows are deleted, and only where there are any: to truncate a table is to make new files for it and for each of its indexes, and of
fifty tables those were most of what a test took (160 ms and more, beside 10 ms).
"""

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LASTING = {"alembic_version", "audit_head", "gate", "sweeps"}
"""Tables whose one row is set back rather than taken out, or that know nothing of what a test did."""

_EMPTY = """
    DO $do$
    DECLARE
        tables regclass[] := ARRAY(
            SELECT oid FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL ('{{{kept}}}') ORDER BY relname
        );
        each regclass;
    BEGIN
        -- whoever is still at it is waited for
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', array_to_string(tables, ', '));
        SET LOCAL session_replication_role = replica; -- no trigger, and no foreign key
        FOREACH each IN ARRAY tables LOOP
            IF pg_relation_size(each) > 1 << 20 THEN
                EXECUTE format('TRUNCATE %s CASCADE', each);
            ELSIF pg_relation_size(each) > 0 THEN
                EXECUTE format('DELETE FROM %s', each);
            END IF;
        END LOOP;
        PERFORM setval(s.oid, 1, false)
        FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') AND d.refobjid = ANY (tables)
        WHERE s.relkind = 'S';
        UPDATE audit_head SET seq = 0, hash = decode(repeat('00', 32), 'hex');
        UPDATE gate SET state = 'open', epoch = 0;
    END
    $do$
"""


async def empty(connection: AsyncConnection, *, keep: Collection[str] = ()) -> None:
    """Delete every row but those of the tables to ``keep``; ids begin at 1 again, the gate is open and the audit has no past.

    Nothing that is kept may refer to what is not. Waits for whoever is in the middle of a transaction.
    """
    await connection.execute(text(_EMPTY.format(kept=",".join(sorted({*LASTING, *keep})))))
