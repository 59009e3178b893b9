"""One account: how it stands, and what an administrator sets for it. Credentials go in, and are never shown again."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.desk import platform_words
from api.desk.channels import channel_name
from api.desk.confirm import asked_first
from api.desk.lock_view import shown
from api.desk.reasons import reason
from api.desk.route import PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.typed import number
from api.desk.visit import Visit
from crisis.accounts import service
from crisis.accounts.models import Account, AccountState
from crisis.activations.service import find_current
from crisis.channel_access import Access
from crisis.errors import Conflict, Invalid, NotFound
from crisis.limits import overview, ranges
from crisis.limits import service as limits
from crisis.messages.rendered import CHANNEL_NAMES
from crisis.roles import Act
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CREDENTIALS = {
    "page_token": N_("Sidenøkkel (page access token)"),
    "access_token": N_("Tilgangsnøkkel (access token)"),
    "access_token_secret": N_("Hemmelig del av tilgangsnøkkelen (access token secret)"),
    "username": N_("Brukernavn"),
    "application_password": N_("Programpassord (application password)"),
    "business_id": N_("Nummeret på virksomhetsporteføljen hos Meta (business id)"),
    "admin_token": N_("Nøkkelen til en systembruker med full tilgang (admin system user token)"),
    "admin_username": N_("Administratorens brukernavn"),
    "admin_application_password": N_("Administratorens programpassord (application password)"),
    "publisher": N_("Brukeren som tjenesten publiserer med: navnet i WordPress, nummeret hos Meta"),
    "subaccount_sid": N_("Underkontoens nummer (SID)"),
    "account_sid": N_("Hovedkontoens nummer (SID)"),
    "auth_token": N_("Hovedkontoens nøkkel (auth token)"),
    "tool_key": N_("Verktøyets nøkkel (consumer key)"),
    "tool_secret": N_("Hemmelig del av verktøyets nøkkel (consumer secret)"),
    "tool_token": N_("Verktøyets tilgangsnøkkel til kontoen (access token)"),
    "tool_token_secret": N_("Hemmelig del av verktøyets tilgangsnøkkel (access token secret)"),
}
"""What the page calls each of an account's credentials. One that is not here goes by its own name."""
SECRETS = frozenset(
    {
        "admin_token",
        "admin_application_password",
        "auth_token",
        "tool_key",
        "tool_secret",
        "tool_token",
        "tool_token_secret",
    }
)
"""Those of an administrator's that nobody else may see being typed; the others are names and numbers."""
ADDRESSES = {
    "facebook": (N_("Sidens nummer hos Facebook"), N_("Står i innstillingene for siden, under «Om».")),
    "twitter": (N_("Kontoens nummer hos X"), N_("Bare tall, ikke @-navnet.")),
    "sms": (
        N_("Avsender"),
        N_("Navn med høyst 11 tegn, et nummer med landkode, eller nummeret på en meldingstjeneste hos Twilio (MG…)."),
    ),
    "wordpress": (N_("Nettstedets adresse"), N_("For eksempel https://www.fjordvik.kommune.no")),
    "website": (N_("Adressen til krisesiden"), N_("Det innbyggerne skriver i nettleseren.")),
}
"""What an account's address is on each channel: its label, and how to find it."""
OTHER_ADDRESS = (N_("Adresse hos tilbyderen"), "")


@router.get("/accounts/{account_id:int}")
async def show(account_id: int, visit: TheVisit) -> Response:
    """How it stands; for whoever keeps the register, with forms."""
    visit.require(Act.READ_CRISIS)
    return await page(visit, account_id)


@router.post("/accounts/{account_id:int}/connection")
async def connect(account_id: int, visit: TheVisit) -> Response:
    """Say where the account is, and with what to publish there. Replaces what was said before."""
    actor, form, _ = visit.require(Act.MANAGE_ACCOUNTS), await visit.form(), visit.gettext
    account = await account_of(visit, account_id)
    address = str(form.get("address", ""))
    if asked := await asked_first(visit, Act.MANAGE_ACCOUNTS, back=f"/accounts/{account_id}"):
        return asked
    wanted = _wanted(visit, account)
    given = {name: str(form.get(f"credential-{name}", "")).strip() for name in wanted}
    problems = {
        f"credential-{name}": _("Skriv den inn. Det som er lagret fra før, vises aldri, og erstattes helt.")
        for name in wanted
        if not given[name]
    }
    if not problems:
        try:
            await limits.connect_account(
                visit.crisis.db,
                actor,
                account_id,
                address=address,
                credentials=given,
                sealer=visit.crisis.credentials,
            )
        except Invalid as error:
            problems["address"] = told(visit, error.summary)
        else:
            said = _("%(account)s er koblet til. Nøklene er forseglet og vises ikke igjen.", account=account.name)
            return visit.to(f"/accounts/{account_id}", said=said)
    elif not address.strip():
        problems["address"] = _("Skriv adressen.")
    return await page(visit, account_id, problems, {"address": address})


