"""Where the demo may be played: a municipality that does not exist, with stand-ins for every provider.

It runs in mode actual, so that what it shows is the real path. Nothing of it may reach anybody, so it refuses to begin
wherever an address, a name, a folder or a row in the database could belong to somebody real.
"""

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crisis.accounts.models import Account
from crisis.audiences.models import Audience
from crisis.bootstrap import SANDBOX_SID
from crisis.demo import people
from crisis.errors import Conflict, Unready
from crisis.settings import Settings

MUNICIPALITY = "Fjordvik kommune"
CRISIS_PAGE_HOST = "krise.fjordvik.kommune.no"
EDITORS = "nettredaksjonen"
AUDIENCE = "Innbyggerne i Fjordvik"

_STRANGERS = text(
    """
    SELECT count(*) FROM recipients r WHERE r.number <> '' AND NOT EXISTS (
        SELECT 1 FROM memberships m JOIN audiences a ON a.id = m.audience_id
        WHERE m.recipient_id = r.id AND a.name = :audience)
      AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.recipient_id = r.id AND c.name = ANY(:contacts))
    """
)


def environment(sandbox_url: str, token: str, api_url: str) -> dict[str, str]:
    """What a process needs in its environment to be part of the demo: every provider is the sandbox, and we are Fjordvik.

    ``token`` is the sandbox's own (``CRISIS_SANDBOX_TOKEN``), which stands in for Twilio's; ``api_url`` is where the
    sandbox's callbacks reach the API.
    """
    sandbox = sandbox_url.rstrip("/")
    return {
        "CRISIS_GRAPH_URL": f"{sandbox}/graph",
        "CRISIS_X_URL": f"{sandbox}/x",
        "CRISIS_TWILIO_URL": f"{sandbox}/twilio",
        "CRISIS_TWILIO_ACCOUNT_SID": SANDBOX_SID,
        "CRISIS_TWILIO_AUTH_TOKEN": token,
        "CRISIS_X_CONSUMER_KEY": "sandbox",
        "CRISIS_X_CONSUMER_SECRET": "sandbox",
        "CRISIS_PUBLIC_URL": api_url,
        "CRISIS_MUNICIPALITY": MUNICIPALITY,
        "CRISIS_CRISIS_PAGE_HOST": CRISIS_PAGE_HOST,
        "CRISIS_EDITORS_UNIT": EDITORS,
        "CRISIS_LANGUAGES": "nb,nn,en",
        "CRISIS_DEMO": "true",
    }


def check_settings(settings: Settings) -> str:
    """The sandbox's address. Raises :class:`Unready` with everything that makes these settings unfit for a demo."""
    sandbox = (settings.sandbox_url or "").rstrip("/")
    problems = [] if sandbox else ["There is no sandbox (CRISIS_SANDBOX_URL)."]
    if sandbox and not is_loopback(urlsplit(sandbox).hostname or ""):
        problems.append(f"The sandbox ({sandbox}) is not on this machine.")
    for name, path in {"graph_url": "graph", "x_url": "x", "twilio_url": "twilio"}.items():
        value = str(getattr(settings, name)).rstrip("/")
        if value != f"{sandbox}/{path}":
            problems.append(f"CRISIS_{name.upper()} is {value}, not the sandbox's {sandbox}/{path}.")
    if settings.municipality != MUNICIPALITY or settings.crisis_page_host != CRISIS_PAGE_HOST:
        problems.append(
            f"The municipality is {settings.municipality} ({settings.crisis_page_host}), not {MUNICIPALITY}."
        )
    if not settings.crisis_page_dir.is_relative_to(settings.home):
        problems.append(f"The crisis page lies in {settings.crisis_page_dir}, which somebody may be reading.")
    if settings.editors_unit != EDITORS or settings.languages != ("nb", "nn", "en"):
        problems.append("The editors' unit or the languages are not the demo's.")
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        raise Unready(
            "The demo was not begun, and nothing was sent: it shows an alarm, and here it could reach somebody.\n"
            f"{listed}\nStart a place made for it with `crisis up --demo`, with a CRISIS_HOME of its own."
        )
    return sandbox


async def check_database(session: AsyncSession, known: Collection[tuple[str, str, str]], sandbox: str) -> None:
    """Raise :class:`Conflict` unless everything in the database is the demo's. ``known`` names its accounts."""
    accounts = (await session.scalars(select(Account))).all()
    found = [f"the account {a.name} ({a.unit})" for a in accounts if (a.channel, a.name, a.unit) not in known]
    found += [f"the address {a.address} of {a.name}" for a in accounts if not _is_ours(a.address, sandbox)]
    names = (await session.scalars(select(Audience.name).where(Audience.name != AUDIENCE))).all()
    found += [f"the audience {name}" for name in names]
    values = {"audience": AUDIENCE, "contacts": [each["name"] for each in people.contacts()]}
    if strangers := (await session.execute(_STRANGERS, values)).scalar_one():
        found.append(f"{strangers:,} recipients that the demo did not bring")
    if found:
        raise Conflict(
            "The demo was not begun, and nothing was sent: the database holds more than the demo's own data "
            f"({', '.join(found[:5])}{', and more' if len(found) > 5 else ''}). "  # noqa: PLR2004 - a few will do
            "Give the demo a home of its own: CRISIS_HOME=./demo crisis up --demo"
        )


def is_loopback(host: str) -> bool:
    """This machine, by name or number."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def crisis_page(settings: Settings) -> str:
    """Where the API shows the crisis page's files."""
    return f"{settings.public_url.rstrip('/')}/crisis-page/"


def _is_ours(address: str | None, sandbox: str) -> bool:
    """Not a site elsewhere. Ids and sender names mean nothing but at the provider, and that is the sandbox."""
    if address is None or "://" not in address:
        return True
    return address.startswith(f"{sandbox}/") or is_loopback(urlsplit(address).hostname or "")


def addresses(settings: Settings) -> Mapping[str, str]:
    """Where to look afterwards."""
    return {
        "Desk": f"{settings.public_url.rstrip('/')}/demo",
        "API": f"{settings.public_url.rstrip('/')}/openapi.json",
        "Sandbox": f"{(settings.sandbox_url or '').rstrip('/')}/",
        "Crisis page": crisis_page(settings),
    }
