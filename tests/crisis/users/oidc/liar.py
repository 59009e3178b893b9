"""An identity provider that answers whatever it is told to."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from crisis.db import Database
from crisis.users import sessions
from crisis.users.oidc import Oidc
from crisis.users.sessions import SignedIn
from tests.crisis.users.oidc.desk import KARI
from tests.crisis.users.people import FIREFOX
from tests.crisis.users.provider import CLIENT

KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "two"}, private=True)


class Liar:
    """A provider that answers whatever it is told to."""

    def __init__(self) -> None:
        self.issuer, self.keys, self.asked = "", [KEY], 0
        self.token: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
            {"alg": "RS256", "kid": "one"}, claims, KEY
        )
        self.claims: dict[str, Any] = {}

    async def discovery(self, _request: web.Request) -> web.Response:
        self.asked += 1
        there = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        return web.json_response({"issuer": self.issuer, **there})

    async def jwks(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def token_endpoint(self, _request: web.Request) -> web.Response:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "kari", "iat": now, "exp": now + 60}
        claims |= {"auth_time": now, **KARI, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": self.token(claims)})


@asynccontextmanager
async def lying() -> AsyncIterator[Liar]:
    liar = Liar()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", liar.discovery)
    app.router.add_get("/jwks_uri", liar.jwks)
    app.router.add_post("/token_endpoint", liar.token_endpoint)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    liar.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield liar
    finally:
        await runner.cleanup()


async def finish(db: Database, there: Oidc, liar: Liar, again: SignedIn | None = None) -> str:
    """Sign in; or, of somebody who is signed in, confirm ``again``."""
    begun, address = await there.begin(db, "/", again=again)
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    liar.claims = {"nonce": asked["nonce"], **liar.claims}
    secret, _ = await there.finish(db, begun, {"code": "c", "state": asked["state"]}, FIREFOX, here=again)
    return secret


async def found(db: Database, secret: str) -> SignedIn:
    signed_in = await sessions.find(db, secret)
    assert signed_in is not None
    return signed_in
