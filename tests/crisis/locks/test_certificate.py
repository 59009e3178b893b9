"""The certificate: what one lock was, whole, and by numbers that the audit log proves."""

from sqlalchemy import text

from crisis import clock
from crisis.accounts.locks import LockState
from crisis.activations import drain, gate
from crisis.activations.holders import Holder
from crisis.activations.models import Activation
from crisis.activations.service import stand_down
from crisis.audit import chain
from crisis.bootstrap import Crisis
from crisis.locks import certificate
from crisis.locks.certificate import Certificate
from crisis.locks.reading import Around
from crisis.mode import Mode
from tests import factories
from tests.crisis.locks.test_board import NOBODY, OLA, put, told
from tests.factories import DIRECTOR, OPERATOR


async def read(crisis: Crisis, activation: Activation) -> Certificate:
    async with crisis.db.transaction() as session:
        return await certificate.read(session, activation.id, Around(crisis.settings, crisis.capabilities))


async def under_way(crisis: Crisis, account: int, *, told_of: str) -> int:
    """A unit's post in flight, with its permit; its delivery's number."""
    post = await crisis.posts.publish(OPERATOR, account, told_of)
    async with crisis.db.transaction() as session:
        statement = text(
            "SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE r.post_id = :post"
        )
        number = int((await session.execute(statement, {"post": post.id})).scalar_one())
        await gate.share(session, Mode.ACTUAL)
        assert await gate.open_permits(session, Mode.ACTUAL, [number], Holder.this_process()) == {number}
        await session.execute(
            text("UPDATE deliveries SET state = 'in_flight', started_at = now() WHERE id = :id"), {"id": number}
        )
    return number


async def test_it_names_what_was_under_way_and_how_each_permit_closed(crisis: Crisis) -> None:
    account = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    numbers = [await under_way(crisis, account, told_of=each) for each in ("Lukket", "Tatt", "Åpent")]
    activation = await factories.activation(crisis.db)
    async with crisis.db.transaction() as session:
        await gate.close_permits(session, {numbers[0]: "accepted"}, Holder.this_process())
        await session.execute(
            text("UPDATE permits SET closed_at = clock_timestamp(), outcome = 'holder_dead' WHERE delivery_id = :id"),
            {"id": numbers[1]},
        )
        await session.execute(text("UPDATE deliveries SET state = 'accepted' WHERE id = :id"), {"id": numbers[0]})
        await session.execute(text("UPDATE deliveries SET state = 'unknown' WHERE id = :id"), {"id": numbers[1]})
    found = await read(crisis, activation)
    assert [each.text for each in found.permits] == ["Lukket", "Tatt", "Åpent"]
    assert [each.text for each in found.drained] == ["Lukket"]
    assert [each.text for each in found.taken] == ["Tatt"]
    assert [each.text for each in found.still_open] == ["Åpent"]
    assert [each.delivery_id for each in found.unresolved] == [numbers[1]]
    assert not found.is_final
    async with crisis.db.transaction() as session:
        await gate.close_permits(session, {numbers[2]: "rejected"}, Holder.this_process())
        await session.execute(text("UPDATE deliveries SET state = 'rejected' WHERE id = :id"), {"id": numbers[2]})
    assert await drain.step(crisis.db, activation.id, 60)
    async with crisis.db.transaction() as session:  # what became of it later does not change what was confirmed
        await session.execute(text("UPDATE deliveries SET state = 'accepted' WHERE id = :id"), {"id": numbers[1]})
    confirmed = await read(crisis, activation)
    assert [(each.delivery_id, each.account) for each in confirmed.unresolved] == [(numbers[1], "Biblioteket")]
    assert [each.action for each in confirmed.entries] == ["activate", "confirm"]


async def test_each_account_says_what_it_came_to_while_the_lock_stood_and_how_it_stands_now(crisis: Crisis) -> None:
    revoked = await factories.account(crisis, "facebook", unit="biblioteket", name="Biblioteket")
    asked = await factories.account(crisis, "facebook", unit="skolen", name="Skolen")
    activation = await factories.activation(crisis.db)
    now = clock.now()
    lever = {"saved": OLA, "found": NOBODY, "state": "pulled", "pulled_at": now}
    number = await put(crisis, "levers", mode="actual", activation_id=activation.id, account_id=revoked, **lever)
    await told(crisis, activation, "skolen", "Siv", acknowledged_at=now, acknowledged_by="Siv", acknowledged_way="link")
    over = await stand_down(crisis.db, DIRECTOR, activation.id)
    before = await read(crisis, over)
    by_account = {each.outlet.id: each for each in before.accounts}
    assert by_account[revoked].held.state is by_account[revoked].now.state is LockState.ACCESS_REVOKED
    assert by_account[asked].held.state is LockState.ACKNOWLEDGED
    assert by_account[asked].now.state is LockState.RESTORED
    assert [each.name for each in before.acknowledged] == ["Siv"]
    async with crisis.db.transaction() as session:
        await session.execute(
            text("UPDATE levers SET state = 'restored', restored_at = now() WHERE id = :id"), {"id": number}
        )
    after = next(each for each in (await read(crisis, over)).accounts if each.outlet.id == revoked)
    assert (after.held.state, after.now.state) == (LockState.ACCESS_REVOKED, LockState.RESTORED)


async def test_the_audit_log_proves_the_numbers_it_gives_and_no_others(crisis: Crisis) -> None:
    await factories.account(crisis, "facebook", unit="biblioteket")
    first = await factories.activation(crisis.db)
    await drain.step(crisis.db, first.id, 60)
    over = await stand_down(crisis.db, DIRECTOR, first.id)
    async with crisis.db.transaction() as session:  # what comes after the end belongs to it, until the next lock
        await chain.append(session, None, "restore", "account:1", mode=Mode.ACTUAL)
        await chain.append(session, None, "restore", "account:1", mode=Mode.EXERCISE)
    await factories.activation(crisis.db, title="Den neste")
    found = await read(crisis, over)
    assert [each.action for each in found.entries] == ["activate", "confirm", "stand_down", "restore"]
    assert found.first is not None
    assert found.last is not None
    assert (found.first.action, found.last.action) == ("activate", "restore")
    assert found.is_final
    async with crisis.db.transaction() as session:
        for each in found.entries:
            assert (await chain.verify(session, each.head)).holds
        forged = f"{found.last.seq}:{'0' * 64}"
        assert not (await chain.verify(session, forged)).holds
