"""Town: a municipality whose desk is open, all of it real: the API behind a socket, the sandbox as the providers, and the engine
that sends what is approved, in this process instead of a worker's.
"""

import asyncio
import io
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pyotp
from pydantic import SecretStr
from sqlalchemy import text

from crisis import clock
from crisis.activations.models import Activation
from crisis.audiences import imports
from crisis.bootstrap import Crisis, engine_for
from crisis.channel_access import Access, Right
from crisis.conductor import conductor_of
from crisis.drills import service as drills
from crisis.levers.models import AccountLever
from crisis.levers.states import LeverState
from crisis.logbook import notes
from crisis.logbook.notes import Written
from crisis.messages import follow
from crisis.messages.models import Kind
from crisis.mode import Mode
from crisis.notifications import contacts
from crisis.notifications.contacts import ContactIn
from crisis.notifications.models import Part
from crisis.roles import Role
from crisis.settings import Settings
from crisis.users import sessions, totp
from crisis.users.models import How, User
from crisis.users.passwords import Passwords
from crisis.watch.models import Breach
from tests import factories
from tests.adapters.sandbox_server import SandboxServer
from tests.api.server import ApiServer
from tests.browser.places import Ids
from tests.crisis.deliveries.workbench import LIBRARIAN
from tests.crisis.drills.stage import LEADER

PASSWORD = "hest batteri stift korrekt"
PAUSE = 0.25
"""Seconds between two rounds of the engine: here the bell rings without being asked."""
SEND_SECONDS = 20.0
NAMES = {
    Role.DIRECTOR: "Kommunedirektøren",
    Role.EDITOR: "Nettredaktøren",
    Role.UNIT: "Bibliotekaren",
    Role.SWITCHBOARD: "Sentralbordet",
    Role.SPOKESPERSON: "Talspersonen",
    Role.LOGKEEPER: "Loggføreren",
    Role.PREPAREDNESS: "Beredskapskoordinatoren",
    Role.AUDITOR: "Revisoren",
    Role.ADMIN: "Administratoren",
}
UNITS = {Role.UNIT: "biblioteket", Role.EDITOR: factories.EDITORS}


@dataclass(frozen=True)
class Person:
    """Somebody with a login, and the telephone that shows their codes."""

    login: str
    password: str
    codes: pyotp.TOTP


