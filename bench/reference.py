"""R: how fast a bare aiohttp client posts the same form to the same stub when it stores nothing. Other figures are in R."""

import asyncio
import time
from collections.abc import Iterator, Mapping

import aiohttp

from bench.apart import apart
from bench.stub import SID

IN_FLIGHT = 200
_WARM_UP = 500


def rate(url: str, form: Mapping[str, str], messages: int, in_flight: int = IN_FLIGHT) -> float:
    """Messages a second: Python's own loop, the form as a dict, the answer's JSON parsed. In a process of its own."""
    return apart(_post, url, dict(form), messages, in_flight, fast=False)


async def _post(url: str, form: dict[str, str], messages: int, in_flight: int) -> float:
    address = f"{url}/2010-04-01/Accounts/{SID}/Messages.json"
    headers = {"Authorization": aiohttp.encode_basic_auth(SID, "token"), "Accept": "application/json"}
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def send(numbers: Iterator[int], sids: set[str]) -> None:
            for number in numbers:
                async with session.post(address, data=form | {"To": f"+474{number:07d}"}) as response:
                    sids.add((await response.json())["sid"])

        async def post(wanted: int) -> None:
            numbers, sids = iter(range(wanted)), set[str]()
            await asyncio.gather(*(send(numbers, sids) for _ in range(in_flight)))
            if len(sids) != wanted:
                raise RuntimeError(f"The stub gave {len(sids)} different ids for {wanted} messages.")

        await post(_WARM_UP)
        began = time.perf_counter()
        await post(messages)
        return messages / (time.perf_counter() - began)
