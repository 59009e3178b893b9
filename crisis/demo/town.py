"""The town: Fjordvik's register, its people and its units' posts, brought in through the same doors as a real one's."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from crisis import clock
from crisis.accounts import register
from crisis.accounts import service as accounts
from crisis.accounts.models import Account
from crisis.audiences import service as audiences
from crisis.audiences.importer import ImportReport, import_recipients
from crisis.bootstrap import Crisis
from crisis.demo import people
from crisis.demo.place import AUDIENCE, EDITORS
from crisis.notifications import contact_sheet
from crisis.posts.standing import Standing
from crisis.roles import Actor, Role

REGISTER = Path(__file__).with_name("register.csv")

DIRECTOR = Actor("Kommunedirektøren", Role.DIRECTOR)
DEPUTY = Actor("Varabrannsjefen", Role.DIRECTOR)
EDITOR = Actor("Nettredaksjonen", Role.EDITOR, EDITORS)
KEEPER = Actor("Systemansvarlig", Role.OPERATOR)

LIBRARY = ("facebook", "Fjordvik bibliotek")
SCHOOL = ("facebook", "Fjordvik skole")
HOUSE = ("facebook", "Fjordvik kulturhus")
HOUSE_ON_X = ("twitter", "Fjordvik kulturhus")
WORKS = ("facebook", "Vei og vann i Fjordvik")
WORKS_ON_X = ("twitter", "Vei og vann i Fjordvik")

TODAY = (
    (LIBRARY, "Lesestund for barn klokka 17 i dag. Alle er velkomne."),
    (SCHOOL, "Sjuende trinn har bakt boller. Kom innom kantina i storefri."),
    (WORKS_ON_X, "Strøsand kan hentes på kommunelageret til klokka 18."),
)
"""Published in ordinary times."""
IN_FLIGHT = (WORKS, "Vi spyler vannledningene i Strandgata fram til klokka 15. Vannet kan bli brunt en stund.")
"""On its way to a slow provider at the moment of the lock."""
QUEUED = (
    (HOUSE, "Få billetter igjen til kveldens konsert. Velkommen til en glad aften!"),
    (HOUSE_ON_X, "Kveldens konsert: få billetter igjen!"),
    (SCHOOL, "Husk dugnaden på skoleplassen i ettermiddag. Ta med godt humør!"),
    (LIBRARY, "Ukas boktips: tre krimbøker for mørke kvelder."),
)
"""Scheduled by their units to go out some seconds later: in the middle of the crisis."""
LATER = (LIBRARY, "Spillkveld for ungdom i morgen klokka 18. Gratis inngang.")
REFUSED = (LIBRARY, "Vi holder åpent som vanlig i dag!")


@dataclass(frozen=True, slots=True)
class Town:
    """Fjordvik as it is in the database."""

    accounts: Mapping[tuple[str, str], Account]
    audience_id: int
    audience: int
    imported: ImportReport | None
    """What the import said; ``None`` where an earlier demo had brought the people already."""

    @property
    def unit_addresses(self) -> frozenset[str]:
        """What providers know the units' accounts by: every account but the editors'."""
        return frozenset(a.address for a in self.accounts.values() if a.unit != EDITORS and a.address)


def known_accounts(crisis: Crisis) -> frozenset[tuple[str, str, str]]:
    """Channel, name and unit of each of the town's accounts."""
    rows = register.read(REGISTER, channels=crisis.capabilities.keys(), settings=crisis.settings)
    return frozenset((str(channel), str(name), str(unit)) for channel, name, unit in rows)


async def settle(crisis: Crisis, sandbox: str) -> Town:
    """Bring in what is not there yet."""
    await register.import_register(
        crisis.db, KEEPER, REGISTER, channels=crisis.capabilities.keys(), settings=crisis.settings
    )
    async with crisis.db.transaction() as session:
        rows = await accounts.list_accounts(session)
    for row in rows:
        address = _address(row, sandbox)
        if row.channel in crisis.capabilities and row.address != address:
            await accounts.connect_account(
                crisis.db,
                KEEPER,
                row.id,
                address=address,
                credentials=_credentials(row, address),
                sealer=crisis.credentials,
            )
    imported = await _people(crisis)
    await contact_sheet.import_contacts(
        crisis.db, KEEPER, people.CONTACTS, sealer=crisis.numbers, settings=crisis.settings
    )
    async with crisis.db.transaction() as session:
        rows = await accounts.list_accounts(session)
        audience = await audiences.get_by_name(session, AUDIENCE)
        size = await audiences.count(session, audience.id)
    await _forget_last_time(crisis)
    return Town({(row.channel, row.name): row for row in rows}, audience.id, size, imported)


async def post(
    crisis: Crisis, town: Town, what: tuple[tuple[str, str], str], publish_at: datetime | None = None
) -> Standing:
    """A unit's own editor publishes, or schedules."""
    (channel, name), text = what
    account = town.accounts[channel, name]
    return await crisis.posts.publish(owner(account), account.id, text, publish_at=publish_at)


async def schedule_later(crisis: Crisis, town: Town) -> None:
    """Something for tomorrow, unless an earlier demo left it waiting."""
    standing = await crisis.posts.list(KEEPER, most=1_000)
    if not any(each.text == LATER[1] and "ready" in each.counts for each in standing):
        await post(crisis, town, LATER, clock.now() + timedelta(days=1))


def owner(account: Account) -> Actor:
    """The unit's own editor."""
    return Actor(account.unit[:1].upper() + account.unit[1:], Role.UNIT, account.unit)


async def standings(crisis: Crisis, posts: Sequence[int]) -> dict[int, Standing]:
    """How these posts stand."""
    return {number: await crisis.posts.get(KEEPER, number) for number in posts}


async def _people(crisis: Crisis) -> ImportReport | None:
    async with crisis.db.transaction() as session:
        found = await audiences.find_by_name(session, AUDIENCE)
        if found is not None and await audiences.count(session, found.id) == people.COUNT:
            return None
    with tempfile.TemporaryDirectory(prefix="crisis-demo-") as folder:
        file = Path(folder) / "innbyggere.csv"
        file.write_text(people.csv_file(), encoding="utf-8")
        return await import_recipients(
            crisis.db,
            KEEPER,
            AUDIENCE,
            file,
            sealer=crisis.numbers,
            settings=crisis.settings,
            replace=found is not None,
            on_rejected=lambda _line, _reason: None,
        )


async def _forget_last_time(crisis: Crisis) -> None:
    """Posts that an earlier demo's lock held are dropped, by their owners."""
    after = 0
    while page := await crisis.posts.list(KEEPER, after=after):
        for each in page:
            if "blocked" in each.counts:
                await crisis.posts.decide(Actor(each.unit, Role.UNIT, each.unit), each.id, publish=False)
        after = page[-1].id


def _address(row: Account, sandbox: str) -> str:
    """Made-up ids, sites at the sandbox, and a sender's name."""
    return {
        "website": row.name,
        "wordpress": f"{sandbox}/wp",
        "sms": row.name,
    }.get(row.channel, f"9000{row.id:04d}")


def _credentials(row: Account, address: str) -> Mapping[str, str]:
    """Worth nothing anywhere. The stand-in for X reads whose token it is out of the token."""
    return {
        "wordpress": {"username": "demo", "application_password": "demo demo demo"},
        "facebook": {"page_token": "demo"},
        "twitter": {"access_token": f"{address}-demo", "access_token_secret": "demo"},
    }.get(row.channel, {})
