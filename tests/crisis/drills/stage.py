"""Stage: a small playbook, a drill of it, and the conductor's looks taken one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from crisis.bootstrap import Crisis
from crisis.drills import service
from crisis.drills.conductor import Conductor
from crisis.drills.models import Drill
from crisis.drills.picture import Picture
from crisis.drills.states import ExpectationState, InjectState
from crisis.playbooks.models import Playbook
from crisis.roles import Actor, Role

LEADER = Actor("Beredskapskoordinatoren", Role.PREPAREDNESS)
SHA256 = "5e" * 32
MINUTE = 60.0


def inject(key: str, at: str = "PT0M", **more: Any) -> dict[str, Any]:
    """An inject of a playbook: a telephone call, unless it says otherwise."""
    said = {"nb": f"Innspill {key}"}
    return {"id": key, "at": at, "via": "phone", "from": {"nb": "Politiet"}, "to": "leder", "text": said, **more}


def expectation(key: str, action: str, within: str = "PT10M", **more: Any) -> dict[str, Any]:
    """An expectation of a playbook, that resolves by itself unless it says otherwise."""
    return {"id": key, "role": "leder", "action": action, "within": within, "check": "auto", **more}


def book(
    injects: Sequence[Mapping[str, Any]] = (),
    expectations: Sequence[Mapping[str, Any]] = (),
    *,
    duration: str = "PT2H",
    **more: Any,
) -> Playbook:
    """A playbook of these, and nothing else that matters."""
    document = {
        "schema": "playbook/1",
        "id": "skred",
        "version": "1.0.0",
        "title": {"nb": "Kvikkleireskred ved Moen"},
        "status": "approved",
        "owner": "Beredskapskoordinator",
        "review_by": "2027-06-01",
        "scenario": {
            "hazard": "landslide",
            "cap": {
                "category": ["Geo"],
                "event": {"nb": "Skred"},
                "response": ["Evacuate"],
                "urgency": "Immediate",
                "severity": "Extreme",
                "certainty": "Observed",
            },
            "area": {"description": {"nb": "Moen"}, "municipality": "9999"},
            "background": {"nb": "Det har regnet i tre døgn."},
        },
        "exercise": {
            "form": "spill",
            "duration": duration,
            "clock": {"speed": 1, "pause_allowed": True},
            "stop_word": {"nb": "AVBRYT"},
        },
        "objectives": [{"id": "M1", "text": {"nb": "Krisestab settes"}}],
        "roles": [
            {"id": "leder", "title": {"nb": "Kommunedirektør"}, "plays": "director", "min": 1, "side": "players"},
            {"id": "redaktor", "title": {"nb": "Nettredaksjonen"}, "plays": "editor", "min": 1, "side": "players"},
        ],
        "channels": ["website", "facebook", "sms"],
        "languages": {"primary": "nb", "required": ["nb"]},
        "injects": list(injects),
        "expectations": list(expectations),
        **more,
    }
    return Playbook.model_validate(document)


@dataclass
class Run:
    """One drill under way, and a conductor that looks when the test says so."""

    crisis: Crisis
    drill: Drill
    conductor: Conductor

    @classmethod
    async def of(cls, crisis: Crisis, playbook: Playbook, **more: Any) -> "Run":
        drill = await service.start(crisis.db, LEADER, playbook, sha256=SHA256, **more)
        run = cls(crisis, drill, Conductor(crisis))
        await run.look()
        return run

    async def look(self) -> "Run":
        """One look of the conductor's."""
        await self.conductor.tick()
        return self

    async def to(self, minutes: float) -> "Run":
        """Put the clock forward to so many minutes of drill time, and let the conductor look."""
        await service.put_forward(self.crisis.db, LEADER, self.drill.id, minutes * MINUTE)
        return await self.look()

    async def picture(self) -> Picture:
        async with self.crisis.db.transaction() as session:
            return await service.picture(session, self.drill.id)

    async def injects(self) -> dict[str, InjectState]:
        return {each.key: each.state for each in (await self.picture()).injects}

    async def expectations(self) -> dict[str, ExpectationState]:
        return {each.key: each.state for each in (await self.picture()).expectations}

    async def state(self, key: str) -> ExpectationState:
        return (await self.expectations())[key]

    async def record(self, *actions: str) -> list[dict[str, Any]]:
        """What stands in the audit log of these acts in this drill, oldest first."""
        wanted = text(
            "SELECT record::jsonb FROM audit WHERE action = ANY(:actions) AND record::jsonb ->> 'subject' = :drill ORDER BY seq"
        )
        values = {"actions": list(actions), "drill": f"drill:{self.drill.id}"}
        async with self.crisis.db.transaction() as session:
            return list((await session.execute(wanted, values)).scalars())
