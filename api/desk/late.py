"""Late forms: those that come after the session had ended, or from a page that is older than the session.

What was typed is kept, and shown again to the same person when they are back (:mod:`api.desk.kept`). A form with a file is not:
its body is read by nobody who is not signed in.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.desk import cookies, cross_site
from api.desk.visit import Visit
from crisis.users import kept_forms

AT: Final = "/kept"
"""Where a kept form is shown again."""


async def keep(visit: Visit, path: str = "") -> str:
    """Keep what was sent for the person whose page it stood on; returns the browser's secret, or nothing where there is nobody to
    keep it for. ``path``: where it is to be sent, if that is not where it came.
    """
    form = await visit.form()
    given = str(form.get(cross_site.FIELD, "")).partition(cross_site.MARK)[2]
    sealer = visit.crisis.credentials
    if not given or not kept_forms.is_ours(sealer, given):
        return ""
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    async with visit.crisis.db.transaction() as session:
        return await kept_forms.keep(
            session, sealer, kept_forms.whose(given), path or address_of(visit.request), fields
        )


async def sent_too_late(visit: Visit) -> Response | None:
    """A form that came after the session had ended: kept, and on to the sign-in page. None where it cannot be."""
    secret = await keep(visit)
    return cookies.keep(visit, RedirectResponse(f"/login?next={AT}", 303), secret) if secret else None


async def sent_from_older_page(visit: Visit) -> Response | None:
    """A form of this very person's, from a page of an earlier session of theirs: shown again, to be sent by this one."""
    given = str((await visit.form()).get(cross_site.FIELD, "")).partition(cross_site.MARK)[2]
    if not given or given != visit.mark:
        return None
    secret = await keep(visit)
    return cookies.keep(visit, visit.to(AT), secret) if secret else None


def address_of(request: Request) -> str:
    """Where it was sent, whole."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
