"""A town: units with accounts and contacts, and the duty and the engine that tell them in an exercise, or for real on loopback."""

from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text

from crisis.activations.models import Activation
from crisis.bootstrap import Crisis, engine_for, notifications_of
from crisis.lanes import Lane
from crisis.mode import Mode
from crisis.notifications import contacts, standing, ways
from crisis.notifications.contacts import ContactIn, ContactOut
from crisis.notifications.duty import Notifications
from crisis.notifications.models import Part
from crisis.notifications.standing import Person
from crisis.settings import Settings
from tests import factories
from tests.adapters.sandbox_server import SandboxServer

SENDER = "Fjordvik"


class Town:
    """Everything of it is on one database; ``settings`` point at the sandbox in both modes."""

    def __init__(self, crisis: Crisis, sandbox: SandboxServer) -> None:
        self.crisis, self.db, self.sandbox = crisis, crisis.db, sandbox
        known = crisis.settings.model_dump() | {"sandbox_url": sandbox.url, "sandbox_token": SecretStr(sandbox.token)}
        known |= {"twilio_url": f"{sandbox.url}/twilio", "twilio_account_sid": SecretStr(sandbox.account_sid)}
        known |= {"twilio_auth_token": SecretStr(sandbox.token), "editors_contact": "Vakt 74 00 00 01"}
        self.settings = Settings(**known)
        self._numbers = 0

    async def sender(self) -> int:
        """The web editors' SMS account."""
        return await factories.account(self.crisis, "sms", address=SENDER)

    async def unit(self, name: str, channel: str = "facebook") -> int:
        """A unit with an account."""
        return await factories.account(self.crisis, channel, unit=name)

    async def contact(
        self,
        unit: str,
        name: str,
        part: Part = Part.LEADER,
        *,
        phone: bool = True,
        email: bool = False,
        language: str = "",
    ) -> ContactOut:
        """Somebody who answers for it."""
        self._numbers += 1
        given = ContactIn(
            name,
            part,
            f"+47 4{self._numbers:07d}" if phone else "",
            f"person{self._numbers}@fjordvik.test" if email else "",
            language,
        )
        return await contacts.add_contact(
            self.db,
            factories.OPERATOR,
            unit,
            given,
            sealer=self.crisis.numbers,
            region="NO",
            editors_unit=self.settings.editors_unit,
        )

    async def activate(self, mode: Mode = Mode.EXERCISE, title: str = "Kvikkleireskred ved Moen") -> Activation:
        """The crisis staff is set."""
        return await factories.activation(self.db, mode, title)

    def duty(self, mode: Mode = Mode.EXERCISE, **settings: Any) -> Notifications:
        """What tells them."""
        held = self.settings.model_copy(update=settings) if settings else self.settings
        return notifications_of(mode, held.without_secrets() if mode is Mode.EXERCISE else held, self.db)

    async def tell(self, mode: Mode = Mode.EXERCISE, **settings: Any) -> None:
        """Until there is nothing more to do."""
        duty = self.duty(mode, **settings)
        while await duty.round():
            pass
        await self.send(mode)

    async def send(self, mode: Mode = Mode.EXERCISE) -> None:
        """The engine's turn. The database stays open."""
        engine = engine_for(mode, self.settings, self.db, slices=False)
        await engine.deliver(Lane.SMS)
        for channel in engine.channels.values():
            if (close := getattr(channel, "close", None)) is not None:
                await close()

    async def people(self, activation: Activation, *, has_mail: bool = True) -> dict[str, list[Person]]:
        """As the lock board reads them."""
        async with self.db.transaction() as session:
            reached = await ways.find(session, self.crisis.capabilities, self.settings.editors_unit, has_mail=has_mail)
            found = await standing.people(session, activation.id, reached)
        return {unit: list(people) for unit, people in found.items()}

    async def pass_minutes(self, minutes: float) -> None:
        """All that was told was told so much longer ago."""
        async with self.db.transaction() as session:
            await session.execute(
                text("UPDATE notifications SET created_at = created_at - CAST(:by AS interval)"),
                {"by": timedelta(minutes=minutes)},
            )

    async def kinds(self) -> list[tuple[str, str]]:
        """Who was told what, in that order."""
        async with self.db.transaction() as session:
            rows = await session.execute(
                text("SELECT n.kind, c.name FROM notifications n JOIN contacts c ON c.id = n.contact_id ORDER BY n.id")
            )
            return [(row.kind, row.name) for row in rows]

    def texts(self) -> list[str]:
        """The text messages that the sandbox took."""
        return [each["text"] for each in self.sandbox.records("twilio", "create")]

    def letters(self) -> list[dict[str, Any]]:
        """The e-mails that it took."""
        return self.sandbox.records("mail")
