"""A provider's post office: signed status callbacks sent to the API, many at a time or so many a second, and how long each took."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from adapters.sandbox.callbacks import sign
from tests.adapters.sandbox_server import ACCOUNT_SID

CONNECTIONS = 64
FORM = "application/x-www-form-urlencoded"


def fields(reference: str, status: str) -> dict[str, str]:
    """What Twilio says about one message."""
    return {"AccountSid": ACCOUNT_SID, "MessageSid": reference, "MessageStatus": status}


@dataclass(frozen=True)
class Letter:
    """One callback as it goes over the wire."""

    path: str
    body: bytes
    headers: Mapping[str, str]

    @classmethod
    def signed(cls, base: str, token: str, delivery: int, reference: str, status: str) -> "Letter":
        """As Twilio writes it."""
        path, said = f"/receipts/actual/sms?delivery={delivery}", fields(reference, status)
        headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(token, base + path, said)}
        return cls(path, urlencode(said).encode(), headers)


@dataclass
class Post:
    """What came of letters. ``seconds`` is how long each answer took, counted from when the letter was due."""

    base: str
    answers: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    async def send(self, letters: Iterable[Letter], *, per_second: float | None = None) -> None:
        """All of them: as fast as the connections take them, or at this rate whatever the answers do."""
        loop, waiting = asyncio.get_running_loop(), set[asyncio.Task[None]]()
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector) as session:
            began = loop.time()
            for number, letter in enumerate(letters):
                due = began + number / per_second if per_second else loop.time()
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                waiting.add(task := asyncio.create_task(self._one(session, letter, due)))
                task.add_done_callback(waiting.discard)
                if not per_second and len(waiting) >= CONNECTIONS:
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(*waiting)

    async def _one(self, session: aiohttp.ClientSession, letter: Letter, due: float) -> None:
        async with session.post(self.base + letter.path, data=letter.body, headers=letter.headers) as answer:
            await answer.read()
        self.answers[answer.status] += 1
        self.seconds.append(asyncio.get_running_loop().time() - due)

    def p(self, share: float) -> float:
        """A percentile of the seconds."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]
