"""The register of accounts, brought in as a file: whole, or not at all with every line that must be mended."""

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from api.desk.channels import channel_name
from api.desk.received import received
from api.desk.route import UPLOAD_MOST, PageRoute, TheVisit
from api.desk.sentences import told
from api.desk.visit import FORM_MOST, Visit
from crisis.accounts import register
from crisis.errors import Invalid
from crisis.roles import Act
from crisis.settings import Settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def most_of(settings: Settings) -> int:
    """Bytes of the largest register, and of the form around it."""
    return register.LINES_MOST * settings.csv_max_line + FORM_MOST


@router.get("/accounts/import")
async def ask(visit: TheVisit) -> Response:
    """What the file must hold, and the form."""
    visit.require(Act.MANAGE_ACCOUNTS)
    return await _form(visit)


@router.post("/accounts/import", openapi_extra={UPLOAD_MOST: most_of})
async def take(visit: TheVisit) -> Response:
    """Bring the register to what the file says. Every bad line is named, and then nothing was changed."""
    actor, _ = visit.require(Act.MANAGE_ACCOUNTS), visit.gettext
    file = (await visit.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _form(visit, _("Velg en fil."))
    async with received(file) as source:
        try:
            done = await register.import_register(
                visit.crisis.db, actor, source, channels=visit.crisis.capabilities, settings=visit.crisis.settings
            )
        except Invalid as error:
            return await _form(visit, told(visit, error.summary), [told(visit, each) for each in error.problems])
    said = _(
        "Registeret er hentet inn: %(new)s nye kontoer, %(changed)s endret, %(unchanged)s som før.",
        new=done.new,
        changed=done.changed,
        unchanged=done.unchanged,
    )
    return visit.to("/accounts", said=said)


async def _form(visit: Visit, problem: str | None = None, faults: Sequence[str] = ()) -> Response:
    channels = sorted({*visit.crisis.capabilities, *register.REGISTER_ONLY})
    return await visit.page(
        "register",
        status=422 if problem else 200,
        problem=problem,
        faults=faults,
        required=register.REQUIRED,
        optional=register.OPTIONAL,
        channels=[(each, channel_name(visit, each)) for each in channels],
    )
