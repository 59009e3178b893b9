"""WordPress's REST API: one request and what its answer means, and a list to its last page."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp
import orjson

from adapters.platform_time import date_of
from adapters.rest_refusal import IN_DOUBT, refusal
from adapters.site import Site
from adapters.transport import Guard, from_aiohttp, guarded_client
from crisis.channels import Gone, Misconfigured, OutcomeUnknown

PAGE = 100
"""Most that WordPress lists at once."""
_AT_ONCE = 4  # pages of one list; a small host has few workers
_SUCCESS = range(200, 300)
_NOWHERE = frozenset({"404", "410"})


@dataclass(frozen=True, slots=True)
class Said:
    """A success: its JSON, and what its headers say."""

    content: Any
    headers: Mapping[str, str]

    @property
    def clock(self) -> datetime:
        """What time it is at the site. Raises :class:`OutcomeUnknown` when it does not say."""
        return date_of(self.headers, "WordPress")

    @property
    def items(self) -> list[dict[str, Any]]:
        """A list's items, each with an id. Raises :class:`OutcomeUnknown` when it is no such list."""
        listed = self.content
        if not isinstance(listed, list) or not all(isinstance(each, dict) and "id" in each for each in listed):
            raise OutcomeUnknown("WordPress answered with something that is no list.")
        return listed

    def count(self, name: str) -> int | None:
        """``X-WP-Total`` or ``X-WP-TotalPages``; ``None`` where a proxy has taken it away."""
        told = self.headers.get(name, "")
        return int(told) if told.isascii() and told.isdigit() else None


class Rest:
    """The REST API of all sites of one mode. One session, made at the first use, inside the running loop."""

    def __init__(self, guard: Guard, request_seconds: float, connections: int) -> None:
        self._guard = guard
        self._connections = connections
        self._request_seconds = request_seconds
        self._client: aiohttp.ClientSession | None = None
        self._ids: dict[tuple[str, str], int] = {}

    async def call(
        self,
        site: Site,
        method: str,
        route: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        in_doubt: str = IN_DOUBT,
    ) -> Said:
        """The answer, when it is a success. Raises what every other answer means; ``in_doubt``: what an unclear one means
        for what was to be written, in words.
        """
        if self._client is None:
            self._client = guarded_client(
                self._guard,
                limit=self._connections,
                call_seconds=self._request_seconds,
                headers={"Accept": "application/json", "Content-Type": "application/json"},
            )
        address = site.address.with_query({"rest_route": route, **(query or {})})
        data = None if body is None else orjson.dumps(dict(body))
        try:
            async with self._client.request(
                method, address, data=data, headers=site.headers, allow_redirects=False
            ) as response:
                answer = await response.read()
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the transport knows what it says
            raise from_aiohttp(error, site.secrets) from None
        try:
            decoded = orjson.loads(answer)
        except orjson.JSONDecodeError:
            decoded = None
        if response.status in _SUCCESS and isinstance(decoded, dict | list):
            return Said(decoded, response.headers)
        raise refusal(response.status, decoded, response.headers, role=site.role, in_doubt=in_doubt)

    async def reach(
        self,
        site: Site,
        method: str,
        route: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        in_doubt: str = "",
    ) -> Said:
        """The same, for what repeats harmlessly. Raises :class:`Gone` as well where no WordPress answers any more."""
        try:
            return await self.call(site, method, route, query, body=body, in_doubt=in_doubt)
        except OutcomeUnknown as error:
            if error.code not in _NOWHERE:
                raise
            raise Gone(
                f"There is no WordPress at the account's address (HTTP {error.code}).", code=error.code
            ) from None

    async def read(self, site: Site, route: str, query: Mapping[str, str] | None = None) -> Said:
        """The same for a read."""
        return await self.reach(site, "GET", route, query)

    async def read_all(self, site: Site, route: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Every item of a list, to its last page.

        WordPress leaves out what a user may not see and counts it all the same. So raises :class:`Misconfigured` when less
        is shown than there is: a list that is not whole would be read as "there is nothing".
        """
        asked = {**query, "per_page": str(PAGE)}
        pages = [await self.read(site, route, asked)]
        gate = asyncio.Semaphore(_AT_ONCE)

        async def page(number: int) -> Said:
            async with gate:
                return await self.read(site, route, {**asked, "page": str(number)})

        more = range(2, (pages[0].count("X-WP-TotalPages") or 1) + 1)
        pages += await asyncio.gather(*map(page, more))
        items = {each["id"]: each for said in pages for each in said.items}
        counts = [count for said in pages if (count := said.count("X-WP-Total")) is not None]
        if counts and len(items) < min(counts):
            raise Misconfigured(
                f"WordPress shows {len(items)} of {min(counts)} and hides the rest from the user we ask as. "
                "Ask as an administrator; in a network of sites, as the network's own."
            )
        return list(items.values())

    async def own_id(self, site: Site) -> int:
        """The id of the user we ask as. Asked once: it never changes."""
        key = (str(site.address), site.user)
        if key not in self._ids:
            told = (await self.read(site, "/wp/v2/users/me", {"_fields": "id"})).content
            if not isinstance(told, dict) or not isinstance(told.get("id"), int):
                raise OutcomeUnknown("WordPress does not say who we are there.")
            self._ids[key] = told["id"]
        return self._ids[key]

    async def close(self) -> None:
        """Release connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
