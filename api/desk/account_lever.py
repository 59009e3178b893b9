"""One account's lever: with what others' right to publish is taken for the time of a lock, whom that would cut off, and where the
account can be watched. Said before it is needed at 03.00.
"""

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.account import account_of, lever_names, page
from api.desk.confirm import asked_first
from api.desk.reasons import reason
from api.desk.route import PageRoute, TheVisit
from api.desk.sentences import told
from crisis.accounts import administration
from crisis.bootstrap import outside_of
from crisis.errors import Invalid
from crisis.levers import service
from crisis.levers.service import CannotTry
from crisis.roles import Act

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.post("/accounts/{account_id:int}/administration")
async def administer(account_id: int, visit: TheVisit) -> Response:
    """Say with what the lever is pulled. Replaces what was said before."""
    actor, form, _ = visit.require(Act.MANAGE_ACCOUNTS), await visit.form(), visit.gettext
    account = await account_of(visit, account_id)
    if asked := await asked_first(visit, Act.MANAGE_ACCOUNTS, back=f"/accounts/{account_id}"):
        return asked
    given = {name: str(form.get(f"admin-{name}", "")).strip() for name in lever_names(visit, account)}
    problems = {
        f"admin-{name}": _("Skriv den inn. Det som er lagret fra før, vises aldri, og erstattes helt.")
        for name, value in given.items()
        if not value
    }
    if problems:
        return await page(visit, account_id, problems)
    await administration.administer_account(
        visit.crisis.db,
        actor,
        account_id,
        credentials=given,
        sealer=visit.crisis.credentials,
    )
    said = _("Nøklene er forseglet og vises ikke igjen. Prøv sperringen nå, så du vet hva den gjør når det gjelder.")
    return visit.to(f"/accounts/{account_id}#lever", said=said)


@router.post("/accounts/{account_id:int}/lever")
async def try_lever(account_id: int, visit: TheVisit) -> Response:
    """Ask the platform who can publish there beside us. Changes nothing."""
    actor = visit.require(Act.MANAGE_ACCOUNTS)
    try:
        seen = await service.look(visit.crisis.db, actor, account_id, outside_of(visit.crisis.settings))
    except CannotTry as error:
        why = reason(visit, error.reason, None)
        problem = visit.gettext("Sperringen lot seg ikke prøve. Ingenting er endret. %(why)s", why=why)
        return await page(visit, account_id, {"lever": problem})
    return await page(visit, account_id, seen=seen)


@router.post("/accounts/{account_id:int}/watching")
async def set_watching(account_id: int, visit: TheVisit) -> Response:
    """Say where the account can be watched, and whether anybody else can publish there."""
    actor, form = visit.require(Act.MANAGE_ACCOUNTS), await visit.form()
    feed_url, only_here = str(form.get("feed_url", "")), str(form.get("only_here", ""))
    try:
        await administration.set_watching(
            visit.crisis.db, actor, account_id, feed_url=feed_url, only_here=bool(only_here)
        )
    except Invalid as error:
        typed = {"feed_url": feed_url, "only_here": only_here}
        return await page(visit, account_id, {"feed_url": told(visit, error.summary)}, typed)
    return visit.to(f"/accounts/{account_id}", said=visit.gettext("Det er lagret hvordan kontoen holdes øye med."))
