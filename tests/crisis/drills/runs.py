"""Runs: drills and real crises that are over. Everything in them was done by the product's own acts; only the providers' answers, and
what a conductor would have written, are written as rows.
"""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from crisis import clock
from crisis.accounts.models import Account
from crisis.activations import drain, service
from crisis.bootstrap import Crisis
from crisis.drills.models import (
    ClockRow,
    Drill,
    DrillExpectation,
    DrillInject,
    DrillPlayer,
    InjectSight,
    Observation,
)
from crisis.drills.states import DrillState, ExpectationState, InjectState
from crisis.logbook import acknowledgements, notes
from crisis.logbook.notes import Written
from crisis.mode import Mode
from crisis.roles import Actor, Role
from tests import factories
from tests.factories import DIRECTOR, EDITOR

LEADER = Actor("Øvingslederen", Role.PREPAREDNESS)
SWITCHBOARD = Actor("Sentralbordet", Role.SWITCHBOARD)
DUE = date(2027, 1, 15)
SPEED = 60.0
SHARP = '#panic() = [x] $y$ <script>alert(1)</script> \\ "æ" {{7*7}}'
"""What somebody writes who means to break a report."""
OUTCOMES = [
    ("E1", ExpectationState.MET, 0, 5, 4.0),
    ("E2", ExpectationState.MET, 4, 5, 4.5),
    ("E3", ExpectationState.MET, 4, 19, 14.0),
    ("E4", ExpectationState.LATE, 12, 14, 15.0),
    ("E5", ExpectationState.MISSED, 20, 35, None),
]
"""Of each expectation: its state, and when in minutes of drill time it began, was due and was done."""
TAKE = text(
    """
    WITH mine AS (
        SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE r.revision_id = :revision
    ), tried AS (
        INSERT INTO attempts (delivery_id, number, started_at, ended_at, outcome)
        SELECT id, 1, clock_timestamp(), clock_timestamp(), 'accepted' FROM mine
    )
    UPDATE deliveries SET state = 'accepted', attempts = 1, started_at = clock_timestamp(), changed_at = clock_timestamp()
    WHERE id IN (SELECT id FROM mine)
    """
)
"""Every provider takes what it is given."""
PLAYBOOK: Mapping[str, Any] = {
    "schema": "playbook/1",
    "id": "kvikkleireskred",
    "version": "1.2.0",
    "title": {"nb": "Kvikkleireskred ved Moen", "nn": "Kvikkleireskred ved Moen", "en": "Quick clay landslide at Moen"},
    "scenario": {"hazard": "landslide", "background": {"nb": "Det har regnet i tre døgn.", "en": "Three days of rain."}},
    "exercise": {"form": "spill", "duration": "PT2H"},
    "objectives": [
        {"id": "M1", "text": {"nb": "Kontoene låses", "en": "The accounts are locked"}},
        {"id": "M2", "text": {"nb": "Innbyggerne får råd raskt"}},
        {"id": "M3", "text": {"nb": "Rykter rettes"}},
    ],
    "targets": {"activate": "PT5M", "accounts_locked": "PT1M", "first_message": "PT15M"},
    "roles": [
        {"id": "kommunedirektor", "title": {"nb": "Kommunedirektør"}, "plays": "director", "side": "players"},
        {"id": "nettredaksjon", "title": {"nb": "Nettredaksjonen"}, "plays": "editor", "side": "players"},
    ],
    "languages": {"primary": "nb", "required": ["nb"]},
    "injects": [
        {"id": "I1", "at": "PT0M", "via": "phone", "from": {"nb": "Politiet"}, "to": "kommunedirektor",
         "objectives": ["M1", "M2"], "text": {"nb": "Skred ved Moen. #panic()"}, "expects": ["E1", "E2", "E3"]},
        {"id": "I2", "at": "PT12M", "via": "channel_fault", "channel": "facebook", "fault": "down", "to": "nettredaksjon",
         "objectives": ["M2"], "text": {"nb": "Facebook svarer ikke."}, "expects": ["E4"]},
        {"id": "I3", "at": "PT20M", "via": "social", "from": "Innbygger", "to": "nettredaksjon", "objectives": ["M3"],
         "text": {"nb": "Har demningen røket?"}, "expects": ["E5"]},
        {"id": "I4", "at": "PT50M", "via": "press", "to": "nettredaksjon", "text": {"nb": "Hvor mange er savnet?"}, "expects": []},
    ],
    "expectations": [
        {"id": "E1", "role": "kommunedirektor", "action": "activate", "within": "PT5M", "check": "auto"},
        {"id": "E2", "role": "system", "action": "lock_all", "after": "E1", "within": "PT1M", "check": "auto"},
        {"id": "E3", "role": "nettredaksjon", "action": "publish", "after": "E1", "within": "PT15M", "check": "auto"},
        {"id": "E4", "role": "nettredaksjon", "action": "retry_or_note", "within": "PT10M", "check": "auto"},
        {"id": "E5", "role": "nettredaksjon", "action": "correct_rumour", "within": "PT15M", "check": "manual"},
    ],
    "evaluation": {
        "hotwash": "PT20M",
        "questions": [
            {"id": "Q1", "scale": 5, "text": {"nb": "Jeg visste hva jeg skulle gjøre.", "en": "I knew what to do."}},
            {"id": "Q2", "text": {"nb": "Hva gikk bra?"}},
        ],
        "report_due": "P14D",
    },
}  # fmt: skip
"""As a drill keeps it."""


