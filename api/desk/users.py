"""Users: who may sign in, as what; and the links by which they choose how. For the administrator."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.confirm import asked_first
from api.desk.route import PageRoute, TheVisit
from api.desk.visit import Visit
from crisis.errors import Invalid
from crisis.roles import Act, Role
from crisis.tongue import roles
from crisis.users import enrolment, passkeys, service, sessions
from crisis.users.models import User
from crisis.users.service import LoginTaken, NotOneself

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/users")
async def show(visit: TheVisit) -> Response:
    """Everybody."""
    visit.require(Act.MANAGE_USERS)
    async with visit.crisis.db.transaction() as session:
        found, counted = await service.list_users(session), await sessions.count(session)
    return await visit.page("users", users=found, counted=counted, role_names=roles.NAMES)


@router.get("/users/new")
async def ask(visit: TheVisit) -> Response:
    """The form for one more."""
    visit.require(Act.MANAGE_USERS)
    return await asked_first(visit) or await _form(visit, {})


@router.post("/users")
async def add(visit: TheVisit) -> Response:
    """One more person, and their link: shown this once."""
    actor = visit.require(Act.MANAGE_USERS)
    if asked := await asked_first(visit):
        return asked
    typed, _ = await _typed(visit), visit.gettext
    problem, editors = {}, visit.crisis.settings.editors_unit
    try:
        role = _role(typed)
        unit = service.unit_for(role, typed["unit"], editors)
        user, link = await service.add(
            visit.crisis.db, actor, typed["name"], typed["login"], role, unit, language=visit.language
        )
    except LoginTaken:
        problem = {"login": _("Noen andre har dette brukernavnet. Velg et annet.")}
    except Invalid:
        problem = _problems(visit, typed)
    if problem:
        return await _form(visit, typed, problem)
    return await _link(visit, user, link)


@router.get("/users/{user_id:int}")
async def one(visit: TheVisit, user_id: int) -> Response:
    """One person: what they are, how they sign in, and what can be changed."""
    visit.require(Act.MANAGE_USERS)
    return await _one(visit, user_id)


@router.post("/users/{user_id:int}")
async def change(visit: TheVisit, user_id: int) -> Response:
    """Another name, role or unit. It counts from the person's next press of a button."""
    actor = visit.require(Act.MANAGE_USERS)
    if asked := await asked_first(visit):
        return asked
    typed, _ = await _typed(visit), visit.gettext
    crisis, by = visit.crisis, visit.signed_in.user_id
    try:
        role = _role(typed)
        unit = service.unit_for(role, typed["unit"], crisis.settings.editors_unit)
        await service.change(crisis.db, actor, user_id, name=typed["name"], role=role, unit=unit, by=by)
    except NotOneself:
        return await _one(visit, user_id, typed, {"role": _oneself(visit)})
    except Invalid:
        return await _one(visit, user_id, typed, _problems(visit, typed))
    return visit.to(f"/users/{user_id}", said=_("Endringen er lagret og gjelder fra nå."))


@router.post("/users/{user_id:int}/disable")
async def disable(visit: TheVisit, user_id: int) -> Response:
    """Out at once, everywhere."""
    actor = visit.require(Act.MANAGE_USERS)
    if asked := await asked_first(visit):
        return asked
    try:
        user = await service.disable(visit.crisis.db, actor, user_id, by=visit.signed_in.user_id)
    except NotOneself:
        return await _one(visit, user_id, None, {"act": _oneself(visit)})
    said = visit.gettext("%(name)s er stengt ute og logget ut overalt.", name=user.name)
    return visit.to(f"/users/{user_id}", said=said)


@router.post("/users/{user_id:int}/enable")
async def enable(visit: TheVisit, user_id: int) -> Response:
    """In again, by what they had before."""
    actor = visit.require(Act.MANAGE_USERS)
    if asked := await asked_first(visit):
        return asked
    user = await service.enable(visit.crisis.db, actor, user_id)
    return visit.to(f"/users/{user_id}", said=visit.gettext("%(name)s kan logge inn igjen.", name=user.name))


@router.post("/users/{user_id:int}/reset")
async def reset(visit: TheVisit, user_id: int) -> Response:
    """Everything they signed in with is forgotten, and there is a new link: shown this once."""
    actor = visit.require(Act.MANAGE_USERS)
    if asked := await asked_first(visit):
        return asked
    try:
        user, link = await service.reset(visit.crisis.db, actor, user_id, by=visit.signed_in.user_id)
    except NotOneself:
        return await _one(visit, user_id, None, {"act": _oneself(visit)})
    return await _link(visit, user, link)


async def _typed(visit: Visit) -> dict[str, str]:
    form = await visit.form()
    return {name: str(form.get(name, "")) for name in ("name", "login", "role", "unit")}


def _role(typed: Mapping[str, str]) -> Role:
    for role in service.ROLES:
        if role.value == typed["role"]:
            return role
    raise Invalid("No role was chosen.")


def _problems(visit: Visit, typed: Mapping[str, str]) -> dict[str, str]:
    """Beside each field, what to do. The domain said no; this says why in the words of the page."""
    _, found = visit.gettext, {}
    if not 0 < len(" ".join(typed["name"].split())) <= service.NAME_MOST or not typed["name"].isprintable():
        found["name"] = _("Skriv navnet slik det skal stå i loggen. Høyst 100 tegn.")
    if typed["role"] not in {role.value for role in service.ROLES}:
        found["role"] = _("Velg en rolle.")
    if typed["role"] == Role.UNIT.value and not typed["unit"].strip():
        found["unit"] = _("En enhetsredaktør må høre til en enhet. Skriv den slik den står i kontoregisteret.")
    if not found:
        found["login"] = _("Bruk 2 til 64 tegn: a–z, tall og . _ @ + -. Begynn med en bokstav eller et tall.")
    return found


def _oneself(visit: Visit) -> str:
    return visit.gettext("Dette kan du ikke gjøre med deg selv. En annen administrator kan.")


async def _form(visit: Visit, typed: Mapping[str, str], problem: Mapping[str, str] | None = None) -> Response:
    status = 422 if problem else 200
    return await visit.page("user-new", status=status, typed=typed, problem=problem or {}, role_names=roles.NAMES)


async def _one(
    visit: Visit, user_id: int, typed: Mapping[str, str] | None = None, problem: Mapping[str, str] | None = None
) -> Response:
    async with visit.crisis.db.transaction() as session:
        user = await service.get(session, user_id)
        held, counted = await passkeys.list_passkeys(session, user_id), await sessions.count(session)
    return await visit.page(
        "user",
        status=422 if problem else 200,
        user=user,
        typed=typed or {"name": user.name, "role": user.role.value, "unit": user.unit or ""},
        problem=problem or {},
        passkeys=held,
        signed_in_now=counted.get(user_id, 0),
        role_names=roles.NAMES,
    )


async def _link(visit: Visit, user: User, link: str) -> Response:
    address = enrolment.address(visit.crisis.settings.public_url, link)
    return await visit.page("user-link", user=user, address=address)
