"""Help: what to do, on one page that prints."""

from fastapi import APIRouter
from starlette.responses import Response

from api.desk.route import PageRoute, TheVisit

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/help")
async def show(visit: TheVisit) -> Response:
    """One sheet: who does what when the crisis staff is set, and what the words mean."""
    return await visit.page("help")
