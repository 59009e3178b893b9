"""What people have left undone: updates that are overdue, and posts that could not be taken down."""

from crisis.bootstrap import Crisis
from crisis.checkup.findings import Finding, Level
from crisis.clock import OSLO
from crisis.deliveries import promises, withdrawals
from crisis.deliveries.promises import PromiseState


async def findings(crisis: Crisis) -> list[Finding]:
    """What a person has left undone: updates that are overdue, and posts that could not be taken down."""
    async with crisis.db.transaction() as session:
        standing = await promises.standing(session, crisis.settings.promise_warning_seconds)
        refused = await withdrawals.refused(session)
    found = [
        Finding(
            "promised update",
            Level.NOTE,
            f"Message {each.message_id} promised one at {each.next_update_at.astimezone(OSLO):%Y-%m-%d %H:%M}: {promises.words(each)}.",
            f"Send one, if only to say that nothing is new: crisis message write --kind update --message {each.message_id}",
        )
        for each in standing
        if each.state is PromiseState.OVERDUE
    ]
    return found + [
        Finding(
            "withdrawal",
            Level.NOTE,
            f"Delivery {number} to {account} is still out: {why}",
            f"After mending what stood in the way: crisis delivery withdraw {number}",
        )
        for number, account, why in refused
    ]