def once() -> UUID:
    """A form of its own."""
    return uuid4()


async def real(crisis: Crisis, title: str = "Kvikkleireskred ved Moen") -> int:
    """A real crisis that is over; its activation."""
    return await _whole(crisis, Mode.ACTUAL, title)


async def drill(crisis: Crisis, *, playbook: Mapping[str, Any] = PLAYBOOK, state: DrillState = DrillState.ENDED) -> int:
    """A drill that is over, with one message; its id. E4 came late, E5 was missed, and I4 was skipped."""
    began = clock.now()
    activation_id = await _whole(crisis, Mode.EXERCISE, "Kvikkleireskred ved Moen")
    async with crisis.db.transaction() as session:
        row = Drill(
            playbook_id=playbook["id"],
            playbook_version=playbook["version"],
            playbook_sha256="ab" * 32,
            playbook=dict(playbook),
            state=state,
            activation_id=activation_id,
            secret=secrets.token_bytes(32),
            glass_word="lav",
            started_by=LEADER.name,
            started_at=began,
            ended_by="system",
            ended_at=clock.now(),
            end_reason="done",
        )
        session.add(row)
        await session.flush()
        session.add(ClockRow(drill_id=row.id, at=began, elapsed=0.0, speed=SPEED, by=LEADER.name))
        fired = {"decided_at": began, "decided_by": "system", "state": InjectState.FIRED}
        for position, (key, minute) in enumerate([("I1", 0.0), ("I2", 12.0), ("I3", 20.0)]):
            session.add(DrillInject(drill_id=row.id, key=key, position=position, decided_elapsed=minute * 60, **fired))
        session.add(DrillInject(drill_id=row.id, key="I4", position=3, state=InjectState.SKIPPED, reason="leader"))
        for position, (key, outcome, begun, due, done) in enumerate(OUTCOMES):
            session.add(
                DrillExpectation(
                    drill_id=row.id,
                    key=key,
                    position=position,
                    state=outcome,
                    begun_elapsed=begun * 60,
                    due_elapsed=due * 60,
                    done_elapsed=None if done is None else done * 60,
                    done_at=None if done is None else began,
                )
            )
        session.add(DrillPlayer(drill_id=row.id, name="Kommunedirektøren", part="kommunedirektor"))
        session.add(InjectSight(drill_id=row.id, key="I1", by="Kommunedirektøren", at=began))
        session.add(Observation(drill_id=row.id, text=SHARP, objective="M1", by="Observatøren", at=began, elapsed=30))
    return row.id


async def empty(crisis: Crisis) -> int:
    """A drill that was stopped before anybody did anything; its id."""
    now = clock.now()
    async with crisis.db.transaction() as session:
        row = Drill(
            playbook_id=PLAYBOOK["id"],
            playbook_version=PLAYBOOK["version"],
            playbook_sha256="ab" * 32,
            playbook=dict(PLAYBOOK),
            state=DrillState.STOPPED,
            secret=secrets.token_bytes(32),
            glass_word="lav",
            started_by=LEADER.name,
            started_at=now,
            ended_by=LEADER.name,
            ended_at=now,
            end_reason="Strømmen gikk i rommet.",
        )
        session.add(row)
        await session.flush()
        session.add(ClockRow(drill_id=row.id, at=now, elapsed=0.0, speed=1.0, by=LEADER.name))
        for position, key in enumerate(("I1", "I2")):
            session.add(
                DrillInject(drill_id=row.id, key=key, position=position, state=InjectState.SKIPPED, reason="over")
            )
        session.add(DrillExpectation(drill_id=row.id, key="E1", position=0, state=ExpectationState.VOID))
    return row.id


async def _whole(crisis: Crisis, mode: Mode, title: str) -> int:
    """Set the crisis staff, send one alert that every channel takes, read it, write a note, and stand down."""
    async with crisis.db.transaction() as session:
        known = set((await session.execute(text("SELECT channel FROM accounts"))).scalars())
        if "linkedin" not in known:
            session.add(Account(channel="linkedin", name="Kommunen", unit="personal"))
    for channel in ("website", "facebook"):
        if channel not in known:
            await factories.account(crisis, channel)
    activation = await factories.activation(crisis.db, mode, title)
    await drain.drain(crisis.db, activation.id, 1.0)
    revision = (await factories.approved_alert(crisis, activation.id)).revision
    async with crisis.db.transaction() as session:
        await session.execute(TAKE, {"revision": revision.id})
    await acknowledgements.acknowledge(crisis.db, SWITCHBOARD, revision.id)
    await notes.write(crisis.db, EDITOR, activation.id, Written(f"Facebook er nede. {SHARP}", told_by="Meta"))
    await service.stand_down(crisis.db, DIRECTOR, activation.id)
    return activation.id
