"""The endpoint: callbacks as an application usually takes them, for S5 to be measured against. Nothing of the product.

FastAPI, the official ``RequestValidator``, one UPDATE for each callback, committed before the answer. The database is reached by
psycopg without anything in between, over connections that stay open and prepare the statement, so that what is slow about
this is the design and not the tools.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from fastapi import FastAPI, Request, Response
from twilio.request_validator import RequestValidator

CONNECTIONS = 16
"""To the database. More made it slower here."""
_WORDS = {"sent": "sent", "delivered": "delivered", "undelivered": "undelivered", "failed": "undelivered"}
_UPDATE = """
    UPDATE deliveries SET state = %s, error_code = %s, changed_at = now()
    WHERE id = %s AND state IN ('accepted', 'sent')
"""


def create_app() -> FastAPI:
    """``uvicorn --factory bench.endpoint:create_app``. Reads its settings from the same variables as the product."""
    validator = RequestValidator(os.environ["CRISIS_TWILIO_AUTH_TOKEN"])
    public_url = os.environ["CRISIS_PUBLIC_URL"]
    free: asyncio.Queue[psycopg.AsyncConnection] = asyncio.Queue()

    @asynccontextmanager
    async def connected(_app: FastAPI) -> AsyncIterator[None]:
        for _ in range(CONNECTIONS):
            free.put_nowait(
                await psycopg.AsyncConnection.connect(
                    os.environ["CRISIS_DATABASE_URL"], autocommit=True, prepare_threshold=0
                )
            )
        yield
        while not free.empty():
            await free.get_nowait().close()

    app = FastAPI(lifespan=connected)

    @app.post("/receipts/actual/sms")
    async def receive(request: Request, delivery: int) -> Response:
        form = await request.form()
        url = f"{public_url}{request.url.path}?{request.url.query}"
        if not validator.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
            return Response(status_code=403)
        connection = await free.get()
        try:
            values = (_WORDS[str(form["MessageStatus"])], form.get("ErrorCode"), delivery)
            await connection.execute(_UPDATE, values)
        finally:
            free.put_nowait(connection)
        return Response(status_code=204)

    return app
