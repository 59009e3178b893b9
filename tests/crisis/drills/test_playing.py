"""Playing a part: on the exercise's pages somebody is their part, and whatever they try as it on anything real is not done."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from crisis import clock
from crisis.accounts import service as accounts
from crisis.activations import service as activations
from crisis.activations.service import ActivationLocked
from crisis.audiences import service as audiences
from crisis.audit import chain
from crisis.bootstrap import Crisis, outside_of
from crisis.checkup.trial import try_channel
from crisis.db import Base, Database
from crisis.deliveries import checks, decisions, delivery_withdrawal, withdrawals
from crisis.deliveries.decisions import Decision
from crisis.drills import playing, service
from crisis.errors import NotAllowed
from crisis.limits import service as limits
from crisis.logbook import acknowledgements, notes, reading
from crisis.logbook.notes import Written
from crisis.messages import drafts, parts, release
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.roles import PLAYED, Act, Actor, Role, can, require_mode
from crisis.tokens import service as tokens
from crisis.users import service as users
from tests import factories
from tests.crisis.drills.stage import LEADER, SHA256, book

SECRETARY = Actor("Sekretæren", Role.SWITCHBOARD)
UNIT = "biblioteket"
ROLES = [
    {"id": "leder", "title": {"nb": "Kommunedirektør"}, "plays": "director"},
    {"id": "redaktor", "title": {"nb": "Nettredaksjonen"}, "plays": "editor"},
    {"id": "enhet", "title": {"nb": "Biblioteket"}, "plays": "unit", "unit": UNIT},
    {"id": "ovingsleder", "title": {"nb": "Øvingsleder"}, "plays": "control", "side": "control"},
]
_TO = text("UPDATE deliveries SET state = :state WHERE lane = 'public' RETURNING id")
Attempt = Callable[[Actor], Awaitable[Any]]


async def actor(crisis: Crisis, who: Actor, mode: Mode = Mode.EXERCISE) -> Actor:
    async with crisis.db.transaction() as session:
        return await playing.acting(session, who, mode, editors_unit=crisis.settings.editors_unit)


async def everything(db: Database) -> dict[str, str]:
    """What stands in every table."""
    tables = {}
    async with db.transaction() as session:
        for name in Base.metadata.tables:
            whole = text(f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {name} t")
            tables[name] = (await session.execute(whole)).scalar_one()
    return tables


async def test_on_the_exercises_pages_one_is_the_part_one_plays_and_elsewhere_who_one_is(crisis: Crisis) -> None:
    assert await actor(crisis, SECRETARY) == SECRETARY
    drill = await service.start(crisis.db, LEADER, book(roles=ROLES), sha256=SHA256)
    assert await actor(crisis, SECRETARY) == SECRETARY
    await service.join(crisis.db, SECRETARY, drill.id, "leder")
    assert await actor(crisis, SECRETARY) == Actor("Sekretæren", Role.DIRECTOR, None, Mode.EXERCISE)
    await service.join(crisis.db, SECRETARY, drill.id, "redaktor")
    assert await actor(crisis, SECRETARY) == Actor("Sekretæren", Role.EDITOR, "nettredaksjonen", Mode.EXERCISE)
    await service.join(crisis.db, SECRETARY, drill.id, "enhet")
    assert await actor(crisis, SECRETARY) == Actor("Sekretæren", Role.UNIT, UNIT, Mode.EXERCISE)
    assert await actor(crisis, SECRETARY, Mode.ACTUAL) == SECRETARY
    await service.join(crisis.db, SECRETARY, drill.id, "ovingsleder")
    assert await actor(crisis, SECRETARY) == SECRETARY, "whoever leads the exercise must be allowed to, part or no part"
    await service.stop(crisis.db, LEADER, drill.id, "nok")
    assert await actor(crisis, SECRETARY) == SECRETARY


async def test_whoever_plays_can_do_the_whole_job_in_the_exercise(crisis: Crisis) -> None:
    drill = await service.start(crisis.db, LEADER, book(roles=ROLES), sha256=SHA256)
    await factories.account(crisis, "facebook")
    library = await factories.account(crisis, "facebook", unit=UNIT)
    await service.join(crisis.db, SECRETARY, drill.id, "leder")
    director = await actor(crisis, SECRETARY)
    async with crisis.db.transaction() as session:
        current = await activations.find_current(session, Mode.EXERCISE)
    activation = current or (await activations.activate(crisis.db, director, Mode.EXERCISE, "Skred")).activation
    await service.join(crisis.db, SECRETARY, drill.id, "redaktor")
    editor = await actor(crisis, SECRETARY)
    alert = await drafts.write(
        crisis.db,
        editor,
        activation.id,
        Kind.ALERT,
        factories.SLIDE,
        ["nb"],
        next_update_at=clock.now() + timedelta(hours=1),
    )
    await parts.save_text(crisis.db, editor, alert.id, "nb", 1, {**factories.SLIDE["nb"], "where": "Moen"}, ["nb"])
    await crisis.desk.approve(editor, alert.id)
    await acknowledgements.acknowledge(crisis.db, editor, alert.id)
    await notes.write(crisis.db, editor, activation.id, Written("Politiet er varslet."))
    await service.join(crisis.db, SECRETARY, drill.id, "enhet")
    with pytest.raises(ActivationLocked):
        await crisis.posts.publish(await actor(crisis, SECRETARY), library, "Åpent", mode=Mode.EXERCISE)
    await activations.stand_down(crisis.db, director, activation.id)


async def test_nothing_that_is_real_can_be_done_as_a_part(crisis: Crisis) -> None:
    """Every act of the desk, on real things, as a part that may do it in the exercise: refused, and nothing anywhere has changed."""
    await factories.account(crisis, "facebook")
    library = await factories.account(crisis, "facebook", unit=UNIT)
    own = Actor("Biblioteket", Role.UNIT, UNIT)
    later = clock.now() + timedelta(hours=3)
    scheduled = await crisis.posts.publish(own, library, "I morgen", publish_at=later)
    before = await everything(crisis.db)
    with pytest.raises(NotAllowed, match="plays a part in a drill"):
        await activations.activate(
            crisis.db, Actor("Sekretæren", Role.DIRECTOR, only=Mode.EXERCISE), Mode.ACTUAL, "Skred"
        )
    assert await everything(crisis.db) == before
    activation = await factories.activation(crisis.db)
    with pytest.raises(ActivationLocked) as held:
        await crisis.posts.publish(own, library, "Barselkafé")
    blocked = held.value.post_id or 0
    sent = (await factories.approved_alert(crisis, activation.id)).revision
    draft = await factories.alert(crisis, activation.id)
    waiting = await factories.alert(crisis, activation.id)
    await release.submit(crisis.db, factories.EDITOR, waiting.id)
    delivery = 0
    async with crisis.db.transaction() as session:
        for state in ("leased", "in_flight", "unknown", "unknown_final"):
            moved = await session.execute(_TO, {"state": state})
            delivery = moved.scalar_one()
        log = await reading.of(session, factories.EDITOR, activation.id, "nb")
    playbook = book(roles=ROLES)
    director, editor, unit = (
        playing.as_part(SECRETARY, part, editors_unit="nettredaksjonen")
        for part in playbook.roles
        if part.role is not None
    )
    db, content = crisis.db, factories.SLIDE
    validity = timedelta(hours=1)
    attempts: list[tuple[Actor, Attempt]] = [
        (director, lambda a: activations.stand_down(db, a, activation.id)),
        (editor, lambda a: drafts.write(db, a, activation.id, Kind.ALERT, content, ["nb"], next_update_at=later)),
        (editor, lambda a: drafts.save(db, a, draft.id, 1, content, ["nb"], next_update_at=later)),
        (editor, lambda a: parts.save_text(db, a, draft.id, "nb", 1, {**content["nb"], "where": "Her"}, ["nb"])),
        (editor, lambda a: parts.save_terms(db, a, draft.id, 1, next_update_at=None, audience_id=None, channels=[])),
        (editor, lambda a: release.submit(db, a, draft.id)),
        (editor, lambda a: release.take_back(db, a, waiting.id)),
        (editor, lambda a: release.send_back(db, a, waiting.id, "feil sted")),
        (editor, lambda a: crisis.desk.approve(a, draft.id)),
        (editor, lambda a: crisis.desk.retract(a, sent.message_id)),
        (editor, lambda a: decisions.decide(db, a, delivery, Decision.DROP, validity=validity)),
        (editor, lambda a: decisions.decide(db, a, delivery, Decision.SEND_AGAIN, validity=validity)),
        (editor, lambda a: checks.check(db, a, delivery, outside_of(crisis.settings))),
        (editor, lambda a: delivery_withdrawal.withdraw_delivery(db, a, delivery, crisis.capabilities)),
        (editor, lambda a: withdrawals.withdraw_message(db, a, sent.message_id, crisis.capabilities)),
        (editor, lambda a: acknowledgements.acknowledge(db, a, sent.id)),
        (editor, lambda a: notes.write(db, a, activation.id, Written("Ikke noe"))),
        (editor, lambda a: reading.begin_export(db, a, log, "csv")),
        (unit, lambda a: crisis.posts.publish(a, library, "Åpent")),
        (unit, lambda a: crisis.posts.decide(a, blocked, publish=False)),
        (unit, lambda a: crisis.posts.take_back(a, scheduled.id)),
        (director, lambda a: accounts.close_account(db, a, library)),
        (director, lambda a: try_channel(crisis, a, "facebook")),
        (director, lambda a: limits.set_limit(db, a, library, concurrency=1, per_second=None)),
        (director, lambda a: tokens.create_token(db, a, "meg", Role.EDITOR)),
        (director, lambda a: users.add(db, a, "meg", "Meg", Role.ADMIN)),
        (editor, lambda a: audiences.forget_number(db, a, "+4740000000", sealer=crisis.numbers, region="NO")),
        (director, lambda a: service.start(db, a, playbook, sha256=SHA256)),
    ]
    before = await everything(db)
    for who, attempt in attempts:
        with pytest.raises(NotAllowed, match="plays a part in a drill"):
            await attempt(who)
    assert await everything(db) == before


async def test_the_wall_is_in_the_record_itself(db: Database) -> None:
    """Whatever act is added to the service one day: it is on record, and so it meets the wall."""
    player = Actor("Sekretæren", Role.DIRECTOR, only=Mode.EXERCISE)
    for mode in (Mode.ACTUAL, None):
        with pytest.raises(NotAllowed):
            async with db.transaction() as session:
                await chain.append(session, player, "anything", "anything:1", mode=mode)
        with pytest.raises(NotAllowed):
            require_mode(player, mode)
    async with db.transaction() as session:
        assert await chain.append(session, player, "anything", "anything:1", mode=Mode.EXERCISE) == 1


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.EDITOR, Role.OPERATOR, Role.ADMIN])
def test_no_part_has_a_right_to_the_service_itself(role: Role) -> None:
    player = Actor("Sekretæren", role, only=Mode.EXERCISE)
    assert {act for act in Act if can(player, act)} == {act for act in PLAYED if can(Actor("x", role), act)}
    assert not {Act.RUN_DRILL, Act.MANAGE_USERS, Act.READ_AUDIT, Act.MANAGE_TOKENS} & PLAYED
