"""Contacts: who answers for each unit's accounts, and is told when the crisis staff is set. For whoever keeps the register.

Numbers and addresses are typed in and never shown again: a contact is known by name, the last two digits and the domain.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from fastapi import APIRouter
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from api.desk.received import received
from api.desk.register import most_of
from api.desk.route import UPLOAD_MOST, PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.visit import Visit
from crisis.audiences.numbers import BadNumber
from crisis.errors import Conflict, Invalid
from crisis.mode import Mode
from crisis.notifications import contact_sheet, contacts, ways
from crisis.notifications.contacts import LANGUAGES, ContactIn, ContactOut
from crisis.notifications.models import Part
from crisis.roles import Act
from crisis.tongue import languages
from crisis.tongue.texts import lazily as N_

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PARTS: Final[Mapping[Part, str]] = {
    Part.LEADER: N_("leder"),
    Part.DEPUTY: N_("stedfortreder"),
    Part.EDITOR: N_("redaktør"),
}
FIELDS: Final = ("unit", "name", "part", "phone", "email", "language")


@router.get("/contacts")
async def show(visit: TheVisit) -> Response:
    """Everybody, unit by unit; the units that have nobody; and the form for one more."""
    visit.require(Act.MANAGE_ACCOUNTS)
    return await _list(visit, {"unit": visit.request.query_params.get("unit", "")})


@router.post("/contacts")
async def add(visit: TheVisit) -> Response:
    """One more."""
    actor, typed, crisis, _ = (
        visit.require(Act.MANAGE_ACCOUNTS),
        _typed(await visit.form()),
        visit.crisis,
        visit.gettext,
    )
    try:
        done = await contacts.add_contact(
            crisis.db,
            actor,
            typed["unit"],
            _given(typed),
            sealer=crisis.numbers,
            region=crisis.settings.phone_region,
            editors_unit=crisis.settings.editors_unit,
        )
    except (Invalid, Conflict) as error:
        return await _list(visit, typed, _problem(visit, error))
    return visit.to("/contacts", said=_("%(name)s varsles heretter for %(unit)s.", name=done.name, unit=done.unit))


@router.get("/contacts/import")
async def ask_for_file(visit: TheVisit) -> Response:
    """What the file must hold, and the form."""
    visit.require(Act.MANAGE_ACCOUNTS)
    return await _file_form(visit)


@router.post("/contacts/import", openapi_extra={UPLOAD_MOST: most_of})
async def take(visit: TheVisit) -> Response:
    """Bring the contacts to what the file says. Every bad line is named, and then nothing was changed."""
    actor, crisis, _ = visit.require(Act.MANAGE_ACCOUNTS), visit.crisis, visit.gettext
    file = (await visit.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _file_form(visit, _("Velg en fil."))
    async with received(file) as source:
        try:
            done = await contact_sheet.import_contacts(
                crisis.db, actor, source, sealer=crisis.numbers, settings=crisis.settings
            )
        except Invalid as error:
            return await _file_form(visit, told(visit, error.summary), [told(visit, each) for each in error.problems])
    said = _(
        "Hentet inn: %(new)s nye kontaktpersoner, %(changed)s som sto der fra før.", new=done.new, changed=done.changed
    )
    return visit.to("/contacts", said=said)


@router.get("/contacts/{contact_id:int}")
async def one(visit: TheVisit, contact_id: int) -> Response:
    """One of them, and what can be changed."""
    visit.require(Act.MANAGE_ACCOUNTS)
    return await _one(visit, contact_id)


@router.post("/contacts/{contact_id:int}")
async def change(visit: TheVisit, contact_id: int) -> Response:
    """What is left empty of number and address stays as it is."""
    actor, typed, crisis, _ = (
        visit.require(Act.MANAGE_ACCOUNTS),
        _typed(await visit.form()),
        visit.crisis,
        visit.gettext,
    )
    given = _given(
        {name: typed[name] or None for name in ("name", "part", "phone", "email")} | {"language": typed["language"]}
    )
    try:
        done = await contacts.change_contact(
            crisis.db, actor, contact_id, given, sealer=crisis.numbers, region=crisis.settings.phone_region
        )
    except (Invalid, Conflict) as error:
        return await _one(visit, contact_id, typed, _problem(visit, error))
    return visit.to("/contacts", said=_("%(name)s er endret.", name=done.name))


@router.post("/contacts/{contact_id:int}/remove")
async def remove(visit: TheVisit, contact_id: int) -> Response:
    """Out of the register; number and address are erased."""
    actor, _ = visit.require(Act.MANAGE_ACCOUNTS), visit.gettext
    await contacts.remove_contact(visit.crisis.db, actor, contact_id)
    return visit.to("/contacts", said=_("Kontaktpersonen er fjernet, med nummer og adresse."))


async def _list(visit: Visit, typed: Mapping[str, str], problems: Mapping[str, str] | None = None) -> Response:
    crisis = visit.crisis
    async with crisis.db.transaction() as session:
        found = await contacts.list_contacts(session, crisis.numbers)
        units = await contacts.units(session, crisis.settings.editors_unit)
        reached = await ways.of(session, Mode.ACTUAL, crisis.settings, crisis.capabilities)
    by_unit = {unit: list(rows) for unit, rows in groupby(found, key=lambda each: each.unit)}
    return await visit.page(
        "contacts",
        status=422 if problems else 200,
        by_unit=by_unit,
        without=[unit for unit in units if unit not in by_unit],
        units=[(unit, unit) for unit in units],
        has_sender=reached.sender is not None,
        has_mail=reached.has_mail,
        typed={name: typed.get(name, "") for name in FIELDS},
        problems=problems or {},
        **_choices(visit),
    )


async def _one(
    visit: Visit, contact_id: int, typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None
) -> Response:
    async with visit.crisis.db.transaction() as session:
        found = await contacts.get_contact(session, contact_id, visit.crisis.numbers)
    return await visit.page(
        "contact",
        status=422 if problems else 200,
        contact=found,
        typed=typed or _as_typed(found),
        problems=problems or {},
        **_choices(visit),
    )


async def _file_form(visit: Visit, problem: str | None = None, faults: Sequence[str] = ()) -> Response:
    return await visit.page(
        "import-contacts",
        status=422 if problem else 200,
        problem=problem,
        faults=faults,
        required=contact_sheet.REQUIRED,
        optional=contact_sheet.OPTIONAL,
        part_words=[part.value for part in Part],
        language_words=LANGUAGES,
    )


def _choices(visit: Visit) -> dict[str, object]:
    return {
        "part_names": {part: visit.gettext(name) for part, name in PARTS.items()},
        "parts": [(part.value, visit.gettext(name)) for part, name in PARTS.items()],
        "languages": [
            ("", visit.gettext("Kommunens første språk")),
            *((each, languages.named(each, visit.language, visit.gettext)) for each in LANGUAGES),
        ],
    }


def _typed(form: FormData) -> dict[str, str]:
    return {name: str(form.get(name, "")).strip() for name in FIELDS}


def _as_typed(contact: ContactOut) -> dict[str, str]:
    return {
        "name": contact.name,
        "part": contact.part.value,
        "phone": "",
        "email": "",
        "language": contact.language or "",
    }


def _given(typed: Mapping[str, str | None]) -> ContactIn:
    part = typed["part"]
    return ContactIn(
        typed["name"], Part(part) if part in set(Part) else None, typed["phone"], typed["email"], typed["language"]
    )


def _problem(visit: Visit, error: Invalid | Conflict) -> dict[str, str]:
    """The field that it is about, and what is wrong. What is wrong with a number says so without it."""
    summary = error.args[0]
    if isinstance(error, BadNumber):
        return {"phone": visit.gettext("Kan ikke brukes: %(why)s.", why=told(visit, summary))}
    fields = {"e-mail address cannot": "email", "unit {unit!r}": "unit", "mobile number or": "phone"}
    said = getattr(summary, "template", str(summary))
    field = next((name for words, name in fields.items() if words in said), "name")
    return {field: told(visit, summary)}
