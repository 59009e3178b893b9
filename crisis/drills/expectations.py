"""Expectations as time goes on: begun when what they follow has happened, met by what people did, missed by the clock."""

from crisis.drills.look import Look
from crisis.drills.models import DrillExpectation
from crisis.drills.resolving import RESOLVERS, Lacking, Shown, Story
from crisis.drills.resolving.shown import Asked
from crisis.drills.snapshot import naming
from crisis.drills.states import EXPECTATION_MOVES, InjectState, check_move
from crisis.drills.states import ExpectationState as State
from crisis.playbooks.models import Check, Expectation

_RESOLVABLE = {State.RUNNING, State.MISSED}


async def advance(look: Look) -> bool:
    """Do everything that can be done about them now; whether anything was. What was decided is put on record."""
    story: Story | None = None
    changed, decided = False, list[DrillExpectation]()
    for asked in look.playbook.expectations:
        row, before = look.expectations[asked.id], look.expectations[asked.id].state
        if row.state is State.WAITING:
            changed |= _begin(look, asked, row)
        if row.state not in _RESOLVABLE or row.judged_by is not None:
            continue
        if asked.check is Check.AUTO and asked.action in RESOLVERS:
            story = story or await Story.read(look)
            changed |= await _resolve(story, asked, row)
        if row.state is State.RUNNING and row.due_elapsed is not None and look.elapsed > row.due_elapsed:
            _move(row, State.MISSED)
        if row.state is not before and row.state.is_decided:
            decided.append(row)
    await look.session.flush()
    for row in decided:
        done = None if row.done_elapsed is None else round(row.done_elapsed, 3)
        detail = {"expectation": row.key, "state": row.state.value, "due": row.due_elapsed, "elapsed": done}
        await look.record("resolve_expectation", **detail)
    return changed or bool(decided)


def is_all_decided(look: Look) -> bool:
    """Nothing is waited for any more. What was missed may still be done late, and nobody waits for that."""
    return all(row.state.is_decided for row in look.expectations.values())


def _begin(look: Look, asked: Expectation, row: DrillExpectation) -> bool:
    """Let its deadline run from what it follows: an expectation that was met, the first inject that asked for it, or the later of
    the two. Void where one of them can come no more. Whether anything was done.
    """
    begun = []
    if asked.after is not None:
        after = look.expectations[asked.after]
        if after.state is State.VOID:
            _move(row, State.VOID)
            return True
        if not after.state.is_done or after.done_elapsed is None:
            return False
        begun.append(after.done_elapsed)
    if asking := [look.injects[inject.id] for inject in naming(look.playbook, asked.id)]:
        if all(each.state is InjectState.SKIPPED for each in asking):
            _move(row, State.VOID)
            return True
        fired = [each.decided_elapsed for each in asking if each.state is InjectState.FIRED]
        if not fired:
            return False
        begun.append(min(each for each in fired if each is not None))
    row.begun_elapsed = max(begun, default=0.0)
    row.due_elapsed = row.begun_elapsed + asked.within.total_seconds()
    _move(row, State.RUNNING)
    return True


async def _resolve(story: Story, asked: Expectation, row: DrillExpectation) -> bool:
    """Ask the resolver of its action; whether anything was new."""
    found = await RESOLVERS[asked.action](Asked(asked, row, _since(story, asked)), story)
    if isinstance(found, Lacking) and row.evidence != found.evidence:
        row.evidence = found.evidence
        return True
    if not isinstance(found, Shown):
        return False
    row.done_at, row.done_elapsed, row.evidence = found.at, story.look.clock.elapsed(found.at), found.evidence
    in_time = found.in_time and (row.due_elapsed is None or row.done_elapsed <= row.due_elapsed)
    if row.state is State.RUNNING and not in_time:
        _move(row, State.MISSED)
    # What was done in time may have been committed after we looked at its deadline.
    _move(row, State.MET if in_time else State.LATE)
    return True


def _since(story: Story, asked: Expectation) -> int:
    """The entry of the audit log from which on it was asked for."""
    since = [story.look.drill.began_seq]
    if fired := [entry.seq for inject in naming(story.look.playbook, asked.id) if (entry := story.fired(inject.id))]:
        since.append(min(fired))
    if asked.after is not None:
        since.append(int((story.look.expectations[asked.after].evidence or {}).get("seq", 0)))
    return max(since)


def _move(row: DrillExpectation, state: State) -> None:
    check_move(EXPECTATION_MOVES, row.state, state)
    row.state = state
