"""Contacts: whom to tell of a lock, unit by unit."""

from fastapi import APIRouter

from api.deps import Registrar, TheCrisis, Who
from api.documented import problems
from api.door import Door
from api.paging import At, Page
from api.v1.schemas.contacts import ContactChange, ContactIn, ContactOut
from api.v1.schemas.shape import Id
from crisis.notifications import contacts

router = APIRouter(prefix="/contacts", tags=["contacts"], route_class=Door, responses=problems(404, 409))


@router.get("", summary="List contacts by unit and name")
async def list_contacts(crisis: TheCrisis, _: Registrar, at: At, unit: str | None = None) -> Page[ContactOut]:
    """Numbers and addresses are masked. `unit`: one unit's alone."""
    async with crisis.db.transaction() as session:
        rows = await contacts.list_contacts(session, crisis.numbers, unit=unit)
    return at.cut(rows, ContactOut.model_validate, lambda row: row.id)


@router.post("", status_code=201, summary="Say whom to tell")
async def add(wanted: ContactIn, crisis: TheCrisis, actor: Who) -> ContactOut:
    """Name and part are needed, and a number or an address. They are sealed at once."""
    made = await contacts.add_contact(
        crisis.db,
        actor,
        wanted.unit,
        wanted.given(),
        sealer=crisis.numbers,
        region=crisis.settings.phone_region,
        editors_unit=crisis.settings.editors_unit,
    )
    return ContactOut.model_validate(made)


@router.post("/{contact_id}", summary="Change a contact")
async def change(contact_id: Id, wanted: ContactChange, crisis: TheCrisis, actor: Who) -> ContactOut:
    """What is left out stays as it is."""
    changed = await contacts.change_contact(
        crisis.db,
        actor,
        contact_id,
        wanted.given(),
        sealer=crisis.numbers,
        region=crisis.settings.phone_region,
    )
    return ContactOut.model_validate(changed)


@router.post("/{contact_id}/remove", status_code=204, summary="Remove a contact")
async def remove(contact_id: Id, crisis: TheCrisis, actor: Who) -> None:
    """Number and address are erased; what they were told and answered stays on record."""
    await contacts.remove_contact(crisis.db, actor, contact_id)
