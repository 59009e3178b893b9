"""Injects as time goes on: given their time when what they follow has happened, fired when it has come, and never twice."""

from crisis.audit import chain
from crisis.drills import counterplay
from crisis.drills.counterplay import NoPost
from crisis.drills.look import Look
from crisis.drills.models import DrillInject
from crisis.drills.snapshot import inject_of
from crisis.drills.states import INJECT_MOVES, ExpectationState, InjectState, SkipReason, check_move
from crisis.playbooks.models import Inject, Via
from crisis.posts.service import Posts


async def follow(look: Look) -> bool:
    """Give those their time whose predecessor was fired or met, and skip those whose predecessor never comes; whether any was."""
    changed = False
    for inject in look.playbook.injects:
        row = look.injects[inject.id]
        if inject.after is None or row.state is not InjectState.WAITING or row.due_elapsed is not None:
            continue
        if _never_comes(look, inject.after):
            await _skip(look, row, SkipReason.FOLLOWS_NOTHING)
            changed = True
        elif (happened := _happened(look, inject.after)) is not None:
            row.due_elapsed = happened + inject.at.total_seconds()
            changed = True
    await look.session.flush()
    return changed


async def fire_next(look: Look, posts: Posts) -> bool:
    """Fire the one that is due first, or skip it where it is not needed; whether there was one. Its state and everything it does
    in the database are one transaction, so that it is fired once and wholly, whoever is killed meanwhile.
    """
    row = next_due(look)
    if row is None:
        return False
    inject = inject_of(look.playbook, row.key)
    if inject is None:
        message = f"Drill {look.drill.id} has an inject {row.key} that its playbook does not have."
        raise LookupError(message)
    ordered_by = row.decided_by
    if ordered_by is None and _is_needless(look, inject):
        await _skip(look, row, SkipReason.NOT_NEEDED)
        return True
    if inject.via is Via.UNIT_POST:
        try:
            row.post_id = await counterplay.make(look.session, posts, look.held, inject)
        except NoPost as problem:
            row.reason = str(problem)
    _decide(look, row, InjectState.FIRED, ordered_by or chain.SYSTEM)
    detail = {"inject": row.key, "due": row.due_elapsed, "elapsed": round(look.elapsed, 3), "post": row.post_id}
    await look.record("fire_inject", **detail, **({"ordered_by": ordered_by} if ordered_by else {}))
    return True


def next_due(look: Look) -> DrillInject | None:
    """The one whose time has come and that goes first: by its time, and in the same moment by its place in the playbook."""
    due = [
        (row.due_elapsed, row.position, row)
        for row in look.injects.values()
        if row.state is InjectState.WAITING and row.due_elapsed is not None and row.due_elapsed <= look.elapsed
    ]
    return min(due, key=lambda each: each[:2])[2] if due else None


def is_all_decided(look: Look) -> bool:
    """None is to come any more; one that follows what was missed is not waited for."""
    after = {inject.id: inject.after for inject in look.playbook.injects}

    def is_to_come(key: str) -> bool:
        row, follows = look.injects[key], after[key]
        if row.state is not InjectState.WAITING:
            return row.state is InjectState.FIRED
        if row.due_elapsed is not None or follows is None:
            return True
        if follows in look.injects:
            return is_to_come(follows)
        return not look.expectations[follows].state.is_decided

    return not any(row.state is InjectState.WAITING and is_to_come(key) for key, row in look.injects.items())


def _never_comes(look: Look, after: str) -> bool:
    if (inject := look.injects.get(after)) is not None:
        return inject.state is InjectState.SKIPPED
    return look.expectations[after].state is ExpectationState.VOID


def _happened(look: Look, after: str) -> float | None:
    if (inject := look.injects.get(after)) is not None:
        return inject.decided_elapsed if inject.state is InjectState.FIRED else None
    expectation = look.expectations[after]
    return expectation.done_elapsed if expectation.state.is_done else None


def _is_needless(look: Look, inject: Inject) -> bool:
    """It is for when something has not been done, and it has; or was never asked for."""
    if inject.unless is None:
        return False
    state = look.expectations[inject.unless].state
    return state.is_done or state is ExpectationState.VOID


async def _skip(look: Look, row: DrillInject, reason: SkipReason) -> None:
    _decide(look, row, InjectState.SKIPPED, chain.SYSTEM)
    row.reason = reason.value
    await look.record("skip_inject", inject=row.key, reason=reason.value, elapsed=round(look.elapsed, 3))


def _decide(look: Look, row: DrillInject, state: InjectState, by: str) -> None:
    check_move(INJECT_MOVES, row.state, state)
    row.state, row.decided_by = state, by
    row.decided_elapsed, row.decided_at = look.elapsed, look.now