@router.post("/accounts/{account_id:int}/limit")
async def set_limit(account_id: int, visit: TheVisit) -> Response:
    """How fast it may go; an empty field takes the limit away."""
    actor, form = visit.require(Act.MANAGE_ACCOUNTS), await visit.form()
    typed = {name: str(form.get(name, "")).strip() for name in ("concurrency", "per_second")}
    numbers: dict[str, float | None] = {}
    problems = {}
    for name, text in typed.items():
        try:
            numbers[name] = ranges.read_number(text.replace(",", "."), name) if text else None
        except Invalid:
            problems[name] = visit.gettext("Skriv et tall, eller la feltet stå tomt.")
            continue
        alone = {"concurrency": None, "per_second": None} | {name: numbers[name]}
        for problem in ranges.out_of_range(**alone):
            problems[name] = told(visit, problem)
    if problems:
        return await page(visit, account_id, problems, typed)
    await limits.set_limit(visit.crisis.db, actor, account_id, **numbers)
    return visit.to(f"/accounts/{account_id}", said=visit.gettext("Farten er satt. Den gjelder innen ett sekund."))


@router.post("/accounts/{account_id:int}/leader")
async def set_leader(account_id: int, visit: TheVisit) -> Response:
    """Who answers for it; empty: nobody is named."""
    actor, form = visit.require(Act.MANAGE_ACCOUNTS), await visit.form()
    leader = str(form.get("leader", ""))
    try:
        await service.set_leader(visit.crisis.db, actor, account_id, leader if leader.strip() else None)
    except Invalid as error:
        return await page(visit, account_id, {"leader": told(visit, error.summary)}, {"leader": leader})
    return visit.to(f"/accounts/{account_id}", said=visit.gettext("Enhetslederen er lagret."))


@router.post("/accounts/{account_id:int}/standby")
async def set_standby(account_id: int, visit: TheVisit) -> Response:
    """Whose messages it carries when that one does not answer; empty: nobody's."""
    actor, form = visit.require(Act.MANAGE_ACCOUNTS), await visit.form()
    text = str(form.get("standby_for", ""))
    first = number(text) or None
    try:
        await limits.set_standby(visit.crisis.db, actor, account_id, standby_for=first)
    except (Conflict, NotFound) as error:
        return await page(visit, account_id, {"standby_for": told(visit, error.args[0])}, {"standby_for": text})
    return visit.to(f"/accounts/{account_id}", said=visit.gettext("Reserven er lagret."))


@router.post("/accounts/{account_id:int}/close")
async def close(account_id: int, visit: TheVisit) -> Response:
    """Take it out of use. A second press on the same button is no error."""
    actor = visit.require(Act.MANAGE_ACCOUNTS)
    account = await account_of(visit, account_id)
    if account.state is not AccountState.CLOSED:
        await service.close_account(visit.crisis.db, actor, account_id)
    said = visit.gettext("%(account)s er tatt ut av bruk. Nøklene er slettet.", account=account.name)
    return visit.to(f"/accounts/{account_id}", said=said)


async def account_of(visit: Visit, account_id: int) -> Account:
    """The account. Raises :class:`NotFound`."""
    async with visit.crisis.db.transaction() as session:
        return await service.get_account(session, account_id)


def lever_names(visit: Visit, account: Account) -> tuple[str, ...]:
    """The administrator's credentials that the account's lever takes; none where its channel has no lever."""
    return tuple(visit.crisis.levers.get(account.channel, ()))


def _wanted(visit: Visit, account: Account) -> tuple[str, ...]:
    held = visit.crisis.capabilities.get(account.channel)
    return held.credentials if held else ()


async def page(
    visit: Visit,
    account_id: int,
    problems: Mapping[str, str] | None = None,
    typed: Mapping[str, Any] | None = None,
    seen: Access | None = None,
) -> Response:
    """The page. ``seen``: who can publish there beside this service, if its lever has just been tried."""
    async with visit.crisis.db.transaction() as session:
        activation = await find_current(session, visit.mode)
        account = await service.get_account(session, account_id)
        proofs = await shown(visit, session, activation, account.unit)
        rows = await overview.read(
            session,
            visit.mode,
            visit.crisis.capabilities,
            CHANNEL_NAMES,
            locked=activation is not None,
            unit=account.unit,
            channel=account.channel,
        )
    row = next(each for each in rows if each.account.id == account_id)
    names = {each.account.id: each.account.name for each in rows}
    label, about = ADDRESSES.get(account.channel, OTHER_ADDRESS)
    held = {
        "address": account.address or "",
        "leader": account.leader or "",
        "concurrency": row.limited.concurrency if row.limited.concurrency is not None else "",
        "per_second": f"{row.limited.per_second:g}" if row.limited.per_second is not None else "",
        "standby_for": row.limited.standby_for or "",
        "feed_url": account.feed_url or "",
        "only_here": "only_here" if account.only_here else "",
    }
    _ = visit.gettext
    return await visit.page(
        "account",
        status=422 if problems else 200,
        row=row,
        activation=activation,
        proof=proofs.get(account_id),
        typed=held | dict(typed or {}),
        problems=problems or {},
        address=(_(label), _(about) if about else None),
        credentials=[(name, _(CREDENTIALS.get(name, name))) for name in _wanted(visit, account)],
        lever=[(name, _(CREDENTIALS.get(name, name))) for name in lever_names(visit, account)],
        secrets=SECRETS,
        seen=seen,
        facts=platform_words.facts(visit, seen) if seen else (),
        word=lambda each: platform_words.word(visit, each),
        names=names,
        others=[
            (each.account.id, each.account.name)
            for each in rows
            if each.account.id != account_id and each.account.state is AccountState.ACTIVE
        ],
        editors_unit=visit.crisis.settings.editors_unit,
        channel_name=lambda each: channel_name(visit, each),
        why=reason(visit, row.trouble.reason, None) if row.trouble else "",
        is_closed=account.state is AccountState.CLOSED,
    )