@dataclass
class Town:
    """What a test arranges and looks at. ``people``: how many are on the list that alerts go to."""

    crisis: Crisis
    server: ApiServer
    sandbox: SandboxServer
    people: int = 0
    audience_id: int = 0

    @property
    def url(self) -> str:
        """The desk's address."""
        return self.server.url

    async def furnish(self, people: int = 3) -> None:
        """Accounts on every channel and a list of people, as on an ordinary day."""
        crisis = self.crisis
        await factories.account(crisis, "website", name="Krisesiden")
        await factories.account(crisis, "facebook", name="Fjordvik kommune", address="1234")
        await factories.account(crisis, "twitter", name="@fjordvik", address="5678")
        await factories.account(crisis, "sms", name="Fjordvik", address="Fjordvik")
        await factories.account(crisis, "facebook", unit="biblioteket", name="Fjordvik bibliotek", address="4321")
        await factories.account(crisis, "twitter", unit="kulturskolen", name="@kulturskolen", address="8765")
        self.people, self.audience_id = people, await factories.audience(crisis, people, "Alle innbyggere")

    async def user(self, role: Role, language: str = "nb") -> User:
        """A person of this role, who cannot sign in by themselves."""
        async with self.crisis.db.transaction() as session:
            row = User(name=NAMES[role], role=role, unit=UNITS.get(role), language=language, created_by="vakt")
            session.add(row)
        return row

    async def secret(self, role: Role, language: str = "nb") -> str:
        """The session's secret of a person of this role who has just signed in."""
        user = await self.user(role, language)
        return await sessions.begin(self.crisis.db, user, How.PASSWORD, agent="Chromium", address="127.0.0.1")

    async def person(self, role: Role, login: str) -> Person:
        """Somebody who signs in at the sign-in page."""
        made, codes = await self.user(role), totp.new()
        hashed = await Passwords().hash(PASSWORD)
        async with self.crisis.db.transaction() as session:
            row = await session.get_one(User, made.id)
            row.login, row.password, row.totp = login, hashed, totp.seal(self.crisis.credentials, made.id, codes)
        return Person(login, PASSWORD, pyotp.TOTP(codes))

    async def in_crisis(self, mode: Mode = Mode.ACTUAL) -> Ids:
        """A crisis (or an exercise) an hour in: an alert that reached some, a draft of what follows, a unit's post that was
        stopped, and a note in the log.
        """
        crisis, drill = self.crisis, 0
        accounts = await crisis.posts.outlets(LIBRARIAN)
        later = clock.now() + timedelta(hours=1)
        if mode is Mode.ACTUAL:
            await crisis.posts.publish(
                LIBRARIAN, accounts[0].account.id, "Lesestund i dag klokken 12", publish_at=later
            )
        else:
            drill = await self.drill()
        activation = await factories.activation(crisis.db, mode)
        if drill:
            await conductor_of(crisis).tick()
        self.sandbox.fault("twilio", "error", times=1, status=400, code=21211, message="Invalid 'To' Phone Number")
        self.sandbox.fault("x", "error", status=403, message="Forbidden")
        async with self.sending(mode):
            sent = await factories.approved_alert(crisis, activation.id, audience_id=self.audience_id)
            await self.until_sent()
        await follow.after(
            *(crisis.db, factories.EDITOR, sent.revision.message_id, Kind.UPDATE, crisis.settings.languages),
            next_update_at=later,
        )
        note = Written("Politiet er på stedet.", told_by="Operasjonssentralen")
        await notes.write(crisis.db, factories.EDITOR, activation.id, note)
        imported = await self.imported(b"navn;telefon\nKari;90000001\nOla;1234\nPer;90000002\n")
        breach, contact = await self.behind_the_gate(activation, accounts[0].account.id)
        there = await self.ids(mode)
        return replace(
            there, imported=imported, drill=drill, post=int(mode is Mode.ACTUAL), breach=breach, contact=contact
        )

    async def behind_the_gate(self, activation: Activation, account_id: int) -> tuple[int, int]:
        """The unit's access is revoked at its platform, and a post came out there all the same: the breach's number, and that
        of the unit's leader.
        """
        crisis, mode, now = self.crisis, activation.mode, clock.now()
        common = {"mode": mode, "activation_id": activation.id, "account_id": account_id}
        saved = Access((Right("9", "Bibliotekaren", ("CREATE_CONTENT",)),)).to_json()
        found = Access().to_json()
        breach = Breach(reference="behind-our-back", text="Fest i kveld likevel", posted_at=now, **common)
        async with crisis.db.transaction() as session:
            session.add_all(
                [breach, AccountLever(state=LeverState.PULLED, saved=saved, found=found, pulled_at=now, **common)]
            )
        leader = await contacts.add_contact(
            *(crisis.db, factories.OPERATOR, LIBRARIAN.unit, ContactIn("Lise Lund", Part.LEADER, phone="90000009")),
            sealer=crisis.numbers,
            region="NO",
            editors_unit=factories.EDITORS,
        )
        return breach.id, leader.id

    async def drill(self) -> int:
        """A drill that has begun, with its first inject in the players' inbox; its number."""
        crisis = self.crisis
        entry = crisis.shelf.entry("kvikkleireskred")
        assert entry.playbook is not None
        drill = await drills.start(crisis.db, LEADER, entry.playbook, sha256=entry.sha256)
        await conductor_of(crisis).tick()
        return drill.id

    async def imported(self, csv: bytes) -> int:
        """A list of people that was read in from a file; the import's number."""
        crisis, name = self.crisis, "Frivillige"
        number = await imports.begin(crisis.db, factories.EDITOR, name, size=len(csv), replace=False)
        await imports.carry_out(
            crisis.db, factories.EDITOR, number, io.BytesIO(csv), sealer=crisis.numbers, settings=crisis.settings
        )
        return number

    async def ids(self, mode: Mode = Mode.ACTUAL) -> Ids:
        """What is in force now, its newest draft, and a delivery, preferably one that something went wrong with."""
        newest = text(
            "SELECT r.id, r.message_id, m.activation_id FROM revisions r JOIN messages m ON m.id = r.message_id"
            " WHERE m.mode = :mode ORDER BY r.id DESC LIMIT 1"
        )
        worst = text(
            "SELECT d.id FROM deliveries d JOIN renditions r ON r.id = d.rendition_id WHERE d.mode = :mode"
            " AND r.revision_id IS NOT NULL ORDER BY d.state IN ('accepted', 'sent', 'delivered'), d.id LIMIT 1"
        )
        async with self.crisis.db.transaction() as session:
            row = (await session.execute(newest, {"mode": mode.value})).one()
            delivery = (await session.execute(worst, {"mode": mode.value})).scalar_one_or_none()
        return Ids(row.activation_id, row.message_id, row.id, delivery=delivery or 0, mode=mode)

    async def until_sent(self) -> None:
        """Wait until nothing is to be sent now."""
        due = text(
            "SELECT a.channel || ' ' || d.state || coalesce(': ' || d.error, '') FROM deliveries d JOIN accounts a ON a.id = d.account_id"
            " WHERE d.state IN ('ready', 'leased', 'in_flight') AND d.due_at < now()"
        )
        end = time.monotonic() + SEND_SECONDS
        while True:
            async with self.crisis.db.transaction() as session:
                waiting = (await session.execute(due)).scalars().all()
            if not waiting:
                return
            assert time.monotonic() < end, waiting
            await asyncio.sleep(PAUSE)

    @asynccontextmanager
    async def sending(self, *modes: Mode) -> AsyncIterator[None]:
        """Send what is approved, as long as this lasts."""
        engines = [engine_for(mode, self.crisis.settings, self.crisis.db) for mode in modes or tuple(Mode)]
        stopped = asyncio.Event()

        async def pump() -> None:
            while not stopped.is_set():
                for engine in engines:
                    await engine.sweep_and_deliver()
                await asyncio.sleep(PAUSE)

        pumping = asyncio.create_task(pump())
        try:
            yield
        finally:
            stopped.set()
            await pumping
            for engine in engines:
                for channel in engine.channels.values():
                    await channel.close()


def settings_of(given: Settings, sandbox: SandboxServer, port: int) -> Settings:
    """An installation's settings, with the sandbox as every provider and the desk on this port of loopback."""
    changes = {
        "redis_url": None,
        "graph_url": f"{sandbox.url}/graph",
        "x_url": f"{sandbox.url}/x",
        "twilio_url": f"{sandbox.url}/twilio",
        "twilio_account_sid": SecretStr(sandbox.account_sid),
        "twilio_auth_token": SecretStr(sandbox.token),
        "x_consumer_key": SecretStr("key"),
        "x_consumer_secret": SecretStr("secret"),
        "facebook_app_secret": SecretStr(secrets.token_hex(16)),
        "sandbox_url": sandbox.url,
        "sandbox_token": SecretStr(sandbox.token),
        "sms_settle_seconds": 0.0,
        "call_seconds": 5.0,
        "drain_seconds": 1.0,
        "public_url": f"http://127.0.0.1:{port}",
    }
    return Settings(**given.model_dump() | changes)
