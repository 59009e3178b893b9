"""A broadcast: a real alert to a real audience, approved through the desk, sent by the product's engine, and counted after."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.ground import Ground, named
from bench.people import people
from bench.stub import Stub
from crisis.bootstrap import Crisis, crisis_of, database_of
from crisis.db import no_bell
from crisis.deliveries.states import DeliveryState
from crisis.mode import Mode
from tests import factories

SENDER = "Fjordvik"
ROOT = Path(__file__).resolve().parents[1]

_TEXT = text("SELECT text FROM renditions WHERE channel = 'sms' AND revision_id = :revision")
_STANDING = text(
    """
    SELECT count(*) AS deliveries, count(DISTINCT d.reference) AS references, sum(d.attempts) AS attempts,
           count(*) FILTER (WHERE d.state = :accepted) AS accepted
    FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE r.revision_id = :revision
    """
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An approved alert that nobody has begun to send, and the form a provider will see of it."""

    revision_id: int
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """How one sender process did it."""

    rate: float
    """Messages a second, from the start of the run to its last commit."""
    peak: int
    """Bytes of memory it held at most, everything imported included (peak resident set)."""
    processor: float
    """Seconds of processor it used, user and system."""


class Broadcasts:
    """One municipality with an SMS account and an audience of ``people``, whose provider is the stub."""

    def __init__(self, ground: Ground, provider: Stub, people: int, **settings: object) -> None:
        self.settings = ground.settings(twilio_url=provider.url, **settings)
        self._provider, self._people = provider, people
        self._activation, self._audience = asyncio.run(self._set_up())

    def approve(self) -> Waiting:
        """One more alert, approved."""
        return asyncio.run(self._approve())

    def send(self, waiting: Waiting) -> Sent:
        """Send it from one process.

        Raises :class:`RuntimeError` unless every recipient was sent to once, by the provider's count and by ours.
        """
        before = self._provider.accepted()
        seconds, peak, processor = self._sender()
        self._check(self._provider.accepted() - before, waiting)
        return Sent(self._people / seconds, peak, processor)

    def _sender(self) -> tuple[float, int, float]:
        command = [sys.executable, "-m", "bench.sending"]
        env = os.environ | named(self.settings) | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
        seconds, peak, processor = json.loads(done.stdout)
        return seconds, peak, processor

    @property
    def database_url(self) -> str:
        """Where it all is."""
        assert self.settings.database_url is not None
        return self.settings.database_url.get_secret_value()

    def check(self, waiting: Waiting) -> None:
        """Raise :class:`RuntimeError` unless every delivery was accepted once, under an id of its own."""
        self._check(self._people, waiting)

    def _check(self, accepted: int, waiting: Waiting) -> None:
        stands = asyncio.run(self._standing(waiting.revision_id))
        if set(stands.values()) != {self._people} or accepted != self._people:
            raise RuntimeError(
                f"{self._people} recipients, but the provider accepted {accepted}, and we hold {stands}."
            )

    async def _set_up(self) -> tuple[int, int]:
        crisis = crisis_of(self.settings, bell=no_bell)
        await factories.account(crisis, "sms", address=SENDER)
        audience = await people(crisis, self._people)
        activation = await factories.activation(crisis.db)
        await crisis.db.close()
        return activation.id, audience

    async def _approve(self) -> Waiting:
        crisis: Crisis = crisis_of(self.settings, bell=no_bell)
        approved = await factories.approved_alert(crisis, self._activation, audience_id=self._audience)
        async with crisis.db.transaction() as session:
            body = (await session.execute(_TEXT, {"revision": approved.revision.id})).scalar_one()
        await crisis.db.close()
        form = {
            "From": SENDER,
            "Body": body,
            "ValidityPeriod": str(self.settings.validity_seconds),
            "StatusCallback": f"{self.settings.public_url}/receipts/{Mode.ACTUAL}/sms?delivery=1000000",
        }
        return Waiting(approved.revision.id, form)

    async def _standing(self, revision: int) -> dict[str, int]:
        db = database_of(self.settings)
        values = {"revision": revision, "accepted": DeliveryState.ACCEPTED.value}
        async with db.transaction() as session:
            row = (await session.execute(_STANDING, values)).one()
        await db.close()
        return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
