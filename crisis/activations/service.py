"""Activate and stand down: the two acts that turn the gate."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.activations import gate, leftovers
from crisis.activations.models import Activation, ActivationPlaybook, Carried
from crisis.activations.states import MOVES, ActivationState
from crisis.audit import chain
from crisis.db import Database
from crisis.errors import Conflict, Invalid, Locked, NotFound
from crisis.mode import Mode
from crisis.roles import Act, Actor, can, require

TITLE_MOST = 200  # characters

_CURRENT = text("SELECT * FROM activations WHERE mode = :mode AND state <> 'stood_down'")
_LATEST = text("SELECT * FROM activations WHERE mode = :mode ORDER BY id DESC LIMIT 1")
_ONE = text("SELECT * FROM activations WHERE id = :id")
_LIST = text(
    """
    SELECT * FROM activations WHERE id > :after AND (CAST(:mode AS text) IS NULL OR mode = :mode) ORDER BY id LIMIT :most
    """
)
_ACTIVATE = text(
    """
    WITH turned AS (
        UPDATE gate SET state = 'locked', epoch = epoch + 1, changed_at = clock_timestamp()
        WHERE mode = :mode AND state = 'open' RETURNING mode, epoch
    )
    INSERT INTO activations (mode, title, state, epoch, activated_by, activated_at, playbook_id)
    SELECT turned.mode, :title, 'locking', turned.epoch, :by, clock_timestamp(), :playbook FROM turned
    RETURNING *
    """
)
_STAND_DOWN = text(
    """
    UPDATE activations SET state = 'stood_down', stood_down_by = :by, stood_down_at = clock_timestamp()
    WHERE id = :id AND state = ANY(:from) RETURNING *
    """
)
_OPEN = text(
    """
    UPDATE gate SET state = 'open', epoch = epoch + 1, changed_at = clock_timestamp()
    WHERE mode = :mode
    """
)


class ActivationLocked(Locked):
    """Publishing is held by an activation; says by whom and since when."""

    def __init__(self, activation: Activation, kept: str = "", post_id: int | None = None) -> None:
        super().__init__(
            f"All publishing goes through the web editors: {activation.activated_by} has activated "
            f"“{activation.title}”. {kept or 'Nothing was published and nothing is lost.'}"
        )
        self.held_by = activation.activated_by
        self.since: datetime = activation.activated_at
        self.activation_id = activation.id
        self.post_id = post_id
        """The post that was kept, if it is about one."""


@dataclass(frozen=True, slots=True)
class Activated:
    """The answer to an activation: ``created`` is false when one was in force already, and then it is that one."""

    activation: Activation
    created: bool


async def activate(db: Database, actor: Actor, mode: Mode, title: str, playbook: Carried | None = None) -> Activated:
    """Lock the gate of this mode. When this returns, the lock is committed and crisis messages may go.

    The state is ``locking`` until the drain has confirmed that nothing of the units' is in flight. A second activation
    while one is in force changes nothing and gets the first one's answer, with the name of who holds it. ``playbook``: what is
    kept with it of the playbook that was chosen.

    Raises :class:`NotAllowed` for anyone but the director, a deputy or the operator, and in an exercise whoever may run a
    drill; and :class:`Invalid` for a title that is empty or longer than 200 characters.
    """
    _require(actor, mode, Act.ACTIVATE)
    title = " ".join(title.split())
    if not 0 < len(title) <= TITLE_MOST:
        raise Invalid(f"An activation needs a title of 1 to {TITLE_MOST} characters; this one has {len(title)}.")
    async with db.transaction() as session:
        await gate.exclude(session, mode)
        key = playbook.playbook_id if playbook else None
        values = {"mode": mode.value, "title": title, "by": actor.name, "playbook": key}
        row = (await session.execute(_ACTIVATE, values)).one_or_none()
        if row is None:
            held = (await session.execute(_CURRENT, {"mode": mode.value})).one()
            return Activated(_activation(held), created=False)
        activation = _activation(row)
        subject = f"activation:{activation.id}"
        detail: dict[str, object] = {"title": title, "epoch": activation.epoch}
        if playbook is not None:
            kept = ActivationPlaybook(
                activation_id=activation.id, version=playbook.version, sha256=playbook.sha256, plan=dict(playbook.plan)
            )
            session.add(kept)
            detail |= {"playbook": key, "version": playbook.version, "sha256": playbook.sha256}
        await chain.append(session, actor, "activate", subject, mode=mode, **detail)
    return Activated(activation, created=True)


async def stand_down(db: Database, actor: Actor, activation_id: int) -> Activation:
    """End an activation and open the gate. No blocked post goes out by itself: each waits for its owner.

    Raises :class:`NotFound`, or :class:`Conflict` if it was stood down already.
    """
    _require(actor, Mode.EXERCISE, Act.STAND_DOWN)  # before saying whether there is such a one
    async with db.transaction() as session:
        known = await get(session, activation_id)
        _require(actor, known.mode, Act.STAND_DOWN)
        row = await _stand_down(session, actor, known)
        if row is None:  # somebody else did it, perhaps while we waited
            over = await get(session, activation_id)
            raise Conflict(f"Activation {activation_id} was stood down already, by {over.stood_down_by}.")
    return row


async def stand_down_in(session: AsyncSession, actor: Actor | None, mode: Mode) -> Activation | None:
    """End whatever activation of a mode is in force, in the caller's transaction; ``None`` where none was.

    ``actor`` is ``None`` for what the system does by itself. Who may is asked by the caller.
    """
    known = await find_current(session, mode)
    return None if known is None else await _stand_down(session, actor, known)


async def _stand_down(session: AsyncSession, actor: Actor | None, known: Activation) -> Activation | None:
    await gate.exclude(session, known.mode)
    allowed = [old.value for old, moves in MOVES.items() if ActivationState.STOOD_DOWN in moves]
    values = {"id": known.id, "by": actor.name if actor else chain.SYSTEM, "from": allowed}
    row = (await session.execute(_STAND_DOWN, values)).one_or_none()
    if row is None:
        return None
    await leftovers.block_overdue(session, known.mode)
    withdrawn = await leftovers.withdraw_pointer(session, known.id)
    await session.execute(_OPEN, {"mode": known.mode.value})
    detail = {"pointer": withdrawn[0], "cancelled": withdrawn[1]} if withdrawn else {}
    await chain.append(session, actor, "stand_down", f"activation:{known.id}", mode=known.mode, **detail)
    return _activation(row)


def _require(actor: Actor, mode: Mode, act: Act) -> None:
    """In an exercise whoever may run a drill may do it, too."""
    if not (mode is Mode.EXERCISE and can(actor, Act.RUN_DRILL)):
        require(actor, act)


async def find_current(session: AsyncSession, mode: Mode) -> Activation | None:
    """The activation of this mode that is in force, if there is one."""
    row = (await session.execute(_CURRENT, {"mode": mode.value})).one_or_none()
    return None if row is None else _activation(row)


async def find_latest(session: AsyncSession, mode: Mode) -> Activation | None:
    """The last activation of this mode, in force or over, if there ever was one."""
    row = (await session.execute(_LATEST, {"mode": mode.value})).one_or_none()
    return None if row is None else _activation(row)


async def get(session: AsyncSession, activation_id: int) -> Activation:
    """One activation. Raises :class:`NotFound`."""
    row = (await session.execute(_ONE, {"id": activation_id})).one_or_none()
    if row is None:
        raise NotFound("activation", activation_id)
    return _activation(row)


async def list_activations(
    session: AsyncSession, *, mode: Mode | None = None, after: int = 0, most: int = 100
) -> list[Activation]:
    """Activations after number ``after``, oldest first; of one mode, or of both."""
    values = {"mode": mode.value if mode else None, "after": after, "most": most}
    return [_activation(row) for row in await session.execute(_LIST, values)]


def _activation(row: object) -> Activation:
    """A detached Activation: the acts above speak SQL, so that a commit costs as few round trips as it can."""
    values = row._asdict()  # type: ignore[attr-defined]
    values["mode"], values["state"] = Mode(values["mode"]), ActivationState(values["state"])
    return Activation(**values)
