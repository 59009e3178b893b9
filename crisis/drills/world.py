"""The world: makes the stand-ins for the providers what the drill's clock says they should be.

Everything is said by id, again and again, and saying it twice is harmless: so a killed conductor, several conductors and a sandbox that
starts anew all end in the same world. What this put there before and nobody wants any more it takes away; what others have put
there it leaves alone.
"""

from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from crisis.clock import at_database
from crisis.db import Database
from crisis.drills import faults, reading
from crisis.drills.clock import Clock
from crisis.drills.models import Drill, DrillInject
from crisis.drills.scene import shares, written_on
from crisis.drills.snapshot import playbook_of
from crisis.drills.states import InjectState
from crisis.errors import Unready
from crisis.playbooks.models import ChannelFault, Inject, Playbook, SystemFault, Via

OURS: Final = "drill-"
"""What the ids of everything a drill puts there begin with."""
STAND_INS: Final[Mapping[str, tuple[str, ...]]] = {
    "facebook": ("graph",),
    "twitter": ("x",),
    "sms": ("twilio",),
    "website": ("crisis-page", "wordpress"),
}
"""The stand-ins that a channel of the playbook is at."""
_ANY: Final = {"verb": "any"}
KINDS: Final[Mapping[ChannelFault, Mapping[str, Any]]] = {
    ChannelFault.DOWN: {"kind": "5xx_before", "status": 503, "match": _ANY},
    ChannelFault.SLOW: {"kind": "latency_after", "seconds": 2.0},
    ChannelFault.RATE_LIMITED: {"kind": "429", "seconds": 2.0, "match": _ANY},
    # Accepted, and nobody can tell from the answer: it has to be looked up.
    ChannelFault.GARBAGE: {"kind": "garbage_after"},
}
"""What the sandbox does for each."""
_PAGE_DOWN: Final = {"provider": "crisis-page", "kind": "bare_before", "match": _ANY}
_PATIENCE: Final = aiohttp.ClientTimeout(total=5)
_TEXT_MOST: Final = 4000
_WHO_MOST: Final = 200

Wanted = Mapping[str, Mapping[str, Any]]
"""What is to be there, by id, as the sandbox is told it."""


class World:
    """One sandbox. ``url`` is where it listens."""

    def __init__(self, db: Database, url: str) -> None:
        self._db, self._url = db, f"{url.rstrip('/')}/sandbox"

    async def converge(self, drill: Drill | None, clock: Clock | None) -> None:
        """Make the faults and the residents' posts what they are to be now; without a drill, none of ours.

        Raises :class:`Unready` where the sandbox does not answer.
        """
        wanted: Mapping[str, Wanted] = {"faults": {}, "residents": {}}
        if drill is not None and clock is not None:
            async with self._db.transaction() as session:
                rows = await reading.injects_of(session, drill.id)
                elapsed = clock.elapsed(await at_database(session))
            playbook = playbook_of(drill)
            wanted = {
                "faults": scripted(drill.id, playbook, rows, elapsed),
                "residents": written(drill.id, playbook, rows, clock, elapsed),
            }
        try:
            async with aiohttp.ClientSession(timeout=_PATIENCE) as client:
                for kind, each in wanted.items():
                    await self._make(client, kind, each)
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise Unready(
                f"The sandbox at {self._url} does not answer ({problem or type(problem).__name__}). The drill goes on, but the "
                "stand-ins do not follow it. Start the sandbox: crisis up, or crisis sandbox."
            ) from problem

    async def _make(self, client: aiohttp.ClientSession, kind: str, wanted: Wanted) -> None:
        """Put what is wanted and is not so, and take away what is ours and not wanted."""
        async with client.get(f"{self._url}/{kind}") as answer:
            answer.raise_for_status()
            found = (await answer.json(content_type=None))[kind]
        known = {str(each["id"]): each for each in found if str(each.get("id") or "").startswith(OURS)}
        for key in known.keys() - wanted.keys():
            async with client.delete(f"{self._url}/{kind}/{key}") as answer:
                answer.raise_for_status()
        for key, said in wanted.items():
            if key not in known or not _is_so(known[key], said):
                async with client.put(f"{self._url}/{kind}/{key}", json=said) as answer:
                    answer.raise_for_status()


def scripted(drill_id: int, playbook: Playbook, rows: Mapping[str, DrillInject], elapsed: float) -> Wanted:
    """The faults in force, as the sandbox is told them."""
    found: dict[str, Mapping[str, Any]] = {}
    for inject in faults.in_force(playbook, rows, elapsed):
        key = f"{OURS}{drill_id}-{inject.id}"
        if inject.fault is SystemFault.WEBSITE_DOWN:
            found[f"{key}-crisis-page"] = _PAGE_DOWN
        elif isinstance(inject.fault, ChannelFault) and inject.channel is not None:
            found |= {f"{key}-{name}": _of(name, inject.fault) for name in STAND_INS[inject.channel]}
    return found


def written(drill_id: int, playbook: Playbook, rows: Mapping[str, DrillInject], clock: Clock, elapsed: float) -> Wanted:
    """What residents have written by now, and how many have passed it on: ever more while drill time goes."""
    return {
        f"{OURS}{drill_id}-{inject.id}": _post(inject, playbook.languages.primary, row, clock, elapsed)
        for inject in playbook.injects
        if inject.via is Via.SOCIAL and (row := rows.get(inject.id)) is not None and row.state is InjectState.FIRED
    }


def _post(inject: Inject, language: str, row: DrillInject, clock: Clock, elapsed: float) -> Mapping[str, Any]:
    begun = row.decided_elapsed or 0.0
    who = inject.from_ if isinstance(inject.from_, str) else inject.from_.get(language)
    return {
        "channel": written_on(inject),
        "who": who[:_WHO_MOST],
        "text": inject.text.get(language)[:_TEXT_MOST],
        "shares": shares(elapsed - begun),
        "since": (row.decided_at or clock.began_at).timestamp(),
    }


def _of(name: str, fault: ChannelFault) -> Mapping[str, Any]:
    """The crisis page can only be down: it is not asked to take anything in."""
    return _PAGE_DOWN if name == "crisis-page" else {"provider": name, **KINDS[fault]}


def _is_so(known: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Whether what is there is what it is to be; what is not said is not asked for."""
    return all(
        _is_so(known.get(key) or {}, value) if isinstance(value, Mapping) else known.get(key) == value
        for key, value in said.items()
    )
