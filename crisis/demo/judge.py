"""The judge: what the sandbox says it accepted, and when. The demo believes nothing but this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

from crisis.errors import Unready

_EVERYTHING = 1_000_000
_PATIENCE = aiohttp.ClientTimeout(total=20)


@dataclass(frozen=True, slots=True)
class Record:
    """One request that a stand-in accepted. Times are seconds since 1970."""

    provider: str
    verb: str
    account: str
    reference: str
    to: str | None
    text: str
    accepted: float
    published: float
    facts: Mapping[str, Any]


class Judge:
    """Asks the sandbox over HTTP. Raises :class:`Unready` when it does not answer."""

    def __init__(self, sandbox_url: str) -> None:
        self._url = f"{sandbox_url}/sandbox"

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(timeout=_PATIENCE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def begin_anew(self) -> None:
        """Let the stand-ins forget what they showed, and behave."""
        await self._ask("DELETE", "faults")
        await self._ask("DELETE", "records")

    async def disturb(self, **fault: Any) -> None:
        """Let something go a little wrong, as it does."""
        await self._ask("POST", "faults", fault)

    async def records(self, provider: str | None = None) -> Sequence[Record]:
        """Everything accepted, oldest first."""
        query = f"records?limit={_EVERYTHING}" + (f"&provider={provider}" if provider else "")
        found = await self._ask("GET", query)
        return [
            Record(
                each["provider"],
                each["verb"],
                each["account"],
                each["reference"],
                each["to"],
                each["text"] or "",
                each["accepted"],
                each["published"],
                each["facts"],
            )
            for each in found["records"]
        ]

    async def counts(self) -> Mapping[str, Any]:
        """How much each stand-in accepted."""
        return await self._ask("GET", "counts")

    async def page(self, url: str) -> str:
        """What a visitor sees there; nothing where there is no page."""
        try:
            async with self._client.get(url) as answer:
                return await answer.text() if answer.ok else ""
        except (aiohttp.ClientError, TimeoutError, OSError):
            return ""

    async def hits(self, kind: str) -> int:
        """How many requests met a kind of disturbance."""
        found = await self._ask("GET", "faults")
        return sum(int(fault["hits"]) for fault in found["faults"] if fault["kind"] == kind)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        try:
            async with self._client.request(method, f"{self._url}/{path}", json=body) as answer:
                answer.raise_for_status()
                held: dict[str, Any] = await answer.json(content_type=None)
                return held
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise Unready(
                f"The sandbox at {self._url} does not answer ({problem or type(problem).__name__}), and without it nobody "
                "can say whether the demo's promises were kept. Start everything with `crisis up --demo`."
            ) from problem
