"""Judge: what must hold of all deliveries after every step of a life, and at its end: promises P1, P2, P3, P6 and P7."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from crisis.activations.service import find_current
from crisis.activations.states import ActivationState
from crisis.audit import chain
from crisis.deliveries import ledger
from crisis.deliveries.states import DeliveryState
from crisis.lanes import Lane
from crisis.mode import Mode
from tests.crisis.deliveries.cast import Cast
from tests.crisis.deliveries.stage import PEOPLE, Worker

S = DeliveryState

_STARTED_WRONGLY = text(
    """
    SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
    WHERE d.id = ANY(:ids) AND (
        EXISTS (SELECT 1 FROM revisions w WHERE w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved')
        OR EXISTS (SELECT 1 FROM deliveries e JOIN renditions s ON s.id = e.rendition_id
                   JOIN revisions w ON w.id = s.revision_id
                   WHERE w.message_id = v.message_id AND w.number < v.number AND e.state = 'in_flight'
                     AND e.account_id = d.account_id AND e.recipient_id IS NOT DISTINCT FROM d.recipient_id))
    """
)
_LOOK = text(
    """
    SELECT
        (SELECT state FROM gate WHERE mode = 'actual') AS gate,
        ARRAY(SELECT d.state FROM permits p JOIN deliveries d ON d.id = p.delivery_id WHERE p.closed_at IS NULL) AS permits,
        ARRAY(SELECT m.delivery_id FROM moves_made m WHERE m.old = 'unknown' AND m.new = 'retry_wait') AS repeats,
        (SELECT count(*) FROM moves_made WHERE old = 'blocked') AS unblocked,
        ARRAY(
            SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id JOIN revisions v ON v.id = r.revision_id
            WHERE d.state IN ('ready', 'leased', 'retry_wait') AND EXISTS (
                SELECT 1 FROM revisions w
                WHERE w.message_id = v.message_id AND w.number > v.number AND w.state = 'approved')) AS superseded
    """
)
_ROWS = text("SELECT id, lane, state, attempts FROM deliveries ORDER BY id")
# The clock stands still between the steps, so that a life goes the same way on a slow machine: what lies ahead is put off by
# as long as the last step took.
_FREEZE = text(
    """
    WITH moved AS (
        UPDATE deliveries SET
            due_at = CASE WHEN due_at > now() THEN due_at + (clock_timestamp() - CAST(:since AS timestamptz)) ELSE due_at END,
            lease_until = lease_until + (clock_timestamp() - CAST(:since AS timestamptz))
        WHERE CAST(:since AS timestamptz) IS NOT NULL AND (due_at > now() OR lease_until > now())
    )
    SELECT clock_timestamp()
    """
)


class Judge:
    """Of one life."""

    def __init__(self, cast: Cast) -> None:
        self._cast, self._db = cast, cast.stage.crisis.db
        self._seen_at: Any = None  # when the last step ended
        self.quiet = 0  # steps since the last stand-down
        self.current: Any = None  # the activation in force, as of the last look
        self.rows: Sequence[Row[Any]] = []  # every delivery, as of the last look

    async def look(self, posting: Sequence[int]) -> None:
        """After a step. ``posting``: the units' posts whose calls are under way."""
        async with self._db.transaction() as session:
            self.current = current = await find_current(session, Mode.ACTUAL)
            look = (await session.execute(_LOOK)).one()
            self.rows = list(await session.execute(_ROWS))
            self._seen_at = (await session.execute(_FREEZE, {"since": self._seen_at})).scalar_one()
        self.quiet = 0 if current else self.quiet + 1
        assert (look.gate == "locked") == (current is not None), "the gate and the activations disagree"
        if current is not None and current.state is ActivationState.CONFIRMED:
            assert not posting, f"P1: confirmed while unit posts {posting} are in flight"
            assert not look.permits, "P1: confirmed with a permit open"
        startable = {S.READY, S.LEASED, S.RETRY_WAIT, S.BLOCKED} if not self._cast.sent_again else set()
        assert not startable & set(map(S, look.permits)), "P3: a post whose call may be under way could start again"
        assert not look.superseded, f"P6: {look.superseded} would go out after what replaced them"
        lanes = {row.id: row.lane for row in self.rows}
        for delivery, repeats in Counter(look.repeats).items():
            assert lanes[delivery] != Lane.UNIT, f"P3: the unit's post {delivery} was sent again"
            assert repeats <= 1, f"P3: delivery {delivery} was sent again {repeats} times"
        assert look.unblocked == self._cast.unblocked, "P1: a blocked post moved without its owner"
        self._count(Counter(lanes.values()))

    async def started(self, worker: Worker) -> None:
        """After a sender has begun its calls."""
        async with self._db.transaction() as session:
            current = await find_current(session, Mode.ACTUAL)
            wrong = list((await session.execute(_STARTED_WRONGLY, {"ids": list(worker.calls)})).scalars())
        if worker.lane is Lane.UNIT:
            assert current is None or not worker.calls, "P1: a unit's post started behind the lock"
        assert not wrong, f"P6: {wrong} started after, or together with, what came before or after it"

    def _count(self, there_are: Counter[str]) -> None:
        assert there_are["unit"] == self._cast.posts, "P2: a post was lost, or made twice"
        assert there_are["public"] == len(self._cast.approved), "P2: a message was lost, or made twice"
        assert there_are["sms"] == self._texts()

    def _texts(self) -> int:
        return PEOPLE * sum(revision.audience_id is not None for revision in self._cast.approved)

    async def end(self) -> None:
        """The log holds, and every activation's ledger adds up."""
        async with self._db.transaction() as session:
            assert (await chain.verify(session)).holds
            activations = (await session.execute(text("SELECT id FROM activations"))).scalars().all()
            lines = [line for each in activations for line in await ledger.lines(session, each)]
        there_are = sum(line.total for line in lines)
        assert there_are == len(self._cast.approved) + self._texts(), "P7: the ledger does not add up"
