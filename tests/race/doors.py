"""The doors that people and scripts come through with a unit's post: the API and the desk over real HTTP, in a process of its own,
and the command line as a process. What they let in, the race's senders take like everything else."""

import asyncio
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from api.desk.visit import cookie_name
from crisis.bootstrap import Crisis, crisis_of
from crisis.db import no_bell
from crisis.embedded import commands
from crisis.embedded.port import free_port
from crisis.embedded.readiness import listens
from crisis.roles import Role
from crisis.settings import Settings
from crisis.tokens.service import create_token
from crisis.users import sessions
from crisis.users.models import How, User
from tests import factories
from tests.api.desk.browser import Browser
from tests.race.ways import Way

UNIT = "biblioteket"
KEPT, OUT = 423, 201
SPREAD = 1.5
"""Seconds over which the posts of a round are given in: about what the command line takes to start."""
START_SECONDS = 60.0
API_POSTS, DESK_POSTS = 3, 2
ROOT = Path(__file__).parents[2]


class Doors:
    """``async with`` them. ``answers`` counts what each said."""

    def __init__(self, url: str, *, seed: int) -> None:
        self.answers: Counter[str] = Counter()
        self._url, self._chance = url, random.Random(seed)
        self._home = tempfile.TemporaryDirectory(prefix="crisis-race-")

    async def __aenter__(self) -> Self:
        nowhere = "http://127.0.0.1:9"
        given = {
            "home": self._home.name,
            "database_url": self._url,
            "numbers_key": secrets.token_hex(32),
            "credentials_key": secrets.token_hex(32),
            "graph_url": nowhere,
            "x_url": nowhere,
            "twilio_url": nowhere,
        }
        self._environment = {f"CRISIS_{name.upper()}": value for name, value in given.items()}
        self._environment |= {"PATH": os.environ["PATH"], "HOME": self._home.name, "PYTHONPATH": str(ROOT)}
        self.crisis: Crisis = crisis_of(Settings(**given), bell=no_bell)
        self.account = await factories.account(self.crisis, "facebook", unit=UNIT, name="dørene")
        self.page = await factories.account(self.crisis, "facebook", unit=UNIT, name="henvisningen")
        port = free_port()
        command = commands.api("127.0.0.1", port, "ERROR")
        self._api = await asyncio.create_subprocess_exec(
            *command, env=self._environment, cwd=ROOT, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_SECONDS
        while not listens(port):
            if self._api.returncode is not None or time.monotonic() > deadline:
                raise RuntimeError("the API did not start")
            await asyncio.sleep(0.1)
        self._base = f"http://127.0.0.1:{port}"
        _, self._token = await create_token(self.crisis.db, factories.OPERATOR, "race", Role.UNIT, UNIT)
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._browser = await self._sign_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self.crisis.db.close()
        self._api.kill()
        await self._api.wait()
        self._home.cleanup()

    async def post(self, number: int) -> None:
        """Some posts through each door, in an order and at moments of chance; returns when all are answered."""
        acts = [self._at_the_shell(number)]
        acts += [self._to_the_api(number) for _ in range(API_POSTS)] + [
            self._at_the_desk(number) for _ in range(DESK_POSTS)
        ]
        await asyncio.gather(*acts)

    async def _to_the_api(self, number: int) -> None:
        await asyncio.sleep(self._chance.uniform(0, SPREAD))
        body = {"account_id": self.account, "text": f"{Way.API} {number}"}
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(f"{self._base}/v1/posts", json=body, headers=headers) as answer:
            if answer.status not in {OUT, KEPT}:
                raise RuntimeError(f"the API answered {answer.status}: {await answer.text()}")
        self.answers[f"{Way.API} {'kept' if answer.status == KEPT else 'taken'}"] += 1

    async def _at_the_desk(self, number: int) -> None:
        await asyncio.sleep(self._chance.uniform(0, SPREAD))
        page = await self._browser.post("/posts", account=str(self.account), text=f"{Way.DESK} {number}", when="now")
        if page.status != 303:
            raise RuntimeError(f"the desk answered {page.status}: {page.text}")
        self.answers[f"{Way.DESK} {'kept' if 'kept=' in (page.location or '') else 'taken'}"] += 1

    async def _at_the_shell(self, number: int) -> None:
        command = (sys.executable, "-m", "crisis", "post", str(self.account), f"{Way.CLI} {number}")
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = await asyncio.create_subprocess_exec(*command, env=self._environment, cwd=ROOT, **given)
        _, complained = await process.communicate()
        if process.returncode and b"kept as number" not in complained:
            raise RuntimeError(f"the command line failed: {complained.decode()}")
        self.answers[f"{Way.CLI} {'kept' if process.returncode else 'taken'}"] += 1

    async def point(self) -> None:
        """The web editors write a pointer for the activation in force, and a locked account publishes it."""
        await self.crisis.pointers.write(factories.EDITOR, POINTER)
        await self.crisis.pointers.publish(factories.EDITOR, [self.page])

    async def _sign_in(self) -> Browser:
        user = User(name="Bibliotekaren", role=Role.UNIT, unit=UNIT, language="nb", created_by="race")
        async with self.crisis.db.transaction() as session:
            session.add(user)
        secret = await sessions.begin(self.crisis.db, user, How.PASSKEY, agent="a race", address="127.0.0.1")
        found = await sessions.find(self.crisis.db, secret)
        if found is None:
            raise RuntimeError("nobody is signed in")
        return Browser(self._session, self._base, f"{cookie_name(self.crisis)}={secret}", found.csrf)


POINTER = "Følg krise.example.no for informasjon."
