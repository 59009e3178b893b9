"""How the installation is set up: its channels and whether each works, what the checkup finds, and what was set.

It shows and tries; it changes nothing. What is set here is set in the server's environment, and no secret is ever shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from babel import Locale, UnknownLocaleError
from fastapi import APIRouter
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.route import PageRoute, TheVisit
from api.desk.sentences import find, told
from api.desk.visit import Visit
from crisis.accounts import service as accounts
from crisis.accounts.models import AccountState
from crisis.checkup import providers, trial
from crisis.checkup.examination import examine
from crisis.checkup.findings import Finding, Level
from crisis.checkup.trial import Answer, Tried
from crisis.roles import Act
from crisis.targets import TARGETS, Measure
from crisis.tongue import texts
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
TARGET_WORDS = {
    Measure.ACCOUNTS_LOCKED: N_("Fra krisestab er satt, til alle kontoer er låst"),
    Measure.FIRST_MESSAGE: N_("Fra krisestab er satt, til første melding er sendt"),
    Measure.LAST_CHANNEL: N_("Fra første til siste kanal"),
    Measure.SWITCHBOARD: N_("Fra første melding til sentralbordet har den"),
    Measure.EMPLOYEES: N_("Fra første melding til de ansatte har den"),
    Measure.NEXT_UPDATE: N_("Mellom meldinger mens det haster"),
    Measure.ALL_CLEAR: N_("Fra avgjørelsen til «Faren er over» er i alle kanaler"),
}


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel as this page shows it."""

    channel: str
    name: str
    carriers: Sequence[str]
    """The web editors' connected accounts there."""
    others: int
    """Other units' connected accounts."""
    missing: Sequence[str]
    """The settings that it lacks."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding in the page's language; ``foreign`` where the domain's own English is all there is."""

    part: str
    level: Level
    found: str
    advice: str
    foreign: bool


@router.get("/settings")
async def show(visit: TheVisit) -> Response:
    """Everything; with ``?check=yes`` the checkup too, which takes some seconds."""
    visit.require(Act.MANAGE_ACCOUNTS)
    wanted = visit.request.query_params.get("check") == "yes"
    return await _page(visit, findings=await _findings(visit) if wanted else None)


@router.get("/settings/checkup")
async def check(visit: TheVisit) -> Response:
    """What the checkup finds, for the part of the page that waits for it."""
    visit.require(Act.MANAGE_ACCOUNTS)
    findings = await _findings(visit)
    if visit.is_partial:
        return await visit.block("settings", "checkup", findings=findings, Level=Level)
    return await _page(visit, findings=findings)


@router.post("/settings/channels/{channel}/try")
async def try_channel(channel: str, visit: TheVisit) -> Response:
    """Ask the channel's provider whether it answers and takes our credentials. Nothing is published."""
    found = await trial.try_channel(visit.crisis, visit.require(Act.MANAGE_ACCOUNTS), channel)
    return await _page(visit, tried={channel: found})


async def _page(
    visit: Visit, *, findings: Sequence[Shown] | None = None, tried: dict[str, Sequence[Tried]] | None = None
) -> Response:
    settings, _ = visit.crisis.settings, visit.gettext
    return await visit.page(
        "settings",
        outlets=await _outlets(visit),
        findings=findings,
        tried=tried or {},
        settings=settings,
        written=[_language(visit, each) for each in settings.languages],
        spoken=list(texts.LANGUAGES.values()),
        targets=[(_(TARGET_WORDS[measure]), length // timedelta(minutes=1)) for measure, length in TARGETS.items()],
        Level=Level,
        Answer=Answer,
    )


async def _outlets(visit: Visit) -> Sequence[Outlet]:
    settings = visit.crisis.settings
    async with visit.crisis.db.transaction() as session:
        rows = [
            row for row in await accounts.list_accounts(session) if row.address and row.state is AccountState.ACTIVE
        ]
    found = []
    for channel in sorted(visit.crisis.capabilities):
        here = [row for row in rows if row.channel == channel]
        ours = [row.name for row in here if row.unit == settings.editors_unit]
        missing = providers.unset(settings, channel)
        found.append(Outlet(channel, channel_name(visit, channel), ours, len(here) - len(ours), missing))
    return sorted(found, key=lambda each: each.name.casefold())


def _language(visit: Visit, code: str) -> str:
    """A language by its name in the page's."""
    try:
        return Locale.parse(code).get_display_name(visit.language) or code
    except (ValueError, UnknownLocaleError):
        return code


async def _findings(visit: Visit) -> Sequence[Shown]:
    """What must be mended first. What waits for people is on the board and in every page's bar, and not here."""
    order = [Level.WRONG, Level.NOTE, Level.OK]
    found = sorted(await examine(visit.crisis.settings, with_undone=False), key=lambda each: order.index(each.level))
    return [_shown(visit, each) for each in found]


def _shown(visit: Visit, finding: Finding) -> Shown:
    named = find(visit, finding.part) or channel_name(visit, finding.part)
    foreign = find(visit, finding.found) is None and visit.language != "en"
    return Shown(named, finding.level, told(visit, finding.found), told(visit, finding.advice), foreign)
