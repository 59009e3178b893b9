"""What nobody can tell about is a person's to decide, once, on record; and only that."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.deliveries.decisions import Decision, decide
from crisis.errors import Conflict, Invalid, NotAllowed, NotFound
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories

VALIDITY = timedelta(hours=1)
LIBRARY = Actor("Biblioteket", Role.UNIT, "biblioteket")


async def unknown(crisis: Crisis) -> int:
    """An alert's Facebook delivery that nobody can tell about."""
    await factories.account(crisis, "facebook")
    activation = await factories.activation(crisis.db)
    await factories.approved_alert(crisis, activation.id)
    return await set_state(crisis, "unknown_final")


async def set_state(crisis: Crisis, state: str) -> int:
    """Put the only delivery there, past the guard over moves: how it came there is not what is tested."""
    async with crisis.db.transaction() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        moved = await session.execute(
            text("UPDATE deliveries SET state = :state, deadline_at = now() RETURNING id"), {"state": state}
        )
        return int(moved.scalar_one())


async def row(crisis: Crisis, delivery: int) -> tuple[str, bool, str | None, bool]:
    async with crisis.db.transaction() as session:
        found = await session.execute(
            text("SELECT state, repeated, url, deadline_at > now() FROM deliveries WHERE id = :id"), {"id": delivery}
        )
        state, repeated, url, valid = found.one()
        return state, repeated, url, valid


async def test_sending_again_flags_the_repeat_and_gives_it_time(crisis: Crisis) -> None:
    delivery = await unknown(crisis)
    await decide(crisis.db, factories.EDITOR, delivery, Decision.SEND_AGAIN, validity=VALIDITY)
    assert await row(crisis, delivery) == ("ready", True, None, True)


async def test_marking_as_sent_keeps_the_link(crisis: Crisis) -> None:
    delivery = await unknown(crisis)
    link = "https://www.facebook.com/1_2"
    await decide(crisis.db, factories.EDITOR, delivery, Decision.MARK_SENT, validity=VALIDITY, url=link)
    assert await row(crisis, delivery) == ("accepted", False, link, False)


async def test_dropping_ends_it(crisis: Crisis) -> None:
    delivery = await unknown(crisis)
    await decide(crisis.db, factories.EDITOR, delivery, Decision.DROP, validity=VALIDITY)
    assert (await row(crisis, delivery))[0] == "cancelled"


@pytest.mark.parametrize("decision", Decision)
async def test_a_decision_is_made_once(crisis: Crisis, decision: Decision) -> None:
    delivery = await unknown(crisis)
    await decide(crisis.db, factories.EDITOR, delivery, decision, validity=VALIDITY)
    with pytest.raises(Conflict, match="nothing to decide"):
        await decide(crisis.db, factories.EDITOR, delivery, Decision.SEND_AGAIN, validity=VALIDITY)


@pytest.mark.parametrize("state", ["ready", "in_flight", "unknown", "accepted", "delivered", "rejected", "blocked"])
async def test_only_what_nobody_can_tell_about_is_decided(crisis: Crisis, state: str) -> None:
    delivery = await unknown(crisis)
    await set_state(crisis, state)
    for decision in Decision:
        with pytest.raises(Conflict):
            await decide(crisis.db, factories.EDITOR, delivery, decision, validity=VALIDITY)


async def test_others_may_not_and_learn_nothing(crisis: Crisis) -> None:
    delivery = await unknown(crisis)
    for which in (delivery, 999):
        with pytest.raises(NotAllowed):
            await decide(crisis.db, LIBRARY, which, Decision.DROP, validity=VALIDITY)
    with pytest.raises(NotFound):
        await decide(crisis.db, factories.EDITOR, 999, Decision.DROP, validity=VALIDITY)


async def test_a_units_post_is_the_units_to_decide(crisis: Crisis) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket")
    await crisis.posts.publish(LIBRARY, account, "Åpent til kl. 19", mode=Mode.ACTUAL)
    delivery = await set_state(crisis, "unknown_final")
    with pytest.raises(NotAllowed):
        await decide(crisis.db, factories.EDITOR, delivery, Decision.SEND_AGAIN, validity=VALIDITY)
    await decide(crisis.db, LIBRARY, delivery, Decision.SEND_AGAIN, validity=VALIDITY)
    assert (await row(crisis, delivery))[0] == "ready"


async def test_a_link_must_be_one_and_belongs_to_what_was_sent(crisis: Crisis) -> None:
    delivery = await unknown(crisis)
    for decision, link in ((Decision.MARK_SENT, "javascript:alert(1)"), (Decision.DROP, "https://example.org/")):
        with pytest.raises(Invalid):
            await decide(crisis.db, factories.EDITOR, delivery, decision, validity=VALIDITY, url=link)
