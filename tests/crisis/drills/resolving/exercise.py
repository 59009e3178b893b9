"""An exercise that has begun, what its players are asked, and an update of its message."""

from collections.abc import Sequence
from datetime import timedelta

from crisis import clock
from crisis.bootstrap import Crisis
from crisis.messages import drafts
from crisis.messages.models import Kind
from crisis.mode import Mode
from tests import factories
from tests.crisis.drills.stage import Run, book, expectation, inject
from tests.factories import EDITOR

LATER = expectation("E9", "answer_press", "PT2H", check="manual")
STARTED = [expectation("E1", "activate", "PT5M"), LATER]


async def started(
    crisis: Crisis, expects: Sequence[str], *more: dict[str, object], at: str = "PT0M"
) -> tuple[Run, int]:
    """A drill in whose exercise the crisis staff is set: the run, and the activation's number."""
    run = await Run.of(crisis, book([inject("I1", at, expects=expects)], [*STARTED, *more]))
    activation = await factories.activation(crisis.db, Mode.EXERCISE)
    await run.look()
    return run, activation.id


async def update(crisis: Crisis, activation_id: int, message_id: int, kind: Kind = Kind.UPDATE) -> int:
    """Another revision of a message, approved; its number."""
    draft = await drafts.write(
        crisis.db,
        EDITOR,
        activation_id,
        kind,
        {"nb": factories.SLIDE["nb"] | {"what_happened": f"Nytt siden sist. {kind}"}},
        crisis.settings.languages,
        message_id=message_id,
        next_update_at=None if kind.is_end else clock.now() + timedelta(hours=1),
    )
    return (await crisis.desk.approve(EDITOR, draft.id)).revision.id
