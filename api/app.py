"""The HTTP service. ``crisis api``, or ``uvicorn --factory api.app:create_app``."""

import contextlib
import gc
import logging
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.routing import BaseRoute

from api import errors
from api.desk import desk
from api.documented import describe
from api.drains import Drains
from api.front import AT_ONCE, ENDING, Front
from api.health import Health
from api.imports import Imports
from api.metrics import Metrics
from api.public import NAME as CRISIS_PAGE
from api.public import CrisisPageFiles
from api.receipts import RECEIPTS, Receipts
from api.shell import Shell
from api.v1 import (
    accounts,
    activations,
    audiences,
    audit,
    breaches,
    contacts,
    deliveries,
    drills,
    improvements,
    locks,
    messages,
    playbooks,
    pointers,
    posts,
    reports,
    stories,
    tokens,
)
from crisis.bootstrap import crisis_of
from crisis.garbage import spared
from crisis.messages import lengths
from crisis.settings import Settings

NOUNS = (
    activations,
    locks,
    messages,
    stories,
    deliveries,
    posts,
    pointers,
    playbooks,
    drills,
    reports,
    improvements,
    accounts,
    audiences,
    contacts,
    tokens,
    audit,
    breaches,
)
DESCRIPTION = """
Every answer that is not a success is a problem (RFC 9457). Lists come in pieces: follow `next`, or the Link header.
A POST with an Idempotency-Key is done once, however often it is sent.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application. Settings are read from the environment unless given; nothing is connected before it starts."""
    settings = settings or Settings()
    lengths.load()
    logging.getLogger("crisis").setLevel(settings.log_level)
    logging.getLogger("api").setLevel(settings.log_level)

    crisis = crisis_of(settings)
    metrics = Metrics(crisis.db)
    receipts = Receipts(settings, crisis.db, metrics.receipts)
    drains = Drains(crisis.db, settings.drain_seconds)
    imports = Imports(crisis)
    page = CrisisPageFiles(settings.crisis_page_dir, settings.sandbox_url)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, object]]:
        gc.collect()  # of what it took to put all this together
        with spared():
            yield {AT_ONCE: app.at_once, ENDING: app.state.live.end}
        await app.state.live.close()
        await imports.close()
        await drains.close()
        await receipts.close()
        await crisis.db.close()

    routes: list[BaseRoute] = [*Health(settings, crisis.db).routes(), *metrics.routes()]
    app = Front(
        hatches={CRISIS_PAGE: page.hatch},
        doors={RECEIPTS: receipts.door},
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        routes=routes,
        redirect_slashes=False,
    )
    app.state.crisis, app.state.drains, app.state.imports = crisis, drains, imports
    errors.install(app)
    app.add_middleware(Shell)
    bearer = HTTPBearer(auto_error=False, scheme_name="token", description="`Authorization: Bearer crisis_…`")
    v1 = APIRouter(prefix="/v1", dependencies=[Security(bearer)])
    for noun in NOUNS:
        v1.include_router(noun.router)
    app.include_router(v1)
    app.router.routes.append(page.mount())
    desk.install(app, settings)
    describe(app, settings)
    return app
